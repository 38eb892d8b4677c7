import {
  missingRights,
  type PlannedCommand,
  type RedisConnection,
  type RedisFacts,
} from '../backends/redis/index.ts';
import type { Finding } from '../model/finding.ts';
import { DELAYED_INDEX, partitionKeys, runKey, streamKeys } from '../model/keys.ts';
import { plural } from '../model/plural.ts';
import type { DrainSettings, DrainTarget } from './request.ts';

const CLOCK_TOLERANCE_MS = 30_000;

/** What speaks against writing to these keys; asks for their types. */
export async function keyFindings(
  { client }: RedisConnection,
  { stream, partitions }: Pick<DrainTarget, 'stream' | 'partitions'>,
): Promise<Finding[]> {
  const keys = partitionKeys(stream, partitions);
  const types = await Promise.all(keys.map((key) => client.type(key)));
  return [...nameFindings(stream, partitions), ...keys.flatMap((key, at) => typeFindings(key, types[at]!))];
}

function typeFindings(key: string, type: string): Finding[] {
  if (type === 'stream' || type === 'none') return [];
  return [
    {
      level: 'blocker',
      code: 'TARGET_NOT_A_STREAM',
      text: `key ${key} holds a ${type}, not a stream`,
      remedy: 'choose another stream name, or remove that key',
    },
  ];
}

/** A name that Redis Cluster would take apart where nobody meant it. */
function nameFindings(stream: string, partitions: number): Finding[] {
  if (!/[{}]/.test(stream) || (partitions <= 1 && /^[^{}]*\{[^{}]+\}[^{}]*$/.test(stream))) return [];
  return [
    {
      level: 'blocker',
      code: 'BAD_STREAM_NAME',
      text: `stream ${stream}: braces are the hash tag of Redis Cluster and are allowed as one {tag} only, and not with --partitions`,
      remedy: 'choose a name without braces',
    },
  ];
}

/** What the server's own state says against it as a target, whatever is moved; memory apart. */
export function serverFindings(facts: RedisFacts, settings: Pick<DrainSettings, 'allowEviction'>): Finding[] {
  return [
    ...checkEviction(facts, settings),
    ...checkRole(facts),
    ...checkWritable(facts),
    ...checkClock(facts),
  ];
}

function checkEviction(
  facts: RedisFacts,
  { allowEviction }: Pick<DrainSettings, 'allowEviction'>,
): Finding[] {
  const policy = facts.maxmemoryPolicy;
  if (policy === null) {
    return [
      {
        level: 'warning',
        code: 'EVICTION_UNKNOWN',
        text: 'the eviction policy cannot be read; any allkeys-* policy would delete queued messages',
        remedy:
          'allow INFO (ACL SETUSER … +info), or see that maxmemory-policy is noeviction where the server is configured',
      },
    ];
  }
  // Without a limit no policy evicts, but the next CONFIG SET maxmemory makes it do so.
  if (!policy.startsWith('allkeys-')) return [];
  const text = `maxmemory-policy is ${policy}: a full Redis would delete whole streams with the messages in them${facts.maxmemory === 0 ? ' (maxmemory is 0 now, but any limit set later would do it)' : ''}`;
  return [
    {
      level: allowEviction ? 'warning' : 'blocker',
      code: 'EVICTION',
      text,
      remedy: 'CONFIG SET maxmemory-policy noeviction (and in redis.conf), or --allow-eviction',
    },
  ];
}

function checkRole(facts: RedisFacts): Finding[] {
  if (facts.role !== 'replica') return [];
  return [
    {
      level: 'blocker',
      code: 'TARGET_IS_REPLICA',
      text: 'the target is a replica and cannot be written',
      remedy: 'connect to the primary, or by way of Sentinel',
    },
  ];
}

function checkWritable({ writable }: RedisFacts): Finding[] {
  if (writable !== false) return [];
  return [
    {
      level: 'blocker',
      code: 'REDIS_MISCONF',
      text: 'the target cannot save to its disk and refuses writes (MISCONF)',
      remedy: 'make room on the disk of the server; its log says what it could not save',
    },
  ];
}

function checkClock(facts: RedisFacts): Finding[] {
  if (facts.timeMs === null) return [];
  const skew = facts.timeMs - Date.now();
  if (Math.abs(skew) < CLOCK_TOLERANCE_MS) return [];
  return [
    {
      level: 'note',
      code: 'CLOCK_SKEW',
      text: `the clock of Redis is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'} this host's; qctl goes by Redis's, entry ids as well`,
      remedy: 'have both hosts keep time with NTP (chronyc tracking shows whether one does)',
    },
  ];
}

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

/** A fresh copy into a stream that an earlier run has filled would double what stands in it. */
export function notEmptyFindings(entries: number, mode: 'move' | 'copy'): Finding[] {
  if (entries === 0) return [];
  return [
    {
      level: mode === 'copy' ? 'warning' : 'note',
      code: 'STREAM_NOT_EMPTY',
      text: `the stream holds ${entries} ${plural(entries, 'entry')} already; this run appends behind them`,
      remedy: 'choose another stream where they are to stay apart',
    },
  ];
}
