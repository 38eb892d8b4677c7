import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { loadRedis } from './running.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describe('faults in the run', () => {
  test('what a killed consumer held comes to another one: nothing is lost, and the report says how long it took', async () => {
    const result = await loadRedis(server.url, {
      rate: '300/s',
      duration: '2s',
      warmup: '0',
      payload: 100,
      consumers: { count: 2, batch: 20, work: '6ms', claimAfter: '600ms' },
      faults: [{ at: '1s', kill: 'consumer' }],
    });
    const { planned, processed, lost, doubled, redelivered } = result.counts;
    expect([planned, lost, processed - doubled]).toEqual([600, 0, 600]);
    const [kill] = result.faults;
    expect(kill).toMatchObject({ done: true, text: 'kill 1 consumer at 1s' });
    expect(kill!.redelivered).toBeGreaterThan(0);
    expect(kill!.recoveredMs).toBeGreaterThan(300);
    expect(redelivered).toBeGreaterThanOrEqual(kill!.redelivered);
  });

  test('connections that are cut in the middle come back: what was confirmed is processed, and the rest is told', async () => {
    const result = await loadRedis(server.url, {
      rate: '2000/s',
      duration: '2s',
      warmup: '0',
      payload: 100,
      consumers: { count: 2, claimAfter: '600ms' },
      faults: [{ at: '1s', cut: 'all' }],
    });
    const { planned, confirmed, failed, lost, sent } = result.counts;
    expect(result.faults).toMatchObject([
      { done: true, text: 'cut the connections of producers and consumers at 1s' },
    ]);
    expect(planned).toBe(4000);
    expect(sent).toBeGreaterThan(2500);
    expect(confirmed + failed).toBe(4000);
    expect(lost).toBe(0);
    expect(result.faults[0]!.recoveredMs).not.toBeNull();
  });

  test('a fault whose time never came is not called done', async () => {
    const result = await loadRedis(server.url, {
      rate: '100/s',
      duration: '200ms',
      faults: [{ at: '1h', kill: 'consumer' }],
    });
    expect(result.faults).toMatchObject([{ done: false, why: 'the test was over before' }]);
  });

  test('consumers that fail and die take longer, and lose nothing; what fails too often is a dead letter', async () => {
    const result = await loadRedis(server.url, {
      rate: '500/s',
      count: 500,
      warmup: '0',
      untilEmpty: true,
      consumers: { count: 3, batch: 5, failure: '40%', crash: '2%', claimAfter: '100ms', maxDeliveries: 3 },
    });
    const { lost, processed, deadLettered, redelivered } = result.counts;
    expect(lost).toBe(0);
    expect(deadLettered).toBeGreaterThan(0);
    // More where a consumer was held so long that another one got what it had in hand.
    expect(processed + deadLettered).toBeGreaterThanOrEqual(500);
    expect(redelivered).toBeGreaterThan(50);
  });
});
