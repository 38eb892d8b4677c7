import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  lookAtBreakers,
  type Operation,
  operateBreaker,
  readEvents,
  resolveBreakers,
} from '../../src/breaker/index.ts';
import { type BreakerOptions, CircuitBreaker, CircuitOpenError } from '../../src/index.ts';
import { startTcpProxy } from '../support/proxy.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startReplyLoser } from '../support/reply-loser.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';

let redis: RedisConnection;
let name: string;
const open: CircuitBreaker[] = [];

beforeEach(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
  name = uniqueName('cb');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((breaker) => breaker.close()));
  const keys = await redis.client.keys(`qctl:{cb:${name}}:*`);
  if (keys.length > 0) await redis.client.del(...keys);
  await redis.client.zrem('qctl:cb:index', name);
  await redis.close();
});

/** A process of its own, as far as the breaker can tell. */
async function join(options: BreakerOptions = {}): Promise<CircuitBreaker> {
  const breaker = new CircuitBreaker(name, { redis: sharedRedisUrl(), flushIntervalMs: 100, ...options });
  open.push(breaker);
  await breaker.ready();
  return breaker;
}

const OPERATOR = { by: 'ops', host: 'desk', reason: 'vendor incident' };
const operate = (operation: Operation) => operateBreaker(redis, name, operation, OPERATOR);
const look = async () => (await lookAtBreakers(redis, [name]))[0]!;
const up = async () => 'pong';
const down = async (): Promise<string> => {
  throw new Error('connect ECONNREFUSED http://user:secret@api.internal:8080/x');
};
const failing = (breaker: CircuitBreaker) => breaker.execute(down).catch((error: Error) => error);
const isOpen = (breaker: CircuitBreaker) => () => breaker.status().state === 'open';

describe('one process', () => {
  test('gets what the call gives and throws what it throws, and both are counted in Redis', async () => {
    const breaker = await join();
    expect(await breaker.execute(up)).toBe('pong');
    expect(await breaker.execute(() => 42)).toBe(42);
    await expect(breaker.execute(down)).rejects.toThrow('ECONNREFUSED');
    await breaker.flush();
    expect((await look()).counts).toEqual({ ok: 2, failed: 1, slow: 0, rejected: 0 });
  });

  test('is rejected once the threshold is reached, with the reason, and the call is not made', async () => {
    const breaker = await join({ failureThreshold: 3, openTime: '30s' });
    for (let i = 0; i < 3; i += 1) await failing(breaker);
    await waitFor(isOpen(breaker));
    let called = false;
    const rejected = await breaker.execute(() => (called = true)).catch((error: unknown) => error);
    expect(rejected).toBeInstanceOf(CircuitOpenError);
    expect((rejected as CircuitOpenError).message).toBe(
      `circuit breaker ${name} is open: 3 of 3 calls failed in 60s, threshold 3`,
    );
    expect((rejected as CircuitOpenError).retryAfterMs).toBeGreaterThan(20_000);
    expect(called).toBe(false);
    await breaker.flush();
    const { counts, lastError } = await look();
    expect(counts.rejected).toBe(1);
    expect(lastError).toBe('connect ECONNREFUSED http://user:***@api.internal:8080/x');
  });

  test('what it counted in its one moment of life is not lost', async () => {
    const breaker = new CircuitBreaker(name, { redis: sharedRedisUrl() });
    await failing(breaker);
    await breaker.close();
    expect((await look()).counts.failed).toBe(1);
  });

  test('with the defaults one failed first call opens nothing, and 5 of 10 do', async () => {
    const breaker = await join();
    await failing(breaker);
    await breaker.flush();
    expect((await look()).state).toBe('closed');
    for (let i = 0; i < 5; i += 1) await breaker.execute(up);
    for (let i = 0; i < 4; i += 1) await failing(breaker);
    await waitFor(isOpen(breaker));
    expect((await look()).cause).toBe('failure-rate');
  });

  test('a fallback takes the place of a failure and of a rejection', async () => {
    const breaker = await join({ failureThreshold: 1, openTime: '30s' });
    const fallback = (error: unknown) => (error instanceof CircuitOpenError ? 'cached' : 'failed');
    expect(await breaker.execute(down, { fallback })).toBe('failed');
    await waitFor(isOpen(breaker));
    expect(await breaker.execute(up, { fallback })).toBe('cached');
  });

  test('errors that say nothing about the dependency are not counted, results that do are', async () => {
    const breaker = await join({
      isFailure: (error) => !(error instanceof RangeError),
      isFailedResult: (result) => (result as { status: number }).status >= 500,
    });
    await expect(breaker.execute(() => Promise.reject(new RangeError('404')))).rejects.toThrow('404');
    expect(await breaker.execute(() => ({ status: 503 }))).toEqual({ status: 503 });
    await breaker.flush();
    expect((await look()).counts).toEqual({ ok: 0, failed: 1, slow: 0, rejected: 0 });
  });

  test('slow calls open it although they succeed', async () => {
    const breaker = await join({ slowCallDuration: '5s', slowCallRate: '50%', minimumCalls: 4 });
    for (const durationMs of [10, 20, 6000, 7000])
      breaker.record(await breaker.allow(), 'ok', { durationMs });
    await waitFor(isOpen(breaker));
    const { cause, counts } = await look();
    expect([cause, counts.slow, counts.failed]).toEqual(['slow-calls', 2, 0]);
  });

  test('a call that began before a move says nothing of the dependency after it', async () => {
    const breaker = await join({ failureThreshold: 1 });
    let fail = (_: Error): void => undefined;
    const hanging = breaker.execute(() => new Promise((_, reject) => (fail = reject)));
    const permit = await breaker.allow();
    await operate({ verb: 'reset' });
    await breaker.flush();
    fail(new Error('timed out, from before'));
    await hanging.catch(() => undefined);
    breaker.record(permit, 'fail');
    await breaker.flush();
    expect(await look()).toMatchObject({ state: 'closed', counts: { failed: 0 } });
    await failing(breaker);
    await waitFor(isOpen(breaker));
  });

  test('a permit counts once, and not at all where its call says nothing', async () => {
    const breaker = await join();
    const [first, second] = [await breaker.allow(), await breaker.allow()];
    breaker.record(first, 'ok');
    breaker.record(first, 'fail');
    breaker.record(second, 'none');
    await breaker.flush();
    expect((await look()).counts).toMatchObject({ ok: 1, failed: 0 });
  });

  test('probes close it again, and a failed probe opens it for longer', async () => {
    const breaker = await join({ failureThreshold: 1, openTime: 200, successThreshold: 2 });
    await failing(breaker);
    await waitFor(isOpen(breaker));
    await waitFor(async () => !((await failing(breaker)) instanceof CircuitOpenError));
    const again = await waitFor(async () => {
      const view = await look();
      return view.openings === 2 ? view : null;
    });
    expect([again.cause, again.state]).toEqual(['probe-failed', 'open']);
    expect(again.openMs).toBeGreaterThanOrEqual(400);
    await waitFor(async () => {
      await breaker.execute(up).catch(() => undefined);
      return breaker.status().state === 'closed';
    });
    expect((await look()).cause).toBe('recovered');
  });

  test.each([
    ['an empty name', '', {}],
    ['a name with braces', 'a{b}', {}],
    ['a threshold that is no number', 'a', { failureThreshold: 'many' }],
    ['a rate above 100', 'a', { failureRate: 250 }],
    ['an open time without a unit', 'a', { openTime: 'soon' }],
    ['a flush interval of nothing', 'a', { flushIntervalMs: 0 }],
    ['a Redis that is none', 'a', { redis: 'http://redis.internal' }],
    ['a port that is none', 'a', { redis: 'redis://redis.internal:99999' }],
  ])('%s is refused at once', (_, given, options) => {
    expect(() => new CircuitBreaker(given, options)).toThrow(/cannot be the name|expected|redis/i);
  });
});

describe('what calls throw', () => {
  test.each([
    ['a text whose cut leaves half a character', new Error(`${'x '.repeat(99)}x\u{1f525} is burning`)],
    ['a text of two million letters', new Error('x'.repeat(2_000_000))],
    ['a message that is no text', Object.assign(new Error(), { message: { code: 5 } })],
    ['a thing without a prototype', Object.create(null) as object],
  ])('%s is thrown as it is, and shared as a text that others can read', async (_, thrown) => {
    const breaker = await join();
    expect(await breaker.execute(() => Promise.reject(thrown)).catch((error: unknown) => error)).toBe(thrown);
    await breaker.flush();
    const { counts, lastError } = await look();
    expect(counts.failed).toBe(1);
    expect(lastError).toMatch(/^[^\u{d800}-\u{dfff}]{5,200}$/u);
    expect(breaker.status().redisTrouble).toBeNull();
  });

  test('half a URL does not show its password', async () => {
    const breaker = await join();
    const long = `${'w '.repeat(90)}redis://app:${'secret'.repeat(200)}@host`;
    await breaker.execute(() => Promise.reject(new Error(long))).catch(() => undefined);
    await breaker.flush();
    expect((await look()).lastError).toMatch(/^(w )+/);
    expect((await look()).lastError).not.toContain('secret');
  });

  test('isFailure that cannot make anything of an error: it is one, and a probe is settled all the same', async () => {
    const isFailure = (error: unknown) => (error as { response: { status: number } }).response.status >= 500;
    const breaker = await join({ failureThreshold: 1, openTime: 100, isFailure });
    await expect(breaker.execute(down)).rejects.toThrow('ECONNREFUSED');
    await waitFor(isOpen(breaker));
    await waitFor(async () => !((await failing(breaker)) instanceof CircuitOpenError));
    await waitFor(async () => (await look()).openings === 2);
    expect((await look()).probesUnderWay).toBe(0);
  });
});

describe('several processes', () => {
  test('a probe that hangs is given up although its process lives, and another one goes', async () => {
    const options = { failureThreshold: 1, openTime: 100, probeTimeout: 100, successThreshold: 1 };
    const [stuck, other] = [await join(options), await join()];
    await failing(stuck);
    let probing = false;
    const hang = () => {
      probing = true;
      return new Promise<never>(() => undefined);
    };
    await waitFor(isOpen(stuck));
    await waitFor(() => {
      void stuck.execute(hang).catch(() => undefined);
      return probing;
    });
    await waitFor(async () => (await other.execute(up).catch(() => null)) === 'pong');
    await waitFor(async () => (await look()).state === 'closed');
  });

  test('an instance has a name that a restarted container with the same pid has not', async () => {
    const breaker = await join({ failureThreshold: 1 });
    await failing(breaker);
    const [event] = await waitFor(async () => {
      const events = await readEvents(redis, { wanted: (one) => one === name, limit: 9 });
      const found = events.filter(({ to }) => to === 'open');
      return found.length > 0 ? found : null;
    });
    expect(event!.instance).toMatch(new RegExp(`:${process.pid}:\\d+:[0-9a-f]{8}$`));
  });

  test('what fails in one stops the calls of all, and one of them is told that it opened', async () => {
    const breakers = await Promise.all([join({ failureThreshold: 4 }), join(), join()]);
    const told: string[] = [];
    breakers.forEach((breaker, at) => {
      breaker.on('transition', ({ from, to, cause }) => told.push(`${at}: ${from} ${to} ${cause}`));
    });
    for (let i = 0; i < 2; i += 1) await Promise.all([failing(breakers[0]!), failing(breakers[1]!)]);
    for (const breaker of breakers) await waitFor(isOpen(breaker));
    await expect(breakers[2]!.execute(up)).rejects.toThrow('is open');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^[01]: closed open failures$/);
  });

  test('of a hundred calls at once in three processes one probe is let through', async () => {
    const breakers = await Promise.all([join({ failureThreshold: 1, openTime: 100 }), join(), join()]);
    await operate({ verb: 'trip', forMs: 150 });
    for (const breaker of breakers) await waitFor(isOpen(breaker));
    let underWay = 0;
    let most = 0;
    let letThrough = 0;
    const probe = async () => {
      letThrough += 1;
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay -= 1;
    };
    await waitFor(async () => {
      const calls = Array.from({ length: 100 }, (_, i) =>
        breakers[i % 3]!.execute(probe).catch(() => undefined),
      );
      await Promise.all(calls);
      return letThrough > 0;
    });
    expect([letThrough, most]).toEqual([1, 1]);
    await waitFor(async () => (await look()).successes === 1);
  });

  test('with a quorum the trouble of one process stops that process alone', async () => {
    const sick = await join({ failureThreshold: 3, instances: 2, openTime: '30s' });
    const healthy = await join();
    for (let i = 0; i < 5; i += 1) await failing(sick);
    for (let i = 0; i < 5; i += 1) await healthy.execute(up);
    await Promise.all([sick.flush(), healthy.flush()]);
    expect(sick.status()).toMatchObject({ state: 'open', local: true });
    await expect(sick.execute(up)).rejects.toThrow('is open');
    expect(await healthy.execute(up)).toBe('pong');
    expect((await look()).state).toBe('closed');
    for (let i = 0; i < 10; i += 1) await failing(healthy);
    await waitFor(async () => (await look()).cause === 'failures');
    await waitFor(() => healthy.status().state === 'open' && !healthy.status().local);
  });
});

describe('operators', () => {
  test('held open rejects until it is released, whatever the dependency does', async () => {
    const breaker = await join();
    await operate({ verb: 'hold', mode: 'open' });
    await waitFor(() => breaker.status().override === 'open');
    const rejected = await breaker.execute(up).catch((error: Error) => error.message);
    expect(rejected).toBe(`circuit breaker ${name} is open: held open by ops@desk: vendor incident`);
    await operate({ verb: 'release' });
    await waitFor(() => breaker.status().override === null);
    expect(await breaker.execute(up)).toBe('pong');
  });

  test('held closed lets everything through, and what it counts opens it only after the release', async () => {
    const breaker = await join({ failureThreshold: 2 });
    await operate({ verb: 'hold', mode: 'closed' });
    await waitFor(() => breaker.status().override === 'closed');
    for (let i = 0; i < 5; i += 1) expect(await failing(breaker)).not.toBeInstanceOf(CircuitOpenError);
    await breaker.flush();
    expect(await look()).toMatchObject({ state: 'closed', counts: { failed: 5 } });
    await operate({ verb: 'release' });
    await waitFor(() => breaker.status().override === null);
    await failing(breaker);
    await waitFor(isOpen(breaker));
  });

  test('disabled it counts nothing; watched it moves and rejects nobody', async () => {
    const breaker = await join({ failureThreshold: 2, openTime: 100, successThreshold: 1 });
    await operate({ verb: 'hold', mode: 'disabled' });
    await waitFor(() => breaker.status().override === 'disabled');
    for (let i = 0; i < 3; i += 1) await failing(breaker);
    await breaker.flush();
    expect(await look()).toMatchObject({ state: 'closed', counts: { failed: 0 } });
    await operate({ verb: 'hold', mode: 'observe' });
    await waitFor(() => breaker.status().override === 'observe');
    for (let i = 0; i < 3; i += 1) expect(await failing(breaker)).not.toBeInstanceOf(CircuitOpenError);
    await waitFor(async () => (await look()).state === 'open');
    await waitFor(async () => {
      expect(await breaker.execute(up)).toBe('pong');
      return (await look()).state === 'closed';
    });
    const events = await readEvents(redis, { wanted: (one) => one === name, limit: 100 });
    const moves = events.filter(({ type }) => type === 'transition');
    expect(moves.map(({ to, observed }) => [to, observed])).toEqual([
      ['open', true],
      ['half-open', true],
      ['closed', true],
    ]);
  });

  test('an override ends at its time, and one process says so in the events', async () => {
    const breaker = await join();
    await operate({ verb: 'hold', mode: 'open', forMs: 300 });
    await waitFor(() => breaker.status().override === 'open');
    await waitFor(() => breaker.status().override === null);
    expect(await breaker.execute(up)).toBe('pong');
    await waitFor(async () => {
      const events = await readEvents(redis, { wanted: (one) => one === name, limit: 100 });
      return events.filter(({ type }) => type === 'lapse').length === 1;
    });
  });

  test('what is set by an operator stands above what programs say, also after they start again', async () => {
    const first = await join({ failureThreshold: 100 });
    await operate({ verb: 'set', changes: { failureThreshold: 2 } });
    await waitFor(() => first.status().settings.failureThreshold === 2);
    const second = await join({ failureThreshold: 50, openTime: '2m' });
    expect(second.status().settings).toMatchObject({ failureThreshold: 2, openMs: 120_000 });
    await operate({ verb: 'set', changes: { failureThreshold: null } });
    await waitFor(() => second.status().settings.failureThreshold === 50);
  });

  test('a program without settings takes those that stand in Redis', async () => {
    await operate({ verb: 'set', changes: { failureThreshold: 1 } });
    const breaker = await join();
    await failing(breaker);
    await waitFor(isOpen(breaker));
  });
});

describe('without Redis', () => {
  let server: TestRedis;
  beforeEach(async () => {
    server = await startRedis();
    return () => server.stop();
  });

  test('no Redis at all: the process counts for itself, opens, probes and recovers', async () => {
    const breaker = await join({ redis: undefined, failureThreshold: 2, openTime: 100, successThreshold: 1 });
    await failing(breaker);
    await failing(breaker);
    expect(breaker.status()).toMatchObject({ state: 'open', local: true, redisTrouble: null });
    await expect(breaker.execute(up)).rejects.toThrow('is open');
    await waitFor(async () => (await breaker.execute(up).catch(() => null)) === 'pong');
    expect(breaker.status().state).toBe('closed');
  });

  test('a Redis that is not there costs no call, and is said once', async () => {
    const port = server.port;
    await server.kill9();
    const breaker = new CircuitBreaker(name, { redis: `redis://127.0.0.1:${port}`, failureThreshold: 2 });
    open.push(breaker);
    const said: (string | null)[] = [];
    breaker.on('redis', (reason) => said.push(reason));
    expect(await breaker.execute(up)).toBe('pong');
    await breaker.ready();
    await breaker.flush();
    expect(said).toEqual([expect.stringContaining('ECONNREFUSED')]);
    await failing(breaker);
    await failing(breaker);
    const { message } = (await breaker.execute(up).catch((error: unknown) => error)) as Error;
    expect(message).toContain('without Redis, by what this process knows');
    await server.restart();
    await waitFor(() => said.at(-1) === null);
    expect(breaker.status().redisTrouble).toBeNull();
  });

  test('held open stays held open while Redis is away, and when it comes back empty', async () => {
    const breaker = await join({ redis: server.url });
    const own = await connectRedis({ url: server.url });
    await operateBreaker(own, name, { verb: 'hold', mode: 'open' }, OPERATOR);
    await waitFor(() => breaker.status().override === 'open');
    await server.kill9();
    await waitFor(() => breaker.status().redisTrouble !== null);
    await expect(breaker.execute(up)).rejects.toThrow('held open by ops@desk');
    await server.restart();
    await waitFor(() => breaker.status().redisTrouble === null);
    const [view] = await waitFor(() => lookAtBreakers(own, [name]));
    expect(view!.override).toMatchObject({ mode: 'open', by: 'ops', reason: 'vendor incident' });
    await expect(breaker.execute(up)).rejects.toThrow('held open by ops@desk');
    const events = await readEvents(own, { wanted: null, limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['restore']);
    await waitFor(async () => (await resolveBreakers(own, ['*'])).includes(name));
    await own.close();
  });

  test('tripped for longer while it was open: it stays open for that long when Redis dies', async () => {
    const breaker = await join({ redis: server.url, failureThreshold: 1, openTime: 100 });
    const own = await connectRedis({ url: server.url });
    await failing(breaker);
    await waitFor(isOpen(breaker));
    await operateBreaker(own, name, { verb: 'trip', forMs: 600_000 }, OPERATOR);
    await waitFor(async () => (await lookAtBreakers(own, [name]))[0]!.openMs === 600_000);
    await breaker.flush();
    await server.kill9();
    await waitFor(() => breaker.status().redisTrouble !== null);
    const rejected = (await breaker.execute(up).catch((error: unknown) => error)) as CircuitOpenError;
    expect(rejected.retryAfterMs).toBeGreaterThan(60_000);
    await own.close();
  });

  test('closing one breaker twice leaves the connection to the others', async () => {
    const [first, second] = [await join({ redis: server.url }), await join({ redis: server.url })];
    await first.close();
    await first.close();
    await second.flush();
    expect(second.status().redisTrouble).toBeNull();
  });

  test('a Redis that hangs while the breaker is half-open: a call is refused before the silence is noticed', async () => {
    const proxy = await startTcpProxy(server.port);
    const breaker = await join({ redis: `redis://127.0.0.1:${proxy.port}`, flushIntervalMs: 60_000 });
    const own = await connectRedis({ url: server.url });
    await operateBreaker(own, name, { verb: 'trip', forMs: 1 }, OPERATOR);
    await breaker.flush();
    proxy.setBlocked('hold');
    const ended: string[] = [];
    const call = breaker.execute(up).catch(() => ended.push('call'));
    const flush = breaker.flush().then(() => ended.push('flush'));
    await Promise.all([call, flush]);
    expect(ended).toEqual(['call', 'flush']);
    await own.close();
    await proxy.stop();
  });

  test('a Redis that hangs does not hold up calls', async () => {
    const proxy = await startTcpProxy(server.port);
    const breaker = await join({ redis: `redis://127.0.0.1:${proxy.port}`, failureThreshold: 2 });
    proxy.setBlocked('hold');
    const flush = breaker.flush();
    expect(await breaker.execute(up)).toBe('pong');
    await failing(breaker);
    await failing(breaker);
    await flush;
    await waitFor(() => breaker.status().redisTrouble !== null);
    await waitFor(isOpen(breaker));
    expect(breaker.status().local).toBe(true);
    await proxy.stop();
  });

  test('a lost reply: what may have counted is not counted twice, and who opened it is told all the same', async () => {
    const loser = await startReplyLoser(server.port);
    const breaker = await join({
      redis: `redis://127.0.0.1:${loser.port}`,
      failureThreshold: 2,
      openTime: '30s',
    });
    const told: string[] = [];
    breaker.on('transition', ({ to }) => told.push(to));
    loser.loseNext();
    await failing(breaker);
    await failing(breaker);
    await waitFor(() => loser.lost === 1);
    await waitFor(() => breaker.status().redisTrouble === null && breaker.status().state === 'open');
    const own = await connectRedis({ url: server.url });
    const [view] = await lookAtBreakers(own, [name]);
    expect(view!.counts.failed).toBeLessThanOrEqual(2);
    expect(told.filter((to) => to === 'open').length).toBe(view!.state === 'open' ? 1 : 0);
    await own.close();
    await loser.stop();
  });

  test('what was counted while Redis was away is brought to it when it is back', async () => {
    const proxy = await startTcpProxy(server.port);
    const breaker = await join({
      redis: `redis://127.0.0.1:${proxy.port}`,
      failureThreshold: 3,
      openTime: '30s',
    });
    proxy.setBlocked('refuse');
    await breaker.flush();
    for (let i = 0; i < 4; i += 1) await failing(breaker);
    expect(breaker.status()).toMatchObject({ state: 'open', local: true });
    proxy.setBlocked(false);
    await waitFor(() => breaker.status().redisTrouble === null);
    await waitFor(isOpen(breaker));
    const own = await connectRedis({ url: server.url });
    expect((await lookAtBreakers(own, [name]))[0]).toMatchObject({ state: 'open', cause: 'failures' });
    await own.close();
    await proxy.stop();
  });
});
