import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { newCommand, runCheckLag } from '../../commands/check/lag.ts';
import { findCommand } from '../../commands/registry.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { drive } from './check-driver.ts';

let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** More than is counted: the lag stays between two numbers. */
async function fill(length: number): Promise<void> {
  for (let from = 1; from <= length; from += 100_020) {
    const to = Math.min(length, from + 100_019);
    await redis.eval(
      `for i = ${from}, ${to} do redis.call('XADD', KEYS[1], i .. '-0', 'n', 1) end`,
      1,
      'orders',
    );
  }
  // Redis does not say how many lie behind an id that somebody chose.
  await redis.xgroup('CREATE', 'orders', 'workers', '100-0');
}

const check = (flags: string) =>
  drive(`check lag orders workers ${flags}`, { env: { REDIS_URL: server.url } });

const NOTE = 'Redis reports no lag: the position was set to an id, or there is a gap before or behind it';
const line = (text: string, why: string, limits: string) =>
  `LAG ${text} - orders/workers: lag between THE COUNT and THE LENGTH (${why}${NOTE}; counted up to THE COUNT entries) | 'orders/workers lag'=U;${limits};0\n`;

/** The line with its numbers by name, and with what was counted. */
function named(stdout: string, length: number): { text: string; counted: number } {
  const counted = Number(/counted up to (\d+) entries/.exec(stdout)?.[1]);
  const numbers = [counted, length - 1].map((number) => number.toLocaleString('en'));
  const text = stdout
    .replace(`lag between ${numbers.join(' and ')} (`, 'lag between THE COUNT and THE LENGTH (')
    .replace(`counted up to ${counted} entries`, 'counted up to THE COUNT entries')
    // Redis 6.2 never reports one.
    .replace('this version of Redis does not report a lag', NOTE);
  return { text, counted };
}

const CRITICAL = line('CRITICAL', 'critical above 50; ', '5;50');

test('a lag beyond a million is counted no further, and is judged by what is known of it', async () => {
  await fill(1_000_200);
  const { code, stdout, stderr } = await check('-w 5 -c 50');
  const { text, counted } = named(stdout, 1_000_200);
  expect({ code, text, stderr }).toEqual({ code: 2, text: CRITICAL, stderr: '' });
  // Counting ends at a million, and after a time that a slow machine needs for less.
  expect(counted).toBeGreaterThan(10_000);
  expect(counted).toBeLessThanOrEqual(1_000_000);
});

/** Counts up to two thousand for once. */
async function checkedToTwoThousand(flags: string): ReturnType<typeof check> {
  const load = vi.spyOn(findCommand(['check', 'lag'])!, 'load').mockResolvedValue({
    newCommand: (context, entry) =>
      newCommand(context, entry, (own, stream, group, flags) => runCheckLag(own, stream, group, flags, 2000)),
  });
  try {
    return await check(flags);
  } finally {
    load.mockRestore();
  }
}

test.each([
  ['-w 5 -c 50', 2, CRITICAL],
  ['-w 99 -c 2050', 1, line('WARNING', 'warning above 99; ', '99;2050')],
  ['-w 2050', 3, line('UNKNOWN', '', '2050;')],
  ['-w 2199', 0, line('OK', '', '2199;')],
])('a lag of which only the bounds are known, %s, ends with %d', async (flags, code, text) => {
  await fill(2200);
  const outcome = await checkedToTwoThousand(flags);
  const { stdout, ...rest } = outcome;
  expect({ ...rest, ...named(stdout, 2200) }).toEqual({ code, stderr: '', text, counted: 2000 });
});

test('of such a lag the metrics say nothing, rather than 0, and the status is UNKNOWN', async () => {
  await fill(2200);
  const outcome = await checkedToTwoThousand('-o prometheus');
  expect(outcome.code).toBe(3);
  expect(outcome.stdout).not.toContain('qctl_stream_lag');
  expect(outcome.stdout).toContain('qctl_check_status{check="lag",target="orders/workers"} 3\n');
});
