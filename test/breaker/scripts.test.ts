import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { uniqueName } from '../support/shared.ts';
import { SteeredBreaker } from './steered.ts';

let server: TestRedis;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const OPERATOR = { by: 'ops', host: 'desk', reason: '' };

test('null is as if nothing was said: clients in other languages send it', async () => {
  const breaker = new SteeredBreaker(client, uniqueName('cb'));
  const nothing = { slow: null, rejected: null, error: null, leases: null, random: null };
  const declared = { failureThreshold: 5, minimumCalls: null };
  const { last } = await breaker.run('sync', {
    instance: 'a',
    version: 0,
    ok: 1,
    fail: 1,
    rev: null,
    declared,
    ...nothing,
  });
  expect(last).toBe(1);
  expect((await breaker.standing()).counts).toEqual([1, 1, 0, 0]);
});

test('a probe that ends while the breaker is disabled is not counted', async () => {
  const breaker = new SteeredBreaker(client, uniqueName('cb'));
  await breaker.run('trip', { ...OPERATOR, forMs: 10 });
  breaker.now += 20;
  const { state, last } = await breaker.run('admit', { instance: 'a', lease: 'a:1' });
  expect(last).toBe(1);
  await breaker.run('hold', { ...OPERATOR, mode: 'disabled' });
  const probe = { instance: 'a', lease: 'a:1', version: Number(state.version), outcome: 'fail' };
  expect((await breaker.run('settle', probe)).last).toBe(0);
  expect(await breaker.standing()).toMatchObject({ state: 'half-open', counts: [0, 0, 0, 0], leases: {} });
});

test('what was counted before a reset does not come back with another window', async () => {
  const breaker = new SteeredBreaker(client, uniqueName('cb'));
  const declared = { failureThreshold: 10 };
  await breaker.run('sync', { instance: 'a', version: 0, fail: 9, declared });
  breaker.now += 11_000;
  await breaker.run('configure', { ...OPERATOR, set: { windowMs: 120_000 } });
  await breaker.run('reset', OPERATOR);
  await breaker.run('configure', { ...OPERATOR, unset: ['windowMs'] });
  expect((await breaker.standing()).counts).toEqual([0, 0, 0, 0]);
  await breaker.run('sync', { instance: 'a', version: 1, fail: 1 });
  expect(await breaker.standing()).toMatchObject({ state: 'closed', counts: [0, 1, 0, 0] });
});

test('why it had opened is known in half-open time, too', async () => {
  const breaker = new SteeredBreaker(client, uniqueName('cb'));
  const declared = { failureThreshold: 2, openMs: 100 };
  await breaker.run('sync', { instance: 'a', version: 0, fail: 2, declared });
  breaker.now += 200;
  await breaker.run('admit', { instance: 'a', lease: 'a:1' });
  const { state, cause, detail } = await breaker.standing();
  expect([state, cause, detail]).toEqual([
    'half-open',
    'open-time-over',
    '2 of 2 calls failed in 60s, threshold 2',
  ]);
});

test('what nobody uses goes by itself: a closed state after 30 days, counts after two windows', async () => {
  const name = uniqueName('cb');
  const breaker = new SteeredBreaker(client, name);
  await breaker.run('hold', { ...OPERATOR, mode: 'observe' });
  await breaker.run('sync', { instance: 'a', version: 0, ok: 1, declared: { windowMs: 5000 } });
  expect(await client.ttl(`qctl:{cb:${name}}:state`)).toBeGreaterThan(29 * 86_400);
  expect(await client.ttl(`qctl:{cb:${name}}:override`)).toBe(-1);
  const [bucket] = await client.keys(`qctl:{cb:${name}}:b:*`);
  expect(await client.pttl(bucket!)).toBeLessThanOrEqual(10_000);
  await breaker.run('trip', OPERATOR);
  expect(await client.ttl(`qctl:{cb:${name}}:state`)).toBe(-1);
});
