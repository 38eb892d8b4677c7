import { readFileSync } from 'node:fs';
import { QctlError } from '../../errors.ts';

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;

/** The sslmodes of libpq, and node-postgres' `no-verify`. */
export type SslMode = (typeof SSL_MODES)[number];

/** A PostgreSQL URL taken apart and decoded. */
export interface PostgresUrl {
  host?: string;
  port?: number;
  database?: string;
  user?: string;
  password?: string;
  sslmode?: SslMode;
  certificates?: { ca?: string; cert?: string; key?: string };
  directTls?: boolean;
  channelBinding?: boolean;
  options?: string;
  applicationName?: string;
  connectTimeoutMs?: number;
}

/**
 * Reads `postgres://` and `postgresql://` as libpq does, so that pg's own reader
 * with its warnings about sslmode stays out of it. Throws a `config` error that
 * never repeats the text: it may hold a password.
 */
export function parsePostgresUrl(text: string): PostgresUrl {
  // libpq takes a user without a host, Node's URL does not.
  const trimmed = text.trim().replace(/^(\w+:\/\/[^/@]*@)\//, '$1localhost/');
  if (!/^postgres(ql)?:\/\//i.test(trimmed)) malformed('it must start with postgres://');
  if (/^[^/]*\/\/[^/?#]*,/.test(trimmed)) malformed('several hosts in one URL are not supported');
  if (!URL.canParse(trimmed)) malformed('it cannot be read');
  const url = new URL(trimmed);
  const query = url.searchParams;
  return {
    host: decode(query.get('host') || url.hostname).replace(/^\[(.*)\]$/, '$1') || undefined,
    port: wholeNumber(query.get('port') || url.port, 'port'),
    database: decode(query.get('dbname') || url.pathname.slice(1)) || undefined,
    user: query.get('user') || decode(url.username) || undefined,
    password: query.get('password') || decode(url.password) || undefined,
    ...tlsParts(query),
    options: query.get('options') ?? undefined,
    applicationName: query.get('application_name') ?? undefined,
    connectTimeoutMs: seconds(query.get('connect_timeout')),
  };
}

function tlsParts(query: URLSearchParams) {
  return {
    sslmode: sslModeOf(query),
    certificates: certificatesOf(query),
    directTls: query.get('sslnegotiation') === 'direct',
    channelBinding: query.get('channel_binding') === 'require',
  };
}

function sslModeOf(query: URLSearchParams): SslMode | undefined {
  const text =
    query.get('sslmode') ??
    { true: 'verify-full', '1': 'verify-full', false: 'disable', '0': 'disable' }[query.get('ssl') ?? ''];
  if (text === undefined || text === '') return undefined;
  const mode = SSL_MODES.find((one) => one === text);
  if (!mode) malformed(`sslmode must be one of ${SSL_MODES.join(', ')}`);
  // libpq: a CA file turns "require" into "verify-ca", and "system" means the full check.
  const ca = query.get('sslrootcert');
  if (ca === 'system') return 'verify-full';
  return mode === 'require' && ca ? 'verify-ca' : mode;
}

function certificatesOf(query: URLSearchParams): PostgresUrl['certificates'] {
  const ca = query.get('sslrootcert');
  const paths = { ca: ca === 'system' ? null : ca, cert: query.get('sslcert'), key: query.get('sslkey') };
  const named = Object.entries(paths).filter((entry): entry is [string, string] => Boolean(entry[1]));
  if (named.length === 0) return undefined;
  return Object.fromEntries(named.map(([name, path]) => [name, readPem(path)]));
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    return malformed(`the file ${path} that it names cannot be read`, cause);
  }
}

function seconds(text: string | null): number | undefined {
  const value = wholeNumber(text, 'connect_timeout');
  return value ? value * 1000 : undefined;
}

function wholeNumber(text: string | null, name: string): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text)) malformed(`its ${name} is not a whole number`);
  return Number(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return malformed('a % in it starts no valid escape');
  }
}

function malformed(why: string, cause?: unknown): never {
  throw new QctlError('config', `postgres url: ${why}`, {
    code: 'POSTGRES_URL',
    hint: [
      'write it as postgres://user:password@host:5432/database?sslmode=require',
      'percent-encode @ : / # ? and % inside the user name and the password',
    ],
    cause,
  });
}
