import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, type RedisOptions } from '../../src/backends/redis/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { freePort } from '../support/server-process.ts';
import { expectNotToHold, failureOf, noiseOf, silentServer } from './failure.ts';

const SECRET = 'hunter2+secret';

const attempt = (options: RedisOptions) => failureOf(connectRedis({ connectTimeoutMs: 2000, ...options }));

describe('a first connection that cannot work', () => {
  let open: TestRedis;
  let locked: TestRedis;

  beforeAll(async () => {
    [open, locked] = await Promise.all([startRedis(), startRedis({ password: SECRET })]);
  });
  afterAll(async () => {
    await Promise.all([open.stop(), locked.stop()]);
  });

  it('says that nothing listens at a dead port, and names the server without its password', async () => {
    const port = await freePort();
    const error = await attempt({ url: `redis://worker:${encodeURIComponent(SECRET)}@127.0.0.1:${port}/3` });
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_UNREACHABLE' });
    expect(error.message).toBe(
      `cannot connect to redis (redis://worker@127.0.0.1:${port}/3): nothing listens there (ECONNREFUSED)`,
    );
    expect(error.hint).not.toEqual([]);
    expectNotToHold(error, SECRET);
  });

  it('says that nothing listens when a name has two addresses and both refuse', async () => {
    const error = await attempt({ url: `redis://localhost:${await freePort()}` });
    expect(error.message).toContain('nothing listens there');
  });

  it('says that a host name does not resolve', async () => {
    const error = await attempt({ url: 'redis://redis.invalid:6379' });
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_UNREACHABLE' });
    expect(error.message).toMatch(/does not resolve|name server/);
  });

  it.each([
    ['plain', 'redis'],
    ['TLS', 'rediss'],
  ])('gives up in time on a server that accepts and keeps silent (%s)', async (_, scheme) => {
    const hole = await silentServer();
    const from = Date.now();
    const error = await attempt({ url: `${scheme}://127.0.0.1:${hole.port}`, connectTimeoutMs: 500 });
    expect(Date.now() - from).toBeLessThan(800);
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_TIMEOUT' });
    hole.stop();
  });

  it('keeps its own sentence whole where the password is one of its words', async () => {
    const error = await attempt({ url: locked.url.replace(/:[^:@/]*@/, ':@'), password: 'wrong' });
    expect(error.message).toContain('wrong user name or password');
  });

  it('tells a wrong password from a missing one, and repeats neither', async () => {
    const wrong = await attempt({ url: `redis://127.0.0.1:${locked.port}`, password: `${SECRET}-not` });
    expect(wrong).toMatchObject({ kind: 'auth', code: 'REDIS_AUTH' });
    expect(wrong.message).toContain('wrong user name or password');
    expectNotToHold(wrong, SECRET);
    const missing = await attempt({ url: `redis://127.0.0.1:${locked.port}` });
    expect(missing).toMatchObject({ kind: 'auth', code: 'REDIS_AUTH' });
    expect(missing.message).toContain('wants a password and none was given');
  });

  it('refuses to go on in database 0 when the server has no database 99', async () => {
    const error = await attempt({ url: `${open.url}/99` });
    expect(error).toMatchObject({ kind: 'config', code: 'REDIS_DB' });
  });

  it('says that a single server is no cluster', async () => {
    const error = await attempt({ cluster: { nodes: [{ host: '127.0.0.1', port: open.port }] } });
    expect(error).toMatchObject({ kind: 'config', code: 'REDIS_NOT_CLUSTER' });
    expect(error.message).toContain(`cluster://127.0.0.1:${open.port}`);
  });

  it('does not repeat a password that a server of another kind sends back', async () => {
    const echo = await silentServer("-ERR unknown command 'AUTH', with args beginning with: %s\r\n");
    const error = await attempt({
      url: `redis://127.0.0.1:${echo.port}`,
      password: SECRET,
      connectTimeoutMs: 500,
    });
    expectNotToHold(error, SECRET);
    echo.stop();
  });

  it('prints nothing, also where a password is given and none is needed', async () => {
    const noise = await noiseOf(async () => {
      const connection = await connectRedis({ url: open.url, password: SECRET });
      await connection.close();
      await attempt({ url: `redis://127.0.0.1:${await freePort()}` });
      await attempt({ url: `redis://127.0.0.1:${locked.port}` });
    });
    expect(noise).toBe('');
  });

  it('waits for a server that is still loading its data', async () => {
    const loading = await silentServer('-LOADING Redis is loading the dataset in memory\r\n');
    const options = { url: `redis://127.0.0.1:${loading.port}`, connectionName: '', connectTimeoutMs: 700 };
    const error = await attempt(options);
    expect(error.message).toContain('Redis is loading its data');
    loading.stop();
  });
});

describe('a connection with TLS', () => {
  let server: TestRedis;
  let plain: TestRedis;
  const pem = (name: 'ca' | 'clientCert' | 'clientKey') => readFileSync(server.certificates![name]);

  beforeAll(async () => {
    [server, plain] = await Promise.all([startRedis({ tls: true }), startRedis()]);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), plain.stop()]);
  });

  it('works with the CA, by rediss:// and by tls options', async () => {
    for (const url of [server.url, `redis://127.0.0.1:${server.port}`]) {
      const connection = await connectRedis({ url, tls: { ca: pem('ca') } });
      expect(connection.label).toBe(`rediss://127.0.0.1:${server.port}/0`);
      await connection.close();
    }
  });

  it('says that the CA is unknown', async () => {
    const error = await attempt({ url: server.url });
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_TLS' });
    expect(error.message).toContain('unknown CA');
  });

  it('says that the certificate is for another name', async () => {
    const error = await attempt({ url: server.url, tls: { ca: pem('ca'), servername: 'redis.example.com' } });
    expect(error.message).toContain('certificate is for another host name');
  });

  it('tells a plain client that the port speaks TLS', async () => {
    const error = await attempt({ url: `redis://:${SECRET}@127.0.0.1:${server.port}` });
    expect(error).toMatchObject({ code: 'REDIS_TLS_MISMATCH', hint: [expect.stringContaining('rediss://')] });
    expect(error.message).toContain('the server speaks TLS, not plain text');
  });

  it('tells a TLS client that the port speaks plain text', async () => {
    const error = await attempt({ url: `rediss://127.0.0.1:${plain.port}`, connectTimeoutMs: 1000 });
    expect(error).toMatchObject({ code: 'REDIS_TLS_MISMATCH' });
    expect(error.message).toContain('the server speaks plain text, not TLS');
  });

  it('presents a client certificate, and says when the server wants one', async () => {
    const admin = await connectRedis({ url: server.url, tls: { ca: pem('ca') } });
    await admin.client.config('SET', 'tls-auth-clients', 'yes');
    const tls = { ca: pem('ca'), cert: pem('clientCert'), key: pem('clientKey') };
    const connection = await connectRedis({ url: server.url, tls });
    expect(await connection.client.ping()).toBe('PONG');
    const error = await attempt({ url: server.url, tls: { ca: pem('ca') } });
    expect(error).toMatchObject({ code: 'REDIS_TLS' });
    expect(error.message).toContain('client certificate');
    await admin.client.config('SET', 'tls-auth-clients', 'optional');
    await Promise.all([admin.close(), connection.close()]);
  });
});
