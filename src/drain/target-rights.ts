import { missingRights, type PlannedCommand, type RedisConnection } from '../backends/redis/index.ts';
import type { Finding } from '../model/finding.ts';
import { DELAYED_INDEX, partitionKeys, runKey, streamKeys } from '../model/keys.ts';
import type { DrainTarget } from './request.ts';

/** Commands of a drain that Redis would refuse; null where it cannot be asked. */
export async function rightsFindings(
  connection: RedisConnection,
  target: Pick<DrainTarget, 'stream' | 'partitions' | 'durability'>,
): Promise<Finding[] | null> {
  const waitaof = await knows(connection, 'waitaof');
  const missing = await missingRights(connection, [...commandsOf(target), ...waits(target, waitaof)]);
  if (missing === null || missing.length === 0) return missing && [];
  const user = String(await connection.client.call('ACL', 'WHOAMI'));
  const keys = (await lacksKeys(connection, user, missing)) ? ` ~${target.stream}* ~qctl:*` : '';
  const waiting = waitaof ? '+wait +waitaof' : '+wait';
  return missing.map((text) => ({
    level: 'blocker',
    code: 'MISSING_RIGHT',
    text: `Redis refuses ${text}`,
    remedy: `ACL SETUSER ${user}${keys} +@stream +@hash +@set +@sortedset +@scripting +time ${waiting} +info +type +persist +pexpire +pttl +exists`,
  }));
}

/** What the durability asked for takes; a server without WAITAOF is told of elsewhere. */
function waits({ durability }: Pick<DrainTarget, 'durability'>, waitaof: boolean): PlannedCommand[] {
  if (durability.startsWith('wait:')) return [{ command: 'WAIT', args: ['1', '0'] }];
  return durability === 'aof' && waitaof ? [{ command: 'WAITAOF', args: ['1', '0', '0'] }] : [];
}

/** A pattern beside `~*` is refused like an unknown command, and with it the whole line. */
async function lacksKeys({ client }: RedisConnection, user: string, missing: string[]): Promise<boolean> {
  if (missing.some((text) => /permissions to access the .* key/s.test(text))) return true;
  const described = (await client.call('ACL', 'GETUSER', user).catch(() => null)) as unknown[] | null;
  const patterns = described?.[described.indexOf('keys') + 1];
  return !/(^|[\s,])(~|%RW~)\*($|[\s,])/.test(String(patterns));
}

/** ACL SETUSER with a command that the server does not know changes nothing at all. */
async function knows({ client }: RedisConnection, command: string): Promise<boolean> {
  const described = (await client.call('COMMAND', 'INFO', command).catch(() => [null])) as unknown[];
  return described[0] !== null;
}

function commandsOf({
  stream: name,
  partitions,
}: Pick<DrainTarget, 'stream' | 'partitions'>): PlannedCommand[] {
  const commands = partitionKeys(name, partitions).flatMap((stream) => {
    const keys = streamKeys(stream);
    return [
      { command: 'XADD', args: [stream, '*', 'id', '1'] },
      { command: 'HSET', args: [keys.checkpoint('run', 0), 'token', '1'] },
      { command: 'XADD', args: [keys.quarantine, '*', 'id', '1'] },
      { command: 'ZADD', args: [keys.delayed, '0', 'x'] },
      { command: 'HSET', args: [keys.delayedEntries, 'x', '1'] },
      { command: 'EVALSHA', args: ['0'.repeat(40), '1', stream] },
    ];
  });
  return [
    ...commands,
    { command: 'HSET', args: [runKey('run'), 'state', 'running'] },
    { command: 'ZADD', args: [DELAYED_INDEX, '0', 'x'] },
    { command: 'PERSIST', args: [runKey('run')] },
    { command: 'PEXPIRE', args: [runKey('run'), '1'] },
    { command: 'TIME', args: [] },
  ];
}
