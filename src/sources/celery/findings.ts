import { missingRights, type PlannedCommand, redisFacts } from '../../backends/redis/index.ts';
import { QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { Broker } from './broker.ts';
import type { CeleryKeys } from './keys.ts';
import { compileSelection } from './selection.ts';
import type { CelerySpec } from './spec.ts';
import { waitingClients } from './workers.ts';

/** What speaks against draining a queue as it stands. Changes nothing. */
export async function queueFindings(
  broker: Broker,
  keys: CeleryKeys,
  spec: CelerySpec,
  db: number,
): Promise<Finding[]> {
  const said = [persistenceFinding(broker), workersFinding(broker, db), unknownFinding(broker, keys, spec)];
  return (await Promise.all(said)).flat();
}

/** What this user may not do that a drain does, and what grants it; undefined where nothing is known to be missing (Redis 6). */
export async function lackingRights(
  broker: Broker,
  keys: CeleryKeys,
  spec: CelerySpec,
): Promise<{ missing: string[]; grant: string } | undefined> {
  const missing = await missingRights(broker.connection, commandsOf(keys, spec));
  if (!missing || missing.length === 0) return undefined;
  const user = await broker.ask('ask who this is', (client) => client.call('ACL', 'WHOAMI'));
  const patterns = [spec.queue, 'unacked', '_kombu', 'qctl:'].map((name) => `~${spec.prefix}${name}*`);
  return {
    missing,
    grant: `ACL SETUSER ${String(user)} ${patterns.join(' ')} +@list +@hash +@sortedset +@set +@scripting +type +exists`,
  };
}

/** Throws `auth` MISSING_RIGHT with all of it. */
export async function refuseMissingRights(broker: Broker, keys: CeleryKeys, spec: CelerySpec): Promise<void> {
  const lacking = await lackingRights(broker, keys, spec);
  if (!lacking) return;
  const { missing, grant } = lacking;
  throw new QctlError('auth', `the broker refuses ${missing.join('; ')}`, {
    code: 'MISSING_RIGHT',
    hint: [grant],
    details: { server: broker.label, missing },
  });
}

function commandsOf(keys: CeleryKeys, spec: CelerySpec): PlannedCommand[] {
  const [list, held] = [keys.lists[0]!, keys.held('run')[0]!];
  const commands: PlannedCommand[] = [
    { command: 'LMOVE', args: [list, held, 'RIGHT', 'LEFT'] },
    { command: 'LMOVE', args: [held, list, 'LEFT', 'RIGHT'] },
    { command: 'LLEN', args: [list] },
    { command: 'TYPE', args: [list] },
    { command: 'SMEMBERS', args: [keys.binding('celery')] },
    { command: 'LRANGE', args: [held, '0', '-1'] },
    { command: 'LTRIM', args: [held, '0', '-1'] },
    { command: 'LSET', args: [held, '0', 'x'] },
    { command: 'LREM', args: [held, '0', 'x'] },
    { command: 'EXISTS', args: [held] },
    { command: 'HSET', args: [keys.claims, 'x', '1'] },
    { command: 'HDEL', args: [keys.claims, 'x'] },
    { command: 'HLEN', args: [keys.unacked] },
    { command: 'HSCAN', args: [keys.unacked, '0'] },
    { command: 'ZMSCORE', args: [keys.unackedIndex, 'x'] },
    { command: 'EVALSHA', args: ['0'.repeat(40), '1', keys.claims] },
  ];
  if (!compileSelection(spec)) return commands;
  return [
    ...commands,
    { command: 'LINDEX', args: [list, '0'] },
    { command: 'LSET', args: [list, '0', 'x'] },
    { command: 'LREM', args: [list, '0', 'x'] },
    { command: 'LPUSH', args: [held, 'x'] },
  ];
}

async function persistenceFinding(broker: Broker): Promise<Finding[]> {
  const { aofEnabled, connectedReplicas } = await redisFacts(broker.connection);
  const why: string[] = [];
  if (aofEnabled === false) why.push('keeps no append-only file');
  if (connectedReplicas) why.push('has replicas, which lag');
  if (why.length === 0) return [];
  return [
    {
      level: 'note',
      code: 'BROKER_MAY_FORGET',
      text: `the broker ${why.join(' and ')}: after a crash or a failover in the middle of the drain it may have messages again that are in the stream; the drain notices it and stops`,
    },
  ];
}

async function workersFinding(broker: Broker, db: number): Promise<Finding[]> {
  const workers = await waitingClients(broker, db);
  if (!workers || workers.length === 0) return [];
  const named = workers.slice(0, 3).map(({ address }) => address);
  return [
    {
      level: 'warning',
      code: 'CELERY_WORKERS',
      text: `${workers.length} ${plural(workers.length, 'client')} ${workers.length === 1 ? 'waits' : 'wait'} for messages in database ${db} of the broker (${named.join(', ')}${workers.length > 3 ? ', …' : ''}): workers and this drain share the queue`,
      remedy:
        'stop the workers of this queue first (a warm shutdown gives back what they have prefetched), or let it be with --allow-competing',
    },
  ];
}

/** A name that was mistyped gives an empty queue, and nothing else tells it. */
async function unknownFinding(broker: Broker, keys: CeleryKeys, spec: CelerySpec): Promise<Finding[]> {
  const { queue, separator } = spec;
  const [some, own, bound] = await broker.ask('look for the queue', (client) =>
    Promise.all([
      client.exists(...keys.lists),
      client.exists(keys.binding(queue)),
      client.smembers(keys.binding('celery')),
    ]),
  );
  const queues = bound.map((member) => member.split(separator)[2] ?? '');
  if (some > 0 || own > 0 || queues.includes(queue)) return [];
  return [
    {
      level: 'warning',
      code: 'CELERY_QUEUE_UNKNOWN',
      text: `the broker has no list of queue ${queue} and no worker has declared it${queues.length > 0 ? `; it knows ${queues.join(', ')}` : ''}`,
      remedy: 'check --queue, the database number behind the URL, and --key-prefix',
    },
  ];
}
