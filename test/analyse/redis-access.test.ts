import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { having } from '../support/redis-having.ts';
import { freePort } from '../support/server-process.ts';
import { analysed, type Case, found } from './driver.ts';

let server: TestRedis;
let redis: Redis;
let plainPort: number;

// One server with a port for each; 0.0.0.0 leads to this host, and is no address of its own.
const plain = (login = ''): Case => ({ redisUrl: `redis://${login}0.0.0.0:${plainPort}` });
const encrypted = (host = '0.0.0.0'): Case => ({
  redisUrl: `rediss://${host}:${server.port}/0?ssl_cert_reqs=none`,
});

beforeAll(async () => {
  plainPort = await freePort();
  server = await startRedis({ tls: true, args: ['--port', String(plainPort)] });
  redis = new Redis(plainPort);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

test('NO_TLS: a connection that others could read is told, and one by TLS is not', async () => {
  const [finding] = await found(plain(), 'NO_TLS');
  expect(finding).toMatchObject({ level: 'warning', remedy: expect.stringContaining('rediss://') });
  expect(finding!.what).toContain(`0.0.0.0:${plainPort} is not encrypted`);
  const analysis = await analysed(encrypted());
  expect(analysis.server).toMatchObject({ tls: true, network: 'public' });
  expect(analysis.findings.map(({ code }) => code)).not.toContain('NO_TLS');
});

test('NO_PASSWORD: a server that lets everybody in is told, and one with a password is not', async () => {
  const [finding] = await found(plain(), 'NO_PASSWORD');
  expect(finding).toMatchObject({ level: 'warning' });
  expect(finding!.remedy).toContain('CONFIG SET requirepass');
  // Whatever password is given, a user that needs none takes it.
  expect(await found(plain(':anything@'), 'NO_PASSWORD')).toHaveLength(1);
  await having(redis, { requirepass: 'secret-of-a-test' }, async () => {
    const analysis = await analysed(plain(':secret-of-a-test@'));
    expect(analysis.server).toMatchObject({ passwordGiven: true, passwordNeeded: true });
    expect(analysis.findings.map(({ code }) => code)).not.toContain('NO_PASSWORD');
    expect(JSON.stringify(analysis)).not.toContain('secret-of-a-test');
    const [open] = await found(plain(':secret-of-a-test@'), 'NO_TLS');
    expect(open!.what).toContain('the password');
  });
});

test('a certificate that the server asks for counts as a password', async () => {
  await having(redis, { 'tls-auth-clients': 'yes' }, async () => {
    const { clientCert, clientKey } = server.certificates!;
    const [cert, key] = await Promise.all([clientCert, clientKey].map((path) => readFile(path)));
    const tls = { cert, key, rejectUnauthorized: false };
    const its: Case = { redis: { url: `rediss://0.0.0.0:${server.port}`, tls } };
    expect(await found(its, 'NO_PASSWORD')).toEqual([]);
  });
});

test('on this very host nobody else listens', async () => {
  const { server: facts, findings } = await analysed({ redisUrl: `redis://localhost:${plainPort}` });
  expect(facts!.network).toBe('loopback');
  expect(findings.map(({ code }) => code)).not.toContain('NO_TLS');
  expect(findings.map(({ code }) => code)).not.toContain('NO_PASSWORD');
});

test('behind TLS the same is found out as without', async () => {
  const { server: facts } = await analysed({ ...encrypted('127.0.0.1'), target: { stream: 'orders' } });
  expect(facts).toMatchObject({ tls: true, network: 'loopback', role: 'master', streamNodeMaxEntries: 100 });
  expect(facts!.pingP50Ms).toBeGreaterThan(0);
});
