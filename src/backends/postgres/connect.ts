import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import type { Client, ClientConfig } from 'pg';
import { toSourceError } from './errors.ts';
import { labelOf, type PostgresOptions, type ResolvedPostgres, resolvePostgres } from './options.ts';

export type { PostgresOptions } from './options.ts';

/**
 * Opens one session within `connectTimeoutMs`. A session that is lost later fails
 * its statements and never the process; it does not come back: connect anew.
 * End it with `client.end()`.
 *
 * Throws a QctlError of kind `source`, `auth` (login refused) or `config` (options
 * that cannot be meant) that names the server, the reason and what to try.
 */
export async function connectPostgres(options: PostgresOptions): Promise<Client> {
  const from = resolvePostgres(options);
  try {
    return await openSession(from, from.ssl);
  } catch (error) {
    const plainWillDo = from.sslmode === 'prefer' || from.sslmode === 'allow';
    if (!plainWillDo || !/does not support SSL/.test((error as Error).message)) throw explain(error, from);
  }
  return await openSession(from, false).catch((error) => {
    throw explain(error, from);
  });
}

function explain(error: unknown, from: ResolvedPostgres) {
  return toSourceError(error, labelOf(from), 'connect to postgres');
}

async function openSession(from: ResolvedPostgres, ssl: ResolvedPostgres['ssl']): Promise<Client> {
  const pg = await loadPg();
  const client = new pg.default.Client(clientConfig(from, ssl));
  // Without a listener the loss of the connection would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.end().catch(() => {});
    throw error;
  }
}

/**
 * pg asks whether it runs in a Cloudflare Worker. Where there is no `navigator`, which is Node 20, it does so with a
 * Response, and that loads all that belongs to fetch: a quarter of the time that pg takes to load.
 */
async function loadPg() {
  const scope = globalThis as { navigator?: unknown };
  if (scope.navigator !== undefined) return import('pg');
  scope.navigator = { userAgent: `Node.js/${process.versions.node}` };
  try {
    return await import('pg');
  } finally {
    delete scope.navigator;
  }
}

// Every field is set, because pg looks into the environment for those that are not.
function clientConfig(from: ResolvedPostgres, ssl: ResolvedPostgres['ssl']): ClientConfig {
  return {
    host: from.host,
    port: from.port,
    database: from.database,
    user: from.user,
    password: from.password || noPassword,
    ssl: ssl === false ? false : tlsConfig(ssl, from),
    application_name: from.applicationName,
    connectionTimeoutMillis: from.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(from.serverOptions === undefined ? {} : { options: from.serverOptions }),
    ...(from.channelBinding ? { enableChannelBinding: true } : {}),
    ...(from.directTls ? { sslnegotiation: 'direct' as const } : {}),
  };
}

// pg would look for a password in ~/.pgpass and print a warning about it.
function noPassword(): string {
  throw new Error('no password was given');
}

function tlsConfig(ssl: Exclude<ResolvedPostgres['ssl'], false>, from: ResolvedPostgres): ConnectionOptions {
  const { servername, ...given } = ssl;
  const config: ConnectionOptions = { ...given };
  if (['allow', 'prefer', 'require', 'no-verify'].includes(from.sslmode)) config.rejectUnauthorized = false;
  if (from.sslmode === 'verify-ca') config.checkServerIdentity = () => undefined;
  // pg overwrites `servername` with the host, so the check itself is given the name.
  if (servername)
    config.checkServerIdentity = (_host, certificate) => checkServerIdentity(servername, certificate);
  return config;
}
