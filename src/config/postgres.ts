import { type Environment, findVariable, readVariable } from './environment.ts';
import { wholeNumberOf } from './errors.ts';
import type { Flags } from './resolve.ts';
import type { PostgresSourceConfig } from './schema.ts';
import type { SecretSource } from './secrets.ts';

const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

/** `PGSSLMODE`, or what `tls:` of a source says in other words. */
export interface PostgresTls {
  mode: (typeof MODES)[number];
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  servername?: string;
}

/** How PostgreSQL is reached. Secrets are not read yet. */
export interface PostgresConnection extends SecretSource {
  url?: string;
  host?: string;
  port?: number;
  database?: string;
  user?: string;
  tls?: PostgresTls;
  /** What named the server: `--postgres-url`, `DATABASE_URL`, `sources.alerts`. */
  origin: string;
}

/**
 * Flag, QCTL_POSTGRES_URL, what the source says, DATABASE_URL, PG*. A named source stands above the
 * shared variables: with two sources both would otherwise be read from the same database.
 */
export function resolvePostgres(
  flags: Flags,
  env: Environment,
  source?: NamedSource,
): PostgresConnection | undefined {
  const url = findVariable(env, 'postgresUrl');
  if (flags.postgresUrl) return withEnvironment({ url: flags.postgresUrl, origin: '--postgres-url' }, env);
  if (url?.name === 'QCTL_POSTGRES_URL') return withEnvironment({ url: url.value, origin: url.name }, env);
  if (source && (source.config.url ?? source.config.host)) return fromSource(source, env);
  if (url) return withEnvironment({ url: url.value, origin: url.name }, env);
  const host = findVariable(env, 'pgHost') ?? findVariable(env, 'pgDatabase');
  if (host) return { ...fromPg(env), ...credentialsOf(source), origin: host.name };
  return undefined;
}

/** A source of the configuration and its name there. */
export interface NamedSource {
  name: string;
  config: PostgresSourceConfig;
}

function fromSource({ name, config }: NamedSource, env: Environment): PostgresConnection {
  const { url, host, port, database, user } = config;
  const own = credentialsOf({ name, config });
  const connection = {
    url,
    host,
    port,
    database,
    user,
    ...own,
    tls: tlsOf(config),
    origin: `sources.${name}`,
  };
  return withEnvironment(connection, env);
}

function credentialsOf(source: NamedSource | undefined): SecretSource {
  if (!source) return {};
  const { password, passwordFile, passwordCommand } = source.config;
  return {
    ...(password !== undefined && { password }),
    ...(passwordFile !== undefined && { passwordFile }),
    ...(passwordCommand !== undefined && { passwordCommand }),
  };
}

/** What libpq would add: password and TLS, where the connection does not say. */
function withEnvironment(connection: PostgresConnection, env: Environment): PostgresConnection {
  const { password, tls, ...rest } = fromPg(env);
  const { passwordFile, passwordCommand } = connection;
  const needsPassword =
    !connection.password && !passwordFile && !passwordCommand && !urlHasPassword(connection.url);
  return {
    ...(connection.url ? {} : rest),
    ...dropUndefined(connection),
    ...(needsPassword && password !== undefined && { password }),
    ...(connection.tls === undefined && !connection.url?.includes('sslmode=') && tls && { tls }),
  };
}

function fromPg(env: Environment): Omit<PostgresConnection, 'origin'> {
  const port = findVariable(env, 'pgPort');
  return dropUndefined({
    host: readVariable(env, 'pgHost'),
    port: port && wholeNumberOf(port.name, port.value),
    database: readVariable(env, 'pgDatabase'),
    user: readVariable(env, 'pgUser'),
    password: readVariable(env, 'pgPassword'),
    tls: tlsFromPg(env),
  });
}

/** `prefer` and `allow` mean "as it comes", which is what no setting at all means. */
function tlsFromPg(env: Environment): PostgresTls | undefined {
  const asked = readVariable(env, 'pgSslMode');
  const caFile = readVariable(env, 'pgSslRootCert');
  const certFile = readVariable(env, 'pgSslCert');
  // libpq checks the authority where one is given, even with `require`.
  const mode = MODES.find((known) => known === (asked === 'require' && caFile ? 'verify-ca' : asked));
  return (
    mode && dropUndefined<PostgresTls>({ mode, caFile, certFile, keyFile: readVariable(env, 'pgSslKey') })
  );
}

function tlsOf({ tls }: PostgresSourceConfig): PostgresTls | undefined {
  if (tls === undefined) return undefined;
  if (typeof tls === 'boolean') return { mode: tls ? 'verify-full' : 'disable' };
  const { rejectUnauthorized, ...files } = tls;
  return { mode: rejectUnauthorized === false ? 'require' : 'verify-full', ...files };
}

function urlHasPassword(url: string | undefined): boolean {
  return url !== undefined && /^[a-z]+:\/\/[^@]*:[^@]*@|[?&]password=/i.test(url);
}

function dropUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
