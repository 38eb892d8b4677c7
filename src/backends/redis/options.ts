import type { ConnectionOptions } from 'node:tls';
import { QctlError } from '../../errors.ts';
import { clusterLabel, sentinelLabel, standaloneLabel } from './label.ts';
import { parseRedisUrl } from './url.ts';

/** Where a server listens. */
export interface HostPort {
  host: string;
  port: number;
}

/** Certificates as PEM text or bytes, and how the server's is checked. */
export interface TlsOptions {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  /** Name that the certificate must carry, where it is not the host's. */
  servername?: string;
  /** False accepts any certificate. */
  rejectUnauthorized?: boolean;
}

/** How to reach Redis: exactly one of `url`, `sentinel` and `cluster` (a cluster may take its first node from `url`). */
export interface RedisOptions {
  /** `redis://user:password@host:6379/0`, `rediss://` for TLS, `unix:///path`, or bare `host:port`. */
  url?: string;
  username?: string;
  password?: string;
  tls?: TlsOptions | boolean;
  sentinel?: { hosts: HostPort[]; name: string; username?: string; password?: string; tls?: boolean };
  cluster?: { nodes: HostPort[] };
  db?: number;
  /** For the whole of the first connection, and for each later attempt. Default 5000. */
  connectTimeoutMs?: number;
  /** Default `qctl`. */
  connectionName?: string;
  /**
   * Longest silence while a command waits for its reply; then the connection is
   * cut, its commands fail and it is opened again. Must exceed any BLOCK. Default
   * 60000, 0 for never.
   */
  silenceTimeoutMs?: number;
}

/** The three ways to run Redis. */
export type RedisKind = 'standalone' | 'sentinel' | 'cluster';

/** Options with the URL taken apart, defaults filled in and contradictions refused. */
export interface ResolvedOptions {
  kind: RedisKind;
  label: string;
  /** One for standalone, the sentinels, or the first nodes of a cluster. */
  hosts: HostPort[];
  /** Path of a Unix socket, in place of a host. */
  path?: string;
  username?: string;
  password?: string;
  tls?: ConnectionOptions;
  db: number;
  sentinel?: { name: string; username?: string; password?: string; tls?: ConnectionOptions };
  connectTimeoutMs: number;
  silenceTimeoutMs: number;
  connectionName: string;
}

/** Takes the options apart. Throws a `config` error on what cannot be meant. */
export function resolveOptions(options: RedisOptions): ResolvedOptions {
  const { sentinel, cluster } = options;
  if (sentinel && cluster) refuse('sentinel and cluster exclude each other', 'keep one of the two');
  if (sentinel && options.url) refuse('sentinel and url exclude each other', 'keep one of the two');
  if (cluster && options.url && cluster.nodes.length > 0) {
    refuse('cluster nodes and url exclude each other', 'keep one of the two');
  }
  const url = options.url === undefined ? undefined : parseRedisUrl(options.url);
  const common = resolveCommon(options, url);
  if (sentinel) return { ...common, ...resolveSentinel(options, sentinel, common.tls) };
  if (cluster) return { ...common, ...resolveCluster(cluster, common.db, url?.host) };
  if (!url) refuse('no address of Redis is given', 'set a URL such as redis://localhost:6379/0');
  const hosts = url!.host ? [url!.host] : [];
  const label = standaloneLabel({ ...common, host: url!.host, path: url!.path });
  return { ...common, kind: 'standalone', label, hosts, path: url!.path };
}

function resolveCommon(options: RedisOptions, url: ReturnType<typeof parseRedisUrl> | undefined) {
  if (url?.tls && options.tls === false) {
    refuse('rediss:// asks for TLS and the options turn it off', 'use redis://, or leave TLS on');
  }
  const password = options.password ?? url?.password;
  // With no name, AUTH goes to the user "default"; naming it keeps ioredis from
  // printing a warning where that user needs no password.
  const username = options.username ?? url?.username ?? (password === undefined ? undefined : 'default');
  const db = options.db ?? url?.db ?? 0;
  if (!Number.isInteger(db) || db < 0)
    refuse(`${String(db)} is no database number`, 'use a whole number from 0');
  return {
    username,
    password,
    db,
    tls: resolveTls(options.tls, url),
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    silenceTimeoutMs: options.silenceTimeoutMs ?? 60_000,
    connectionName: options.connectionName ?? 'qctl',
  };
}

function resolveTls(tls: RedisOptions['tls'], url: ReturnType<typeof parseRedisUrl> | undefined) {
  const given = typeof tls === 'object' ? tls : undefined;
  if (!given && tls !== true && !url?.tls) return undefined;
  const unchecked = url?.insecure ? { rejectUnauthorized: false } : {};
  const set = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return { ...unchecked, ...Object.fromEntries(set) } as ConnectionOptions;
}

function resolveSentinel(
  options: RedisOptions,
  sentinel: NonNullable<RedisOptions['sentinel']>,
  tls: ConnectionOptions | undefined,
) {
  if (sentinel.hosts.length === 0) refuse('no sentinel is named', 'list at least one sentinel host');
  if (!sentinel.name) refuse('the name of the sentinel master is missing', 'set it, often "mymaster"');
  const { name, password, hosts } = sentinel;
  const username = sentinel.username ?? (password === undefined ? undefined : 'default');
  const wantsTls = sentinel.tls ?? tls !== undefined;
  const label = sentinelLabel(name, hosts, options.db ?? 0);
  return {
    kind: 'sentinel' as const,
    label,
    hosts,
    sentinel: { name, username, password, tls: wantsTls ? (tls ?? {}) : undefined },
  };
}

function resolveCluster(cluster: { nodes: HostPort[] }, db: number, fromUrl: HostPort | undefined) {
  const hosts = cluster.nodes.length > 0 ? cluster.nodes : fromUrl ? [fromUrl] : [];
  if (hosts.length === 0) refuse('no node of the cluster is named', 'list at least one node');
  if (db !== 0) refuse(`a cluster has no database ${db}`, 'use database 0');
  return { kind: 'cluster' as const, label: clusterLabel(hosts), hosts };
}

function refuse(why: string, hint: string): never {
  throw new QctlError('config', `redis options: ${why}`, { code: 'REDIS_CONFIG', hint: [hint] });
}
