import type { Redis } from 'ioredis';
import type { RedisConnection } from './connect.ts';
import { replyCode, toTargetError } from './errors.ts';
import { ping } from './handshake.ts';
import { worstOf } from './worst.ts';

/** What is known of a server. Null: not known, because it may not be asked (managed Redis forbids CONFIG). */
export interface RedisFacts {
  version: string | null;
  flavour: 'redis' | 'valkey' | null;
  role: 'master' | 'replica' | null;
  /** Changes with every start of the server; on a cluster those of all masters, comma-separated. */
  runId: string | null;
  /** Bytes; 0 means no limit. */
  maxmemory: number | null;
  /** Bytes. */
  usedMemory: number | null;
  maxmemoryPolicy: string | null;
  aofEnabled: boolean | null;
  appendfsync: 'always' | 'everysec' | 'no' | null;
  /** False while writes are refused, because nothing can be saved to the disk (MISCONF). */
  writable: boolean | null;
  /** Whether the last snapshot, or the last write to the append-only file, failed. */
  saveFailed: boolean | null;
  /** The save points as CONFIG shows them; empty means no snapshots. */
  rdbSave: string | null;
  connectedReplicas: number | null;
  /** Keys that were deleted to make room, since the start of the server; on a cluster of all masters together. */
  evictedKeys: number | null;
  /** Connections that were refused for maxclients; likewise. */
  rejectedConnections: number | null;
  /** Whether WAITAOF exists (Redis and Valkey from 7.2). */
  hasWaitAof: boolean | null;
  /** The server's clock, ms since 1970. */
  timeMs: number | null;
}

/**
 * Reads the facts; changes nothing. On a cluster they are those of the worst
 * master: the oldest version, the fullest memory, the weakest persistence.
 * Throws `target` where the connection is down.
 */
export async function redisFacts(connection: RedisConnection): Promise<RedisFacts> {
  const { client, label } = connection;
  try {
    const nodes = 'nodes' in client ? client.nodes('master') : [client];
    return worstOf(await Promise.all(nodes.map(factsOf)));
  } catch (error) {
    throw toTargetError(error, label, 'read the state of redis');
  }
}

async function factsOf(node: Redis): Promise<RedisFacts> {
  const [info, writable, appendfsync, rdbSave, time] = await Promise.all([
    ifAllowed(node.info()).then((text) => parseInfo(text ?? '')),
    ifAllowed(ping(node)),
    setting(node, 'appendfsync'),
    setting(node, 'save'),
    ifAllowed(node.time()),
  ]);
  return {
    ...infoFacts(info),
    writable,
    appendfsync: appendfsync as RedisFacts['appendfsync'],
    rdbSave,
    hasWaitAof: await knowsWaitAof(node, info),
    timeMs: time && Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000),
  };
}

function infoFacts(info: Map<string, string>) {
  const role = info.get('role');
  return {
    version: info.get('valkey_version') ?? info.get('redis_version') ?? null,
    flavour: flavourOf(info),
    role: role === undefined ? null : role === 'master' ? ('master' as const) : ('replica' as const),
    runId: info.get('run_id') ?? null,
    maxmemory: numberOf(info.get('maxmemory')),
    usedMemory: numberOf(info.get('used_memory')),
    maxmemoryPolicy: info.get('maxmemory_policy') ?? null,
    aofEnabled: info.has('aof_enabled') ? info.get('aof_enabled') === '1' : null,
    saveFailed: saveFailed(info),
    connectedReplicas: numberOf(info.get('connected_slaves')),
    evictedKeys: numberOf(info.get('evicted_keys')),
    rejectedConnections: numberOf(info.get('rejected_connections')),
  };
}

function saveFailed(info: Map<string, string>): boolean | null {
  const states = ['rdb_last_bgsave_status', 'aof_last_write_status'].map((name) => info.get(name));
  return states.includes('err') ? true : states.includes(undefined) ? null : false;
}

function flavourOf(info: Map<string, string>): RedisFacts['flavour'] {
  if (info.has('valkey_version') || info.get('server_name') === 'valkey') return 'valkey';
  return info.has('redis_version') ? 'redis' : null;
}

function numberOf(text: string | undefined): number | null {
  return text === undefined || text === '' ? null : Number(text);
}

/** The lines of INFO by name. */
export function parseInfo(text: string): Map<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':') && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

/** A setting by CONFIG GET; null where this user may not ask, or the server has none of that name. */
export async function setting(node: Redis, name: string): Promise<string | null> {
  const pair = (await ifAllowed(node.config('GET', name))) as [string, string] | null;
  return pair?.[1] ?? null;
}

// Valkey reports itself as Redis 7.2.4, so that one rule serves both.
async function knowsWaitAof(node: Redis, info: Map<string, string>): Promise<boolean | null> {
  const [major, minor] = (info.get('redis_version') ?? '').split('.').map(Number);
  if (major && minor !== undefined) return major > 7 || (major === 7 && minor >= 2);
  const described = (await ifAllowed(node.call('COMMAND', 'INFO', 'waitaof'))) as unknown[] | null;
  return described && described[0] !== null;
}

/** Null where the server refuses the command or does not know it; other errors pass on. */
export async function ifAllowed<T>(reply: Promise<T>): Promise<T | null> {
  try {
    return await reply;
  } catch (error) {
    if (['NOPERM', 'ERR'].includes(replyCode(error))) return null;
    throw error;
  }
}
