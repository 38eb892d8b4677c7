import { missingRights, type RedisConnection, type RedisFacts, redisFacts } from '../backends/redis/index.ts';
import { formatBytes } from '../model/bytes.ts';
import type { Finding } from '../model/finding.ts';
import { DELAYED_INDEX, partitionKeys, runKey, streamKeys } from '../model/keys.ts';
import type { Durability } from '../sinks/durability.ts';
import { chooseDurability } from './durability-check.ts';
import type { DrainRequest } from './request.ts';

/** Bytes an entry takes besides its payload: listpack framing, field names, ids. Measured on Redis 7 and rounded up. */
const ENTRY_OVERHEAD_BYTES = 120;
const CLOCK_TOLERANCE_MS = 30_000;

/** What the target is and what speaks against using it. */
export interface TargetCheck {
  facts: RedisFacts;
  durability: Durability;
  findings: Finding[];
}

/** Looks at the target; changes nothing. */
export async function checkTarget(
  connection: RedisConnection,
  request: DrainRequest,
  backlog: { messages: number | null; bytes: number | null },
): Promise<TargetCheck> {
  const facts = await redisFacts(connection);
  const findings = [
    ...(await checkKeys(connection, request)),
    ...checkEviction(facts, request),
    ...checkRole(facts),
    ...checkWritable(facts),
    ...checkMemory(facts, backlog),
    ...checkClock(facts),
    ...(await checkRights(connection, request)),
  ];
  const durability = chooseDurability(request.target.durability, facts, findings);
  return { facts, durability, findings };
}

async function checkKeys(connection: RedisConnection, request: DrainRequest): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { stream, partitions } = request.target;
  if (/[{}]/.test(stream) && (partitions > 1 || !/^[^{}]*\{[^{}]+\}[^{}]*$/.test(stream))) {
    findings.push({
      level: 'blocker',
      code: 'BAD_STREAM_NAME',
      text: `stream ${stream}: braces are the hash tag of Redis Cluster and are allowed as one {tag} only, and not with --partitions`,
      remedy: 'choose a name without braces',
    });
  }
  for (const key of partitionKeys(stream, partitions)) {
    const type = await connection.client.type(key);
    if (type === 'stream' || type === 'none') continue;
    findings.push({
      level: 'blocker',
      code: 'TARGET_NOT_A_STREAM',
      text: `key ${key} holds a ${type}, not a stream`,
      remedy: 'choose another stream name, or remove that key',
    });
  }
  return findings;
}

function checkEviction(facts: RedisFacts, request: DrainRequest): Finding[] {
  const policy = facts.maxmemoryPolicy;
  if (policy === null) {
    return [
      {
        level: 'warning',
        code: 'EVICTION_UNKNOWN',
        text: 'the eviction policy cannot be read; any allkeys-* policy would delete queued messages',
      },
    ];
  }
  // Without a limit no policy evicts, but the next CONFIG SET maxmemory makes it do so.
  if (!policy.startsWith('allkeys-')) return [];
  const text = `maxmemory-policy is ${policy}: a full Redis would delete whole streams with the messages in them${facts.maxmemory === 0 ? ' (maxmemory is 0 now, but any limit set later would do it)' : ''}`;
  return [
    {
      level: request.settings.allowEviction ? 'warning' : 'blocker',
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

function checkMemory(
  facts: RedisFacts,
  backlog: { messages: number | null; bytes: number | null },
): Finding[] {
  if (!facts.maxmemory || facts.usedMemory === null || backlog.messages === null || backlog.bytes === null)
    return [];
  const free = facts.maxmemory - facts.usedMemory;
  const needed = backlog.bytes + backlog.messages * ENTRY_OVERHEAD_BYTES;
  if (needed < free) return [];
  return [
    {
      level: 'warning',
      code: 'MEMORY',
      text: `the backlog needs about ${formatBytes(needed)} and Redis has ${formatBytes(Math.max(0, free))} left below maxmemory; the drain will wait when it is full`,
      remedy: 'raise maxmemory, start the consumers first, or drain with --limit',
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
    },
  ];
}

async function checkRights(connection: RedisConnection, request: DrainRequest): Promise<Finding[]> {
  const commands = partitionKeys(request.target.stream, request.target.partitions).flatMap((stream) => {
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
  commands.push(
    { command: 'HSET', args: [runKey('run'), 'state', 'running'] },
    { command: 'ZADD', args: [DELAYED_INDEX, '0', 'x'] },
    { command: 'PERSIST', args: [runKey('run')] },
    { command: 'PEXPIRE', args: [runKey('run'), '1'] },
    { command: 'TIME', args: [] },
  );
  const missing = (await missingRights(connection, commands)) ?? [];
  return missing.map((text) => ({
    level: 'blocker',
    code: 'MISSING_RIGHT',
    text: `Redis refuses ${text}`,
    remedy: `ACL SETUSER … ~${request.target.stream}* ~qctl:* +@stream +@hash +@set +@sortedset +@scripting +time +wait +waitaof +info +type +persist +pexpire +pttl +exists`,
  }));
}
