import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectPostgres,
  isRetryablePostgres,
  type PostgresOptions,
  toSourceError,
} from '../../src/backends/postgres/index.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startTcpProxy } from '../support/proxy.ts';
import { freePort } from '../support/server-process.ts';
import { expectNotToHold, failureOf, noiseOf, silentServer } from './failure.ts';

const SECRET = 'hunter2+secret';

const attempt = (options: PostgresOptions) =>
  failureOf(connectPostgres({ connectTimeoutMs: 2000, ...options }));

/** One row of one statement on a connection of its own. */
async function ask<T>(options: PostgresOptions, sql: string): Promise<T> {
  const client = await connectPostgres(options);
  try {
    return (await client.query(sql)).rows[0] as T;
  } finally {
    await client.end();
  }
}

describe('postgres with a password and TLS', () => {
  let server: TestPostgres;
  const at = () => ({ host: '127.0.0.1', port: server.port, user: 'postgres', database: 'postgres' });
  const url = (query = '', password = SECRET) =>
    `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${server.port}/postgres${query}`;

  beforeAll(async () => {
    server = await startPostgres({ password: SECRET, ssl: true });
  });
  afterAll(() => server.stop());

  it('is reached by url and by parts, and shows itself as qctl', async () => {
    for (const options of [{ url: url() }, { ...at(), password: SECRET }]) {
      const row = await ask<object>(
        options,
        "SELECT current_user AS who, current_setting('application_name') AS app",
      );
      expect(row).toEqual({ who: 'postgres', app: 'qctl' });
    }
  });

  it('tells a wrong password from a missing one, and repeats neither', async () => {
    const wrong = await attempt({ url: url('', `${SECRET}-not`) });
    expect(wrong).toMatchObject({ kind: 'auth', code: 'POSTGRES_AUTH' });
    expect(wrong.message).toBe(
      `cannot connect to postgres (postgres://postgres@127.0.0.1:${server.port}/postgres): wrong user name or password (28P01)`,
    );
    expectNotToHold(wrong, SECRET);
    const missing = await attempt(at());
    expect(missing).toMatchObject({ kind: 'auth', code: 'POSTGRES_AUTH' });
    expect(missing.message).toContain('wants a password and none was given');
  });

  it('names a database that does not exist', async () => {
    const error = await attempt({ url: url(), database: 'nowhere' });
    expect(error).toMatchObject({ kind: 'source', code: 'POSTGRES_NO_DATABASE' });
    expect(error.message).toContain('database "nowhere" does not exist');
  });

  it.each([
    ['?sslmode=disable', false],
    ['?sslmode=prefer', true],
    ['?sslmode=require', true],
    ['?sslmode=no-verify', true],
    ['?sslmode=verify-ca&sslrootcert=CA', true],
    ['?sslmode=verify-full&sslrootcert=CA', true],
    ['?sslmode=require&sslrootcert=CA&channel_binding=require', true],
    ['?sslmode=require&sslnegotiation=direct', true],
  ])('understands %s, without a warning', async (query, encrypted) => {
    const text = url(query.replace('CA', server.certificates!.ca));
    let row: unknown;
    const noise = await noiseOf(async () => {
      row = await ask({ url: text }, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    });
    expect(row).toEqual({ ssl: encrypted });
    expect(noise).toBe('');
  });

  it('says that the CA is unknown', async () => {
    for (const options of [{ url: url('?sslmode=verify-full') }, { url: url(), ssl: true }]) {
      const error = await attempt(options);
      expect(error).toMatchObject({ kind: 'source', code: 'POSTGRES_TLS' });
      expect(error.message).toContain('unknown CA');
    }
  });

  it('says that the certificate is for another name, and verify-ca does not mind', async () => {
    const ca = readFileSync(server.certificates!.ca);
    const ssl = { ca, servername: 'db.example.com' };
    for (const host of ['127.0.0.1', 'localhost']) {
      const error = await attempt({ ...at(), host, password: SECRET, ssl });
      expect(error.message).toContain('certificate is for another host name');
    }
    await ask({ ...at(), password: SECRET, ssl: { ca }, sslmode: 'verify-ca' }, 'SELECT 1');
  });

  it('says that a client certificate cannot be read', async () => {
    const error = await attempt({ ...at(), password: SECRET, ssl: { cert: 'nonsense', key: 'nonsense' } });
    expect(error).toMatchObject({ kind: 'source', code: 'POSTGRES_TLS' });
  });
});

describe('postgres without TLS', () => {
  let server: TestPostgres;

  beforeAll(async () => {
    server = await startPostgres({
      args: ['-c', 'max_connections=8', '-c', 'superuser_reserved_connections=0'],
    });
  });
  afterAll(() => server.stop());

  it('says that nothing listens at a dead port, and names the server without its password', async () => {
    const port = await freePort();
    for (const host of ['127.0.0.1', 'localhost']) {
      const error = await attempt({
        url: `postgres://app:${encodeURIComponent(SECRET)}@${host}:${port}/orders`,
      });
      expect(error).toMatchObject({ kind: 'source', code: 'POSTGRES_UNREACHABLE' });
      expect(error.message).toContain(`(postgres://app@${host}:${port}/orders): nothing listens there`);
      expectNotToHold(error, SECRET);
    }
  });

  it('says that a host name does not resolve', async () => {
    const error = await attempt({ url: 'postgres://app@db.invalid/orders' });
    expect(error.message).toMatch(/does not resolve|name server/);
  });

  it.each(['', '?sslmode=require'])('gives up in time on a server that keeps silent (%s)', async (query) => {
    const hole = await silentServer();
    const from = Date.now();
    const error = await attempt({
      url: `postgres://app@127.0.0.1:${hole.port}/x${query}`,
      connectTimeoutMs: 500,
    });
    expect(Date.now() - from).toBeLessThan(900);
    expect(error).toMatchObject({ kind: 'source', code: 'POSTGRES_TIMEOUT' });
    hole.stop();
  });

  it('says that the server does not support SSL, and goes on where the url only prefers it', async () => {
    const error = await attempt({ url: `${server.url()}?sslmode=require` });
    expect(error).toMatchObject({ kind: 'source', code: 'POSTGRES_TLS' });
    expect(error.message).toContain('the server does not support SSL');
    expect(await ask({ url: `${server.url()}?sslmode=prefer` }, 'SELECT 1 AS one')).toEqual({ one: 1 });
  });

  it('says that the server has no free connection, and that waiting helps', async () => {
    const clients: Awaited<ReturnType<typeof connectPostgres>>[] = [];
    let error: unknown;
    while (error === undefined && clients.length < 20) {
      await connectPostgres({ url: server.url() }).then(
        (client) => clients.push(client),
        (reason: unknown) => {
          error = reason;
        },
      );
    }
    expect(error).toMatchObject({ kind: 'source', code: 'POSTGRES_CONNECTIONS' });
    expect(isRetryablePostgres(error)).toBe('server has no free connection');
    await Promise.all(clients.map((client) => client.end()));
  });

  it('fails the statement in flight when the connection is cut, and nothing else', async () => {
    const proxy = await startTcpProxy(server.port);
    const client = await connectPostgres({ host: '127.0.0.1', port: proxy.port, user: 'postgres' });
    const idle = await connectPostgres({ host: '127.0.0.1', port: proxy.port, user: 'postgres' });
    const running = client.query('SELECT pg_sleep(30)').catch((error: unknown) => error);
    proxy.cut();
    expect(isRetryablePostgres(await running)).toMatch(/^connection lost/);
    const later = await idle.query('SELECT 1').catch((error: unknown) => error);
    expect(isRetryablePostgres(later)).toMatch(/^connection lost/);
    await proxy.stop();
  });

  it('says that waiting helps when the server shuts down, and connects once it is back', async () => {
    const client = await connectPostgres({ url: server.url() });
    const running = client.query('SELECT pg_sleep(30)').catch((error: unknown) => error);
    await server.restart();
    expect(isRetryablePostgres(await running)).toBe('server is shutting down');
    expect(await ask({ url: server.url() }, 'SELECT 1 AS one')).toEqual({ one: 1 });
  });

  it('names the table that may not be read or is not there, and keeps no parameter', async () => {
    const client = await connectPostgres({ url: server.url() });
    await client.query('CREATE TABLE locked (id int); CREATE ROLE reader LOGIN');
    const reader = await connectPostgres({ url: server.url(), user: 'reader' });
    const denied = await reader.query('SELECT * FROM locked').catch((error: unknown) => error);
    expect(toSourceError(denied, 'L', 'read table locked')).toMatchObject({
      kind: 'auth',
      message: 'cannot read table locked (L): permission denied for table locked (42501)',
    });
    const missing = await reader
      .query('SELECT * FROM gone WHERE x = $1', [SECRET])
      .catch((error: unknown) => error);
    const error = toSourceError(missing, 'L', 'read table gone');
    expect(error).toMatchObject({ kind: 'source', code: 'POSTGRES_NO_TABLE' });
    expectNotToHold(error, SECRET);
    await Promise.all([client.end(), reader.end()]);
  });
});
