import type { Cluster, Redis } from 'ioredis';
import { closeGuarded, clusterClient, type Guarded, sentinelClient, standaloneClient } from './client.ts';
import { explainFailure } from './diagnose.ts';
import { askCluster, askSentinels } from './discover.ts';
import { explainReply } from './errors.ts';
import { watchFailover } from './failover.ts';
import { bringUp } from './handshake.ts';
import { hostPort } from './label.ts';
import {
  type HostPort,
  type RedisKind,
  type RedisOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.ts';

/**
 * A live connection. It reconnects for ever, at most a second apart, and
 * meanwhile every command fails at once: see `isRetryable` and `waitUntilReady`.
 * A command in flight when the connection breaks fails too, and may have run.
 */
export interface RedisConnection {
  client: Redis | Cluster;
  /** `redis://user@host:6379/0`, `sentinel://name@h1,h2`, `cluster://h1,h2`. Never a password. */
  label: string;
  kind: RedisKind;
  /** Why the connection is not up at present, as a short clause; undefined while it is. */
  trouble(): string | undefined;
  /** True once `close` was called. */
  readonly closed: boolean;
  /** A second connection with the same options, for what blocks (XREAD BLOCK, SUBSCRIBE). */
  duplicate(overrides?: Partial<RedisOptions>): Promise<RedisConnection>;
  /** Closes for good. Commands in flight fail. May be called twice. */
  close(): Promise<void>;
}

/**
 * Opens a connection and gets one answer within `connectTimeoutMs`.
 *
 * Throws a QctlError of kind `target`, `auth` (login refused) or `config` (options
 * that cannot be meant) that names the server, the reason and what to try.
 */
export async function connectRedis(options: RedisOptions): Promise<RedisConnection> {
  const from = resolveOptions(options);
  const guarded = await open(from, Date.now() + from.connectTimeoutMs);
  return {
    client: guarded.client,
    label: from.label,
    kind: from.kind,
    trouble: () => troubleOf(guarded),
    duplicate: (overrides) => connectRedis({ ...options, ...overrides }),
    get closed() {
      return guarded.closed;
    },
    close: () => closeGuarded(guarded),
  };
}

function troubleOf({ client, lastError, closed }: Guarded): string | undefined {
  if (client.status === 'ready' && !closed) return undefined;
  if (closed) return 'the connection was closed';
  return lastError ? explainReply(lastError) : 'connection lost';
}

function open(from: ResolvedOptions, deadline: number): Promise<Guarded> {
  if (from.kind === 'sentinel') return openSentinel(from, deadline);
  if (from.kind === 'cluster') return openCluster(from, deadline);
  return openStandalone(from, deadline);
}

async function openStandalone(from: ResolvedOptions, deadline: number): Promise<Guarded> {
  const at = from.hosts[0];
  return start(await standaloneClient(from, at), from, at, deadline);
}

async function openSentinel(from: ResolvedOptions, deadline: number): Promise<Guarded> {
  const { primary, sentinel } = await askSentinels(from, deadline - Date.now());
  // The one that has answered is asked first from now on: another may keep silent.
  const hosts = [sentinel, ...from.hosts.filter((host) => host !== sentinel)];
  try {
    const guarded = await start(await sentinelClient({ ...from, hosts }), from, primary, deadline);
    await watchFailover(guarded, { ...from, hosts });
    return guarded;
  } catch (error) {
    (error as { hint?: string[] }).hint?.push(`the sentinels name ${hostPort(primary)} as the primary`);
    throw error;
  }
}

async function openCluster(from: ResolvedOptions, deadline: number): Promise<Guarded> {
  await askCluster(from, deadline - Date.now());
  return start(await clusterClient(from), from, undefined, deadline);
}

// A fifth of the time is kept for finding out why.
async function start<G extends Guarded>(
  guarded: G,
  from: ResolvedOptions,
  at: HostPort | undefined,
  deadline: number,
): Promise<G> {
  const ms = Math.max(1, deadline - Date.now());
  try {
    await bringUp(guarded, ms * 0.8);
    return guarded;
  } catch (error) {
    throw await explainFailure(error, from, at, Math.max(1, deadline - Date.now()));
  }
}

export type { RedisKind, RedisOptions } from './options.ts';
