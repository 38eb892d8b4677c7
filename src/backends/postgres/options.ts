import { userInfo } from 'node:os';
import { QctlError } from '../../errors.ts';
import { type PostgresUrl, parsePostgresUrl, type SslMode } from './url.ts';

/** Certificates as PEM text or bytes, and how the server's is checked. */
export interface PostgresTls {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  /** Name that the certificate must carry, where it is not the host's. */
  servername?: string;
  /** False accepts any certificate. */
  rejectUnauthorized?: boolean;
}

/** How to reach PostgreSQL. A field wins over the same part of `url`. */
export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database?sslmode=verify-full`, with the sslmodes of libpq. */
  url?: string;
  /** Host name, address, or the folder of a Unix socket. */
  host?: string;
  port?: number;
  database?: string;
  user?: string;
  password?: string;
  /** True is TLS with a checked certificate, false is none. */
  ssl?: PostgresTls | boolean;
  /** As in the URL, and wins over it: says how the server's certificate is checked. */
  sslmode?: SslMode;
  /** Default 5000. */
  connectTimeoutMs?: number;
  /** What pg_stat_activity shows. Default `qctl`. */
  applicationName?: string;
}

/** Options with the URL taken apart and defaults filled in. */
export interface ResolvedPostgres {
  host: string;
  port: number;
  database: string;
  user: string;
  password?: string;
  ssl: PostgresTls | false;
  /** How `ssl` came about; `given` where it was not by an sslmode. */
  sslmode: SslMode | 'given';
  directTls: boolean;
  channelBinding: boolean;
  /** Server settings from the URL (`-c work_mem=64MB`). */
  serverOptions?: string;
  connectTimeoutMs: number;
  applicationName: string;
}

/** Takes the options apart. Throws a `config` error on what cannot be meant. */
export function resolvePostgres(options: PostgresOptions): ResolvedPostgres {
  const url: PostgresUrl = options.url === undefined ? {} : parsePostgresUrl(options.url);
  const user = options.user ?? url.user ?? systemUser();
  const port = options.port ?? url.port ?? 5432;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse(`${port} is no port`);
  return {
    host: options.host ?? url.host ?? 'localhost',
    port,
    database: options.database ?? url.database ?? user,
    user,
    password: options.password ?? url.password,
    ...resolveSsl(options, url),
    directTls: url.directTls ?? false,
    channelBinding: url.channelBinding ?? false,
    serverOptions: url.options,
    connectTimeoutMs: options.connectTimeoutMs ?? url.connectTimeoutMs ?? 5000,
    applicationName: options.applicationName ?? url.applicationName ?? 'qctl',
  };
}

function resolveSsl(options: PostgresOptions, url: PostgresUrl): Pick<ResolvedPostgres, 'ssl' | 'sslmode'> {
  const given = options.ssl;
  const sslmode =
    given === false ? 'disable' : (options.sslmode ?? (given === undefined ? urlMode(url) : 'given'));
  if (sslmode === 'disable') return { ssl: false, sslmode };
  return { ssl: { ...url.certificates, ...(typeof given === 'object' ? given : {}) }, sslmode };
}

function urlMode(url: PostgresUrl): SslMode {
  return url.sslmode ?? (url.certificates || url.directTls ? 'require' : 'disable');
}

// libpq's default too. On a machine without a name for the user id this throws.
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'postgres';
  }
}

function refuse(why: string): never {
  throw new QctlError('config', `postgres options: ${why}`, {
    code: 'POSTGRES_CONFIG',
    hint: ['use a URL such as postgres://user@host:5432/database'],
  });
}

/** `postgres://user@host:5432/database`: what may be shown. Never a password. */
export function postgresLabel(options: PostgresOptions): string {
  return labelOf(resolvePostgres(options));
}

/** The label of options that are taken apart already. */
export function labelOf({ user, host, port, database }: ResolvedPostgres): string {
  const at = host.includes('/') ? encodeURIComponent(host) : host.includes(':') ? `[${host}]` : host;
  return `postgres://${encodeURIComponent(user)}@${at}:${port}/${encodeURIComponent(database)}`;
}
