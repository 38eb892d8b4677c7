import type { PostgresOptions } from '../src/backends/postgres/index.ts';
import type { RedisOptions } from '../src/backends/redis/index.ts';
import type { PostgresConnection } from '../src/config/postgres.ts';
import type { TlsConfig } from '../src/config/schema.ts';
import { readConfiguredFile } from '../src/config/secrets.ts';
import { defined } from './defined.ts';

/** `tls:` of Redis with the certificates read. */
export async function readTls(tls: TlsConfig | undefined): Promise<RedisOptions['tls']> {
  if (typeof tls !== 'object') return tls;
  const { servername, rejectUnauthorized } = tls;
  return defined({ ...(await readCertificates(tls, 'redis.tls')), servername, rejectUnauthorized });
}

/** TLS of PostgreSQL with the certificates read, in the words of its backend. */
export async function readPostgresTls({
  tls,
  origin,
}: PostgresConnection): Promise<Pick<PostgresOptions, 'ssl' | 'sslmode'>> {
  if (tls === undefined) return {};
  if (tls.mode === 'disable') return { ssl: false };
  const { servername } = tls;
  return {
    sslmode: tls.mode,
    ssl: defined({ ...(await readCertificates(tls, `${origin}.tls`)), servername }),
  };
}

async function readCertificates(
  files: { caFile?: string; certFile?: string; keyFile?: string },
  field: string,
) {
  const read = (path: string | undefined, name: string) =>
    path === undefined ? undefined : readPem(path, `${field}.${name}`);
  const [ca, cert, key] = await Promise.all([
    read(files.caFile, 'caFile'),
    read(files.certFile, 'certFile'),
    read(files.keyFile, 'keyFile'),
  ]);
  return defined({ ca, cert, key });
}

/** Variables such as REDIS_TLS_CA hold the certificate itself as often as its path. */
async function readPem(value: string, field: string): Promise<string> {
  return value.includes('-----BEGIN') ? value : readConfiguredFile(value, field);
}
