import type { RedisConnection, RedisFacts } from '../backends/redis/index.ts';
import type { Finding } from '../model/finding.ts';
import { partitionKeys } from '../model/keys.ts';
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
