import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { drive } from './check-driver.ts';

// More than is counted: the lag stays between two numbers.
const LENGTH = 1_000_200;
let server: TestRedis;

beforeAll(async () => {
  server = await startRedis();
  const redis = new Redis(server.url);
  for (let from = 1; from <= LENGTH; from += 100_020) {
    const fill = `for i = ${from}, ${from + 100_019} do redis.call('XADD', KEYS[1], i .. '-0', 'n', 1) end`;
    await redis.eval(fill, 1, 'orders');
  }
  // Redis does not say how many lie behind an id that somebody chose.
  await redis.xgroup('CREATE', 'orders', 'workers', '100-0');
  await redis.quit();
});
afterAll(() => server.stop());

const NOTE = 'Redis reports no lag: the position was set to an id, or there is a gap before or behind it';
const line = (text: string, why: string, limits: string) =>
  `LAG ${text} - orders/workers: lag between A MILLION and 1,000,199 (${why}${NOTE}; counted up to A MILLION entries) | 'orders/workers lag'=U;${limits};0\n`;

/** The line with its count by name: counting ends at a million, and after a time that a slow machine needs for less. */
function named(stdout: string): string {
  const counted = Number(/counted up to (\d+) entries/.exec(stdout)?.[1]);
  expect(counted, stdout).toBeGreaterThan(10_000);
  expect(counted, stdout).toBeLessThanOrEqual(1_000_000);
  return (
    stdout
      .replace(`lag between ${counted.toLocaleString('en')} and`, 'lag between A MILLION and')
      .replace(`counted up to ${counted} entries`, 'counted up to A MILLION entries')
      // Redis 6.2 never reports one.
      .replace('this version of Redis does not report a lag', NOTE)
  );
}

test.each([
  ['-w 5 -c 5000', 2, line('CRITICAL', 'critical above 5000; ', '5;5000')],
  ['-w 9999 -c 1000050', 1, line('WARNING', 'warning above 9999; ', '9999;1000050')],
  ['-w 1000050', 3, line('UNKNOWN', '', '1000050;')],
  ['-w 1000199', 0, line('OK', '', '1000199;')],
])('a lag of which only the bounds are known, %s, ends with %d', async (flags, code, stdout) => {
  const outcome = await drive(`check lag orders workers ${flags}`, { env: { REDIS_URL: server.url } });
  expect({ ...outcome, stdout: named(outcome.stdout) }).toEqual({ code, stdout, stderr: '' });
});

test('of such a lag the metrics say nothing, rather than 0, and the status is UNKNOWN', async () => {
  const outcome = await drive('check lag orders workers -o prometheus', { env: { REDIS_URL: server.url } });
  expect(outcome.code).toBe(3);
  expect(outcome.stdout).not.toContain('qctl_stream_lag');
  expect(outcome.stdout).toContain('qctl_check_status{check="lag",target="orders/workers"} 3\n');
});
