import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { loadRedis, whileInvalid } from './running.ts';

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

/** The stream of the run, once messages flow. */
async function sending(): Promise<string> {
  return waitFor(async () => {
    const [stream] = await client.keys('qctl:load:*');
    return stream !== undefined && (await client.xlen(stream)) > 20 ? stream : undefined;
  });
}

describe('a load test of Redis', () => {
  test('every group gets every message once, and nothing is left', async () => {
    const result = await loadRedis(server.url, {
      rate: '500/s',
      duration: '1600ms',
      warmup: '500ms',
      groups: 2,
      consumers: 3,
      thresholds: ['lost == 0', 'doubled == 0', 'p50 < 100s', 'rate > 100000/s'],
    });
    expect(result.counts).toMatchObject({
      planned: 800,
      confirmed: 800,
      processed: 1600,
      lost: 0,
      errors: 0,
    });
    // The warm-up is sent and counted, and not measured.
    expect(result.latency.enqueue!.count).toBe(550);
    expect(result.latency.endToEnd!.count).toBe(1100);
    expect(result.seconds.map(({ phase }) => phase)).toContain('warmup');
    expect(result.seconds.reduce((sum, { sent }) => sum + sent, 0)).toBe(800);
    expect(result.thresholds.map(({ holds }) => holds)).toEqual([true, true, true, false]);
    expect(result.verdict).not.toBe('passed');
    expect(result.rates.wanted).toBeCloseTo(500, -1);
    expect(await client.keys('*')).toEqual([]);
  });

  test('consumers may begin when everything is sent: a backlog is worked off', async () => {
    const result = await loadRedis(server.url, {
      rate: '1000/s',
      count: 1200,
      warmup: '0',
      consumers: { count: 1, after: 'production' },
      untilEmpty: true,
    });
    expect(result.counts).toMatchObject({ processed: 1200, lost: 0 });
    expect(result.seconds[0]).toMatchObject({ phase: 'measure', processed: 0 });
  });

  test('as fast as it goes, and nothing but sending', async () => {
    const result = await loadRedis(server.url, { rate: 'max', count: 5000, warmup: '0', groups: 0 });
    expect(result.counts).toMatchObject({ planned: 5000, confirmed: 5000, lost: null, processed: 0 });
    expect(result.latency.endToEnd).toBeNull();
    expect(result.thresholds).toMatchObject([{ text: 'failed == 0', holds: true }]);
    expect(await client.keys('*')).toEqual([]);
  });

  test('a rate that is wanted and kept holds as a threshold, whatever the time of an answer', async () => {
    const { verdict, rates } = await whileInvalid(
      () => loadRedis(server.url, { rate: '200/s', duration: '2s', thresholds: ['rate >= 200/s'] }),
      (result) => result.verdict !== 'passed',
    );
    expect([verdict, rates.reached]).toEqual(['passed', 200]);
  });

  test('a stop ends it early: what was sent is finished, and the result says that it was stopped', async () => {
    const stopped = new AbortController();
    const running = loadRedis(server.url, { rate: '200/s', duration: '1h' }, stopped.signal);
    await sending();
    stopped.abort('SIGINT');
    const { verdict, reasons, counts } = await running;
    expect([verdict, reasons[0]]).toEqual(['stopped', 'it was stopped (SIGINT)']);
    expect(counts.processed).toBe(counts.planned);
    expect(await client.keys('*')).toEqual([]);
  });

  test('a threshold that may end it ends it', async () => {
    const result = await loadRedis(server.url, {
      rate: '200/s',
      duration: '1h',
      warmup: '0',
      thresholds: [{ check: 'p50 < 1ms and rate > 100000/s', abortOnFail: true, after: '1s' }],
    });
    expect(['failed', 'invalid']).toContain(result.verdict);
    expect(result.reasons.join()).toMatch(
      /ended early: not p50 < 1ms and rate > 100000\/s: p50 is .+, rate is /,
    );
    expect(result.sendingMs).toBeLessThan(60_000);
  });

  test('it stops where the memory of the target runs short', async () => {
    const { verdict, reasons } = await loadRedis(server.url, {
      rate: '200/s',
      duration: '1h',
      memoryLimit: '1MB',
    });
    expect([verdict, reasons[0]]).toEqual([
      'stopped',
      expect.stringMatching(/memory runs short: it uses \d+ MB/),
    ]);
    expect(await client.keys('*')).toEqual([]);
  });

  test('a stream of its own stays within its bounds while it runs', async () => {
    const result = await loadRedis(server.url, {
      target: { kind: 'redis', keep: 100 },
      rate: '3000/s',
      duration: '3s',
      warmup: '0',
      payload: 100,
    });
    expect(result.counts).toMatchObject({ planned: 9000, processed: 9000, lost: 0 });
    expect(result.backend.length).toBeLessThan(8000);
  });

  test('a killed test leaves nothing for long: its stream is gone by itself', async () => {
    const stopped = new AbortController();
    const running = loadRedis(server.url, { rate: '200/s', duration: '1h' }, stopped.signal);
    expect(await client.pttl(await sending())).toBeGreaterThan(60_000);
    stopped.abort();
    await running;
  });

  test('messages that another consumer takes away are lost, exactly', async () => {
    const running = loadRedis(server.url, {
      rate: '500/s',
      count: 500,
      warmup: '0',
      consumers: { count: 1, claimAfter: '1h' },
      drain: '20s',
    });
    const stream = await sending();
    let stolen = 0;
    while (stolen < 20) {
      const page = await client.xreadgroup(
        'GROUP',
        'g1',
        'thief',
        'COUNT',
        1,
        'BLOCK',
        50,
        'STREAMS',
        stream,
        '>',
      );
      const entries = (page as [string, [string][]][] | null)?.[0]?.[1] ?? [];
      stolen += entries.length;
      if (entries.length > 0) await client.xack(stream, 'g1', entries[0]![0]);
    }
    expect((await running).counts).toMatchObject({ lost: stolen, processed: 500 - stolen, doubled: 0 });
  });
});

describe('a stream that is somebody else’s', () => {
  test('with entries in it is refused before anything is sent, by its name', async () => {
    const stream = uniqueName('orders');
    await client.xadd(stream, '*', 'order', '1');
    const raw = { target: { kind: 'redis', stream }, rate: '100/s', count: 10 };
    await expect(loadRedis(server.url, raw)).rejects.toMatchObject({
      kind: 'refused',
      code: 'TARGET_NOT_EMPTY',
      message: expect.stringContaining(`stream ${stream} holds 1 entry`),
    });
    expect(await client.xlen(stream)).toBe(1);
  });

  test('keeps its own entries and groups, and nothing of the test', async () => {
    const stream = uniqueName('orders');
    await client.xadd(stream, '*', 'order', '1');
    await client.xgroup('CREATE', stream, 'workers', '0');
    const target = { kind: 'redis', stream, allowNotEmpty: true };
    const { counts } = await loadRedis(server.url, { target, rate: '1000/s', count: 1500, warmup: '0' });
    expect(counts).toMatchObject({ processed: 1500, foreign: 0, lost: 0 });
    expect(await client.xrange(stream, '-', '+')).toEqual([[expect.any(String), ['order', '1']]]);
    const groups = (await client.xinfo('GROUPS', stream)) as string[][];
    expect(groups.map((group) => group[1])).toEqual(['workers']);
  });

  test('that was not there is gone again', async () => {
    const stream = uniqueName('orders');
    await loadRedis(server.url, { target: { kind: 'redis', stream }, rate: '100/s', count: 10 });
    expect(await client.exists(stream)).toBe(0);
  });
});
