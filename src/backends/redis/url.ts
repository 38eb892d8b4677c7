import { QctlError } from '../../errors.ts';
import type { HostPort } from './options.ts';

/** A Redis URL taken apart and decoded. */
export interface RedisUrl {
  host?: HostPort;
  path?: string;
  username?: string;
  password?: string;
  db?: number;
  tls: boolean;
  /** The URL says that the certificate need not be checked (`?ssl_cert_reqs=none`). */
  insecure: boolean;
}

const SCHEMES: Record<string, { tls: boolean }> = {
  'redis:': { tls: false },
  'rediss:': { tls: true },
  'valkey:': { tls: false },
  'valkeys:': { tls: true },
};

/**
 * Reads `redis://`, `rediss://`, `valkey://`, `valkeys://`, `unix://` and bare
 * `host:port`. Throws a `config` error that never repeats the text: it may hold a password.
 */
export function parseRedisUrl(text: string): RedisUrl {
  const trimmed = text.trim();
  if (trimmed.startsWith('/')) return { path: trimmed, tls: false, insecure: false };
  const bare = /^[\w.-]+(:\d+)?$/.test(trimmed) ? `redis://${trimmed}` : trimmed;
  if (!URL.canParse(bare)) malformed('it cannot be read');
  const url = new URL(bare);
  if (url.protocol === 'unix:') return unixUrl(url);
  const scheme = SCHEMES[url.protocol];
  if (!scheme) malformed('it must start with redis:// or rediss://');
  const insecure = /^(cert_)?none$/i.test(url.searchParams.get('ssl_cert_reqs') ?? '');
  return { host: hostOf(url), ...credentials(url), db: database(url), tls: scheme.tls, insecure };
}

function unixUrl(url: URL): RedisUrl {
  const db = wholeNumber(url.searchParams.get('db'));
  return { path: decode(url.pathname), ...credentials(url), db, tls: false, insecure: false };
}

function hostOf(url: URL): HostPort {
  const host = decode(url.hostname).replace(/^\[(.*)\]$/, '$1');
  return { host: host || 'localhost', port: url.port ? Number(url.port) : 6379 };
}

function credentials(url: URL): { username?: string; password?: string } {
  const username = decode(url.username) || undefined;
  const password = decode(url.password) || undefined;
  return { username, password };
}

function database(url: URL): number | undefined {
  const path = url.pathname.replace(/^\//, '');
  return wholeNumber(path || url.searchParams.get('db'));
}

function wholeNumber(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text)) malformed('the database after the last slash is not a number');
  return Number(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return malformed('a % in it starts no valid escape');
  }
}

function malformed(why: string): never {
  throw new QctlError('config', `redis url: ${why}`, {
    code: 'REDIS_URL',
    hint: [
      'write it as redis://user:password@host:6379/0, with rediss:// for TLS',
      'percent-encode @ : / # ? and % inside the user name and the password',
    ],
  });
}
