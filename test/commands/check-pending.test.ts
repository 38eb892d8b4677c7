import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { drive } from './check-driver.ts';

let redis: Redis;
let env: Record<string, string>;
const orders = uniqueName('orders');
const [HOUR, DAY] = [3_600_000, 86_400_000];

/** Five are pending: two for a moment, two for an hour, and the one in the middle for two days. */
beforeAll(async () => {
  env = { REDIS_URL: sharedRedisUrl() };
  redis = new Redis(sharedRedisUrl());
  await redis.xgroup('CREATE', orders, 'mailers', '$', 'MKSTREAM');
  await redis.xgroup('CREATE', orders, 'workers', '0');
  for (let i = 1; i <= 6; i += 1) await redis.xadd(orders, `${i}-0`, 'n', i);
  await redis.xreadgroup('GROUP', 'workers', 'c', 'COUNT', 5, 'STREAMS', orders, '>');
  for (const [id, idle] of [
    ['2-0', HOUR],
    ['3-0', 2 * DAY + 5 * HOUR],
    ['4-0', HOUR],
  ] as const) {
    await redis.xclaim(orders, 'workers', 'c', 0, id, 'IDLE', idle, 'JUSTID');
  }
});
afterAll(async () => {
  await redis.del(orders);
  await redis.quit();
});

/** The seconds of an idle time go on while the test runs. */
const still = (text: string): string => text.replace(/=190\d{3}(\.\d+)?s/g, '=190800s');

describe.each([
  ['a terminal', { columns: 100 }],
  ['a pipe', {}],
])('on %s', (_, how) => {
  test.each([
    ['-w 5 -c 10', 0, 'OK', 'pending 5', 'pending', '5;5;10'],
    ['-w 4 -c 10', 1, 'WARNING', 'pending 5 (warning above 4)', 'pending', '5;4;10'],
    ['-c 4', 2, 'CRITICAL', 'pending 5 (critical above 4)', 'pending', '5;;4'],
  ])('five pending with %s end with %d', async (flags, code, status, text, label, data) => {
    expect(await drive(`check pending ${orders} workers ${flags}`, { env, ...how })).toEqual({
      code,
      stdout: `PENDING ${status} - ${orders}/workers: ${text} | '${orders}/workers ${label}'=${data};0\n`,
      stderr: '',
    });
  });

  test('with --min-idle only what is stuck counts, and any of it warns', async () => {
    expect(await drive(`check pending ${orders} workers --min-idle 30m`, { env, ...how })).toEqual({
      code: 1,
      stdout: `PENDING WARNING - ${orders}/workers: stuck 3 (warning above 0), pending 5 | '${orders}/workers stuck'=3;0;;0 '${orders}/workers pending'=5;;;0\n`,
      stderr: '',
    });
  });

  test('the longest idle time is found, wherever it stands', async () => {
    const { code, stdout } = await drive(`check pending ${orders} --warning-age 1d --critical-age 3d`, {
      env,
      ...how,
    });
    expect(code).toBe(1);
    expect(still(stdout)).toBe(
      [
        `PENDING WARNING - 1 warning, 1 ok; ${orders}/workers: idle 2d5h (warning above 1d), pending 5 | '${orders}/mailers pending'=0;;;0 '${orders}/mailers idle'=0s;86400;259200;0 '${orders}/workers pending'=5;;;0 '${orders}/workers idle'=190800s;86400;259200;0`,
        `WARNING ${orders}/workers: idle 2d5h (warning above 1d), pending 5`,
        `OK ${orders}/mailers: pending 0, idle 0ms`,
        '',
      ].join('\n'),
    );
  });
});

test('with --min-idle a threshold of your own replaces the default', async () => {
  expect((await drive(`check pending ${orders} workers --min-idle 30m -w 3`, { env })).code).toBe(0);
  expect((await drive(`check pending ${orders} workers --min-idle 30m -c 2`, { env })).code).toBe(2);
  expect((await drive(`check pending ${orders} workers --min-idle 3d`, { env })).code).toBe(0);
});

test('json has the number, what is stuck and the idle time', async () => {
  const line = `check pending ${orders} workers --min-idle 2d --critical-age 1d -o json`;
  const { code, stdout, stderr } = await drive(line, { env });
  const shown = JSON.parse(stdout);
  const { longestIdleMs } = shown.items[0].metrics;
  expect(longestIdleMs.value).toBeGreaterThanOrEqual(2 * DAY + 5 * HOUR);
  expect(longestIdleMs.value).toBeLessThan(2 * DAY + 6 * HOUR);
  const all = (value: number, rest: object) => ({
    value,
    atLeast: value,
    atMost: value,
    note: null,
    ...rest,
  });
  expect({ code, stderr, shown }).toEqual({
    code: 2,
    stderr: '',
    shown: {
      ...{ type: 'check', check: 'pending', target: `${orders}/workers`, status: 'critical', exit: 2 },
      summary: `${orders}/workers: idle 2d5h (critical above 1d), stuck 1 (warning above 0), pending 5`,
      items: [
        {
          ...{ name: `${orders}/workers`, stream: orders, group: 'workers', status: 'critical' },
          metrics: {
            stuck: all(1, { status: 'warning', warning: '0', critical: null }),
            pending: all(5, { status: 'ok', warning: null, critical: null }),
            longestIdleMs: all(longestIdleMs.value, { status: 'critical', warning: null, critical: '1d' }),
          },
          findings: [],
        },
      ],
    },
  });
});

test('metrics', async () => {
  const { code, stdout } = await drive(`check pending ${orders} workers --min-idle 30m -o prometheus`, {
    env,
  });
  expect(code).toBe(1);
  const samples = stdout
    .replace(/ 190\d{3}(\.\d+)?$/m, ' 190800')
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  expect(samples).toEqual([
    `qctl_stream_pending{stream="${orders}",group="workers"} 5`,
    `qctl_stream_stuck{stream="${orders}",group="workers"} 3`,
    `qctl_stream_longest_idle_seconds{stream="${orders}",group="workers"} 190800`,
    `qctl_check_item_status{check="pending",stream="${orders}",group="workers"} 1`,
    `qctl_check_status{check="pending",target="${orders}/workers"} 1`,
    '',
  ]);
});

test('more than one page of pending entries is counted whole', async () => {
  const many = uniqueName('many');
  await redis.xgroup('CREATE', many, 'workers', '0', 'MKSTREAM');
  const pipeline = redis.pipeline();
  for (let i = 1; i <= 2500; i += 1) pipeline.xadd(many, `${i}-0`, 'n', i);
  await pipeline.exec();
  await redis.xreadgroup('GROUP', 'workers', 'c', 'COUNT', 2500, 'STREAMS', many, '>');
  await redis.xclaim(many, 'workers', 'c', 0, '1200-0', 'IDLE', 2 * DAY + 5 * HOUR, 'JUSTID');
  await redis.xclaim(many, 'workers', 'c', 0, '2500-0', 'IDLE', DAY, 'JUSTID');
  const { stdout } = await drive(`check pending ${many} workers --min-idle 1h --critical-age 1d`, { env });
  await redis.del(many);
  expect(still(stdout)).toBe(
    `PENDING CRITICAL - ${many}/workers: idle 2d5h (critical above 1d), stuck 2 (warning above 0), pending 2,500 | '${many}/workers stuck'=2;0;;0 '${many}/workers pending'=2500;;;0 '${many}/workers idle'=190800s;;86400;0\n`,
  );
});

test('a group that is not there is UNKNOWN, and no threshold at all is refused', async () => {
  expect(await drive(`check pending ${orders} worker -w 1`, { env })).toEqual({
    code: 3,
    stdout: `PENDING UNKNOWN - ${orders}/worker: the stream has no such group\n`,
    stderr: '',
  });
  expect(await drive(`check pending ${orders}`, { env })).toEqual({
    code: 3,
    stdout: 'UNKNOWN - no threshold is given, so that nothing could ever be wrong\n',
    stderr:
      '  hint: give at least one of -w, -c, --warning-age, --critical-age, --min-idle\n  hint: -o prometheus needs none\n',
  });
});
