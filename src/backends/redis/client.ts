import type { RedisOptions as ClientOptions, Cluster, Redis } from 'ioredis';
import type { HostPort, ResolvedOptions } from './options.ts';

/** An ioredis client that has not connected yet, and what it has seen since. */
export interface Guarded<C extends Redis | Cluster = Redis | Cluster> {
  client: C;
  /** The newest error event: the reason behind ioredis' "Connection is closed". */
  lastError?: Error;
  /** Set after the first success: from then on the client reconnects for ever. */
  established: boolean;
  /** Set once it was closed on purpose: ioredis itself forgets when it was waiting to reconnect. */
  closed: boolean;
  /** What else is to be closed with it. */
  companions: (Redis | Cluster)[];
}

/** Pause before attempt `times`: 50 ms at first, never above 1 s. */
function backoffMs(times: number): number {
  return Math.min(50 * 2 ** Math.min(times - 1, 5), 1000);
}

/**
 * The settings that every client shares. A command either runs on the
 * connection it was sent on or fails at once: nothing is queued, nothing is
 * sent again behind our back, because only the drain knows what is safe to repeat.
 */
function baseOptions(from: ResolvedOptions): ClientOptions {
  return {
    username: from.username,
    password: from.password,
    db: from.db,
    tls: from.tls,
    connectionName: from.connectionName,
    connectTimeout: from.connectTimeoutMs,
    disconnectTimeout: 300,
    socketTimeout: from.silenceTimeoutMs || undefined,
    lazyConnect: true,
    // The check of ioredis prints a warning where INFO is forbidden, and waits in
    // silence while Redis loads; `waitUntilReady` asks with PING in its place.
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    disableClientInfo: true,
    // RESP2 has one shape of reply in every supported server, and needs no HELLO.
    protocol: 2,
    // After a failover the old primary answers READONLY: look for the new one.
    reconnectOnError: (error) => error.message.includes('READONLY '),
  };
}

/** A client of one server. */
export async function standaloneClient(
  from: ResolvedOptions,
  at: HostPort | undefined,
): Promise<Guarded<Redis>> {
  const { Redis } = await import('./library.ts');
  const state = { established: false };
  const where = at ? { host: at.host, port: at.port } : { path: from.path };
  const retryStrategy = (times: number) => (state.established ? backoffMs(times) : null);
  return watch(new Redis({ ...baseOptions(from), ...where, retryStrategy }), state);
}

/** A client that asks the sentinels for the primary, at each connection anew. */
export async function sentinelClient(from: ResolvedOptions): Promise<Guarded<Redis>> {
  const { Redis } = await import('./library.ts');
  const state = { established: false };
  const retry = (times: number) => (state.established ? backoffMs(times) : null);
  const client = new Redis({
    ...baseOptions(from),
    sentinels: from.hosts,
    name: from.sentinel!.name,
    sentinelUsername: from.sentinel!.username,
    sentinelPassword: from.sentinel!.password,
    sentinelTLS: from.sentinel!.tls,
    enableTLSForSentinelMode: from.tls !== undefined,
    sentinelCommandTimeout: Math.min(from.connectTimeoutMs, 2000),
    sentinelRetryStrategy: retry,
    retryStrategy: retry,
  });
  return watch(client, state);
}

/** A client of a cluster. Redirections are followed: a redirected command has not run. */
export async function clusterClient(from: ResolvedOptions): Promise<Guarded<Cluster>> {
  const { Cluster } = await import('./library.ts');
  const state = { established: false };
  const { db: _db, ...redisOptions } = baseOptions(from);
  const client = new Cluster(from.hosts, {
    redisOptions,
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    // A name in a certificate or behind a load balancer must reach TLS as a name.
    dnsLookup: (address, callback) => callback(null, address),
    slotsRefreshTimeout: from.connectTimeoutMs,
    slotsRefreshInterval: 10_000,
    // Zero turns off the resending of commands that were in flight on a lost connection.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    clusterRetryStrategy: (times) => (state.established ? backoffMs(times) : null),
  });
  return watch(client, state);
}

function watch<C extends Redis | Cluster>(client: C, state: { established: boolean }): Guarded<C> {
  const guarded: Guarded<C> = Object.assign(state, { client, closed: false, companions: [] });
  const note = (error: Error) => {
    guarded.lastError = error;
  };
  // Without a listener ioredis prints every error to stderr.
  client.on('error', note);
  client.on('node error', note);
  client.on('ready', () => {
    if (guarded.established) guarded.lastError = undefined;
  });
  // ioredis gives up where a connection breaks while it asks the sentinels; a client that once was up never does.
  client.on('end', () => {
    if (guarded.established && !guarded.closed) setTimeout(() => comeBack(guarded), 1000).unref();
  });
  return guarded;
}

function comeBack({ client, closed }: Guarded): void {
  if (!closed && client.status === 'end') client.connect().catch(() => undefined);
}

/** Closes a client for good and waits until it is, at most half a second. */
export async function closeGuarded(guarded: Guarded): Promise<void> {
  guarded.closed = true;
  await Promise.all([guarded.client, ...guarded.companions].map(closeClient));
}

async function closeClient(client: Redis | Cluster): Promise<void> {
  const connected = ['connecting', 'connect', 'ready'].includes(client.status);
  const ended = new Promise<void>((resolve) => {
    client.once('end', () => resolve());
    setTimeout(resolve, 500).unref();
  });
  client.disconnect();
  // Between two attempts there is no socket, and no event that would tell of its end.
  if (connected) await ended;
}
