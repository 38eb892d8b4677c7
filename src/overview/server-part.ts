import { mastersOf, type RedisConnection, toTargetError } from '../backends/redis/index.ts';
import { ifAllowed, parseInfo } from '../backends/redis/info.ts';
import type { RedisRow } from './snapshot.ts';

/** The server itself, and what tells that it is the same as before. */
export interface ServerLook {
  row: RedisRow;
  /** Changes with every start of a server, and with a failover; null where this user may not ask. */
  runId: string | null;
  /** Lookups since the server started. */
  lookups: { hits: number; misses: number } | null;
}

/** Asks the server, or each primary of a cluster. Throws `target` or `auth`. */
export async function lookAtServer(redis: RedisConnection): Promise<ServerLook> {
  try {
    const texts = await Promise.all(mastersOf(redis).map((node) => ifAllowed(node.info())));
    const nodes = texts.flatMap((text) => (text === null ? [] : [parseInfo(text)]));
    return serverLook(redis, nodes.length === texts.length ? nodes : []);
  } catch (error) {
    throw toTargetError(error, redis.label, 'read the state of redis');
  }
}

/** @param nodes the lines of INFO of each; empty: not known */
export function serverLook(
  redis: Pick<RedisConnection, 'label' | 'kind'>,
  nodes: readonly ReadonlyMap<string, string>[],
): ServerLook {
  const sum = (name: string) => total(nodes.map((node) => numberOf(node, name)));
  const hits = sum('keyspace_hits');
  const misses = sum('keyspace_misses');
  const limits = nodes.map((node) => numberOf(node, 'maxmemory'));
  const uptimes = nodes.flatMap((node) => numberOf(node, 'uptime_in_seconds') ?? []);
  const fragmentations = nodes.flatMap((node) => numberOf(node, 'mem_fragmentation_ratio') ?? []);
  const row: RedisRow = {
    label: redis.label,
    kind: redis.kind,
    version: oldest(nodes.flatMap((node) => node.get('valkey_version') ?? node.get('redis_version') ?? [])),
    role: joined(nodes.map((node) => (node.get('role') === 'slave' ? 'replica' : node.get('role')))),
    uptimeMs: uptimes.length === 0 ? null : Math.min(...uptimes) * 1000,
    usedMemoryBytes: sum('used_memory'),
    maxMemoryBytes: limits.includes(0) ? null : total(limits),
    maxMemoryPolicy: joined(nodes.map((node) => node.get('maxmemory_policy'))),
    fragmentation: fragmentations.length === 0 ? null : Math.max(...fragmentations),
    clients: sum('connected_clients'),
    blockedClients: sum('blocked_clients'),
    operationsPerSecond: sum('instantaneous_ops_per_sec'),
    hitRatio: null,
    keys: nodes.length === 0 ? null : nodes.reduce((keys, node) => keys + keysOf(node), 0),
    evictedKeys: sum('evicted_keys'),
    replicas: sum('connected_slaves'),
    lastSave: lastSaveOf(nodes),
  };
  const runIds = nodes.flatMap((node) => node.get('run_id') ?? []);
  return {
    row,
    runId: runIds.length === 0 ? null : runIds.sort().join(),
    lookups: hits === null || misses === null ? null : { hits, misses },
  };
}

/** Null where one of them is not known. */
function total(numbers: readonly (number | null)[]): number | null {
  return numbers.reduce(
    (sum, one) => (sum === null || one === null ? null : sum + one),
    numbers.length > 0 ? 0 : null,
  );
}

function numberOf(node: ReadonlyMap<string, string>, name: string): number | null {
  const text = node.get(name);
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

function keysOf(node: ReadonlyMap<string, string>): number {
  const lines = [...node].filter(([name]) => /^db\d+$/.test(name));
  return lines.reduce((keys, [, value]) => keys + Number(/keys=(\d+)/.exec(value)?.[1] ?? 0), 0);
}

function joined(texts: readonly (string | undefined)[]): string | null {
  const known = new Set(texts.filter((text) => text !== undefined));
  return known.size === 0 ? null : [...known].join(', ');
}

function oldest(versions: string[]): string | null {
  return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0] ?? null;
}

/** A server that has never saved since its start, and has no append-only file, writes nothing. */
function lastSaveOf(nodes: readonly ReadonlyMap<string, string>[]): RedisRow['lastSave'] {
  const states = nodes.map((node) => {
    const aof = node.get('aof_enabled') === '1';
    const failed = node.get('rdb_last_bgsave_status') === 'err';
    if (failed || (aof && node.get('aof_last_write_status') === 'err')) return 'failed';
    return aof || (numberOf(node, 'rdb_last_bgsave_time_sec') ?? -1) >= 0 ? 'ok' : null;
  });
  if (states.includes('failed')) return 'failed';
  return states.length === 0 || states.includes(null) ? null : 'ok';
}
