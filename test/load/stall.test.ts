import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { loadRedis } from './running.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const DURATION_MS = 5000;

test('a server that stands still for 1.4 s in the middle shows in the percentiles as arithmetic says', async () => {
  const result = await loadRedis(server.url, {
    rate: '400/s',
    duration: `${DURATION_MS}ms`,
    warmup: '0',
    payload: 100,
    faults: [{ at: '2s', pause: 'target', for: '1400ms' }],
  });
  expect(result.counts).toMatchObject({ planned: 2000, lost: 0, doubled: 0, failed: 0 });
  expect(result.faults).toMatchObject([{ done: true, text: 'pause the server for 1s400ms at 2s' }]);
  expect(result.faults[0]!.recoveredMs).not.toBeNull();
  // The first message of the stall waits for all of it: how long it was, on this machine, today.
  const stallMs = result.latency.endToEnd!.max;
  expect(stallMs).toBeGreaterThan(1350);
  // Whoever was meant to be sent x ms into it waits for the rest: a share x / duration waits longer than stall - x.
  for (const [name, share] of [
    ['p99', 0.01],
    ['p95', 0.05],
    ['p90', 0.1],
    ['p75', 0.25],
  ] as const) {
    const expected = stallMs - share * DURATION_MS;
    for (const stage of ['enqueue', 'endToEnd'] as const) {
      const actual = result.latency[stage]![name];
      expect([name, stage, Math.abs(actual - expected) < 0.05 * stallMs]).toEqual([name, stage, true]);
    }
  }
  // Outside of the stall, most messages are quick: the median is not touched by it.
  expect(result.latency.endToEnd!.p50).toBeLessThan(stallMs / 4);
  // A second in which the server did not answer has no numbers of it: never 0.
  expect(result.seconds.some(({ backend }) => backend === null)).toBe(true);
});
