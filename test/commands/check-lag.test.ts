import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { configFile, drive, normalise } from './check-driver.ts';

let redis: Redis;
let env: Record<string, string>;
const orders = uniqueName('orders');
const empty = uniqueName('empty');

beforeAll(async () => {
  env = { REDIS_URL: sharedRedisUrl() };
  redis = new Redis(sharedRedisUrl());
  await redis.xgroup('CREATE', orders, 'mailers', '0', 'MKSTREAM');
  await redis.xgroup('CREATE', orders, 'workers', '0');
  for (let i = 1; i <= 12; i += 1) await redis.xadd(orders, `${i}-0`, 'n', i);
  await redis.xreadgroup('GROUP', 'mailers', 'c', 'COUNT', 12, 'STREAMS', orders, '>');
  await redis.xreadgroup('GROUP', 'workers', 'c', 'COUNT', 2, 'STREAMS', orders, '>');
  await redis.xgroup('CREATE', empty, 'workers', '$', 'MKSTREAM');
});
afterAll(async () => {
  await redis.del(orders, empty);
  await redis.quit();
});

describe.each([
  ['a terminal', { columns: 100 }],
  ['a pipe', {}],
])('on %s', (_, how) => {
  test.each([
    ['-w 10 -c 20', 0, 'OK', 'lag 10', '10;20'],
    ['-w 9 -c 20', 1, 'WARNING', 'lag 10 (warning above 9)', '9;20'],
    ['-w 5 -c 9', 2, 'CRITICAL', 'lag 10 (critical above 9)', '5;9'],
    ['-c 11:', 2, 'CRITICAL', 'lag 10 (critical below 11)', ';11:'],
    ['-w @10:20', 1, 'WARNING', 'lag 10 (warning from 10 to 20)', '@10:20;'],
  ])('ten entries with %s end with %d', async (flags, code, status, text, limits) => {
    expect(await drive(`check lag ${orders} workers ${flags}`, { env, ...how })).toEqual({
      code,
      stdout: `LAG ${status} - ${orders}/workers: ${text} | '${orders}/workers lag'=10;${limits};0\n`,
      stderr: '',
    });
  });

  test('without a group every group is checked', async () => {
    expect(await drive(`check lag ${orders} -w 5`, { env, ...how })).toEqual({
      code: 1,
      stdout: [
        `LAG WARNING - 1 warning, 1 ok; ${orders}/workers: lag 10 (warning above 5) | '${orders}/mailers lag'=0;5;;0 '${orders}/workers lag'=10;5;;0`,
        `WARNING ${orders}/workers: lag 10 (warning above 5)`,
        `OK ${orders}/mailers: lag 0`,
        '',
      ].join('\n'),
      stderr: '',
    });
  });
});

const LAG = {
  value: 10,
  atLeast: 10,
  atMost: 10,
  status: 'warning',
  warning: '5',
  critical: null,
  // Redis 6.2 reports none.
  note: expect.toBeOneOf([null, 'this version of Redis does not report a lag; counted to the end']),
};

test('json has everything, ndjson is the same on one line', async () => {
  const expected = {
    type: 'check',
    check: 'lag',
    target: `${orders}/workers`,
    status: 'warning',
    exit: 1,
    summary: `${orders}/workers: lag 10 (warning above 5)`,
    items: [
      {
        name: `${orders}/workers`,
        stream: orders,
        group: 'workers',
        status: 'warning',
        metrics: { lag: LAG },
        findings: [],
      },
    ],
  };
  const json = await drive(`check lag ${orders} workers -w 5 -o json`, { env });
  expect({ ...json, stdout: JSON.parse(json.stdout) }).toEqual({ code: 1, stdout: expected, stderr: '' });
  const ndjson = await drive(`check lag ${orders} workers -w 5 -o ndjson`, { env });
  expect(ndjson.stdout).toBe(`${JSON.stringify(JSON.parse(json.stdout))}\n`);
  const yaml = await drive(`check lag ${orders} workers -w 5 -o yaml`, { env });
  expect(yaml.stdout).toContain(`\nstatus: warning\nexit: 1\n`);
});

test('metrics need no thresholds, and leave out the age of ids that are no times', async () => {
  expect(await drive(`check lag ${orders} -o prometheus`, { env })).toEqual({
    code: 0,
    stdout: `\
# HELP qctl_stream_lag Entries that the group has not been given yet.
# TYPE qctl_stream_lag gauge
qctl_stream_lag{stream="${orders}",group="mailers"} 0
qctl_stream_lag{stream="${orders}",group="workers"} 10
# HELP qctl_stream_oldest_undelivered_age_seconds Age of the oldest entry that the group has not been given yet, 0 where there is none.
# TYPE qctl_stream_oldest_undelivered_age_seconds gauge
qctl_stream_oldest_undelivered_age_seconds{stream="${orders}",group="mailers"} 0
# HELP qctl_check_item_status Status of each thing that was checked: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
# TYPE qctl_check_item_status gauge
qctl_check_item_status{check="lag",stream="${orders}",group="mailers"} 0
qctl_check_item_status{check="lag",stream="${orders}",group="workers"} 0
# HELP qctl_check_status Status of the whole check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
# TYPE qctl_check_status gauge
qctl_check_status{check="lag",target="${orders}"} 0
`,
    stderr: '',
  });
});

test('a file of metrics can be read by the collector, and says UNKNOWN where Redis is away', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-check-'));
  const file = join(folder, 'lag.prom');
  const line = `check lag ${orders} workers -o prometheus --out-file ${file}`;
  expect(await drive(line, { env })).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await readFile(file, 'utf8')).toContain(`qctl_stream_lag{stream="${orders}",group="workers"} 10\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o644);
  expect(await readdir(folder)).toEqual(['lag.prom']);
  expect((await drive(line, { env: { REDIS_URL: 'redis://127.0.0.1:1' } })).code).toBe(3);
  expect(await readFile(file, 'utf8')).toBe(`\
# HELP qctl_check_item_status Status of each thing that was checked: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
# TYPE qctl_check_item_status gauge
qctl_check_item_status{check="lag"} 3
# HELP qctl_check_status Status of the whole check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
# TYPE qctl_check_status gauge
qctl_check_status{check="lag",target="${orders}/workers"} 3
`);
});

describe('the age of the oldest entry that was not delivered', () => {
  const aged = uniqueName('aged');
  beforeAll(async () => {
    const [seconds] = await redis.time();
    const at = (Number(seconds) - (49 * 60 + 30) * 60) * 1000;
    for (const [i, age] of [3_600_000, 0, -60_000].entries())
      await redis.xadd(aged, `${at - age}-${i}`, 'n', i);
    await redis.xgroup('CREATE', aged, 'workers', '0');
    await redis.xreadgroup('GROUP', 'workers', 'c', 'COUNT', 1, 'STREAMS', aged, '>');
  });
  afterAll(() => redis.del(aged));

  test('is that of the first one behind the position, by the clock of the server', async () => {
    const { code, stdout } = await drive(`check lag ${aged} --warning-age 2d --critical-age 3d`, { env });
    expect(code).toBe(1);
    expect(stdout.replace(/=178\d{3}(\.\d+)?s/, '=178200s')).toBe(
      `LAG WARNING - ${aged}/workers: age 2d1h (warning above 2d) | '${aged}/workers age'=178200s;172800;259200;0\n`,
    );
  });

  test('beside the lag the worse of the two decides', async () => {
    const { code, stdout } = await drive(`check lag ${aged} -w 5 --critical-age 1d`, { env });
    expect(code).toBe(2);
    expect(stdout.split(' | ')[0]).toBe(
      `LAG CRITICAL - ${aged}/workers: age 2d1h (critical above 1d), lag 2`,
    );
  });

  test('is 0 where everything was delivered', async () => {
    expect(await drive(`check lag ${orders} mailers --critical-age 5m`, { env })).toEqual({
      code: 0,
      stdout: `LAG OK - ${orders}/mailers: age 0ms | '${orders}/mailers age'=0s;;300;0\n`,
      stderr: '',
    });
  });

  test('is UNKNOWN where the ids are no times', async () => {
    expect(await drive(`check lag ${orders} workers --critical-age 5m`, { env })).toEqual({
      code: 3,
      stdout: `LAG UNKNOWN - ${orders}/workers: age unknown (the id 3-0 is no time) | '${orders}/workers age'=U;;300;0\n`,
      stderr: '',
    });
  });
});

test('where Redis is wrong about the lag, it is counted', async () => {
  const gaps = uniqueName('gaps');
  for (let i = 1; i <= 5; i += 1) await redis.xadd(gaps, `${i}-0`, 'n', i);
  await redis.xgroup('CREATE', gaps, 'workers', '2-0');
  await redis.xdel(gaps, '4-0');
  const { code, stdout } = await drive(`check lag ${gaps} workers -w 1 -o json`, { env });
  await redis.del(gaps);
  expect(code).toBe(1);
  expect(JSON.parse(stdout).items[0].metrics.lag).toMatchObject({
    value: 2,
    status: 'warning',
    note: expect.stringMatching(/; counted to the end$/),
  });
});

test('a group of an empty stream has no lag', async () => {
  expect(await drive(`check lag ${empty} -w 0 --warning-age 1s`, { env })).toEqual({
    code: 0,
    stdout: `LAG OK - ${empty}/workers: lag 0, age 0ms | '${empty}/workers lag'=0;0;;0 '${empty}/workers age'=0s;1;;0\n`,
    stderr: '',
  });
});

describe('what is not there is UNKNOWN, unless --missing says otherwise', () => {
  const none = uniqueName('none');
  test.each([
    [`${none} -w 1`, 3, `UNKNOWN - ${none}: there is no such stream`],
    [`${none} workers -w 1 --missing ok`, 0, `OK - ${none}/workers: there is no such stream`],
    [`${orders} worker -w 1`, 3, `UNKNOWN - ${orders}/worker: the stream has no such group`],
    [
      `${orders} worker -w 1 --missing critical`,
      2,
      `CRITICAL - ${orders}/worker: the stream has no such group`,
    ],
    [`${none}* -w 1`, 3, `UNKNOWN - ${none}*: no stream matches`],
    [`${none}* -w 1 --missing warning`, 1, `WARNING - ${none}*: no stream matches`],
  ])('check lag %s ends with %d', async (args, code, text) => {
    expect(await drive(`check lag ${args}`, { env })).toEqual({ code, stdout: `LAG ${text}\n`, stderr: '' });
  });
});

describe('a pattern', () => {
  const shop = uniqueName('shop');
  beforeAll(async () => {
    await redis.xadd(`${shop}:a`, '1-0', 'n', 1);
    await redis.xgroup('CREATE', `${shop}:a`, 'workers', '0');
    await redis.xadd(`${shop}:a:dead`, '1-0', 'n', 1);
    await redis.xadd(`${shop}:a_dlq`, '1-0', 'n', 1);
    await redis.xadd(`${shop}:b`, '1-0', 'n', 1);
  });
  afterAll(() => redis.del(`${shop}:a`, `${shop}:a:dead`, `${shop}:a_dlq`, `${shop}:b`));

  test('finds the streams; one without a group is UNKNOWN, a dead-letter stream is not meant', async () => {
    expect(await drive(`check lag ${shop}:* -w 5`, { env })).toEqual({
      code: 3,
      stdout: [
        `LAG UNKNOWN - 1 unknown, 1 ok; ${shop}:b: the stream has no groups | '${shop}:a/workers lag'=1;5;;0`,
        `UNKNOWN ${shop}:b: the stream has no groups`,
        `OK ${shop}:a/workers: lag 1`,
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  test('WARNING stands over UNKNOWN', async () => {
    expect((await drive(`check lag ${shop}:* -w 0`, { env })).code).toBe(1);
  });
});

test('all partitions of a stream are checked', async () => {
  const whole = uniqueName('parts');
  const config = await configFile(`profiles: { test: { streams: { ${whole}: { partitions: 2 } } } }\n`);
  await redis.xgroup('CREATE', `${whole}:{0}`, 'workers', '0', 'MKSTREAM');
  const { code, stdout } = await drive(`check lag ${whole} workers -w 5 --config ${config}`, { env });
  await redis.del(`${whole}:{0}`);
  expect(code).toBe(3);
  expect(stdout.split('\n').slice(1)).toEqual([
    `UNKNOWN ${whole}:{1}/workers: there is no such stream`,
    `OK ${whole}:{0}/workers: lag 0`,
    '',
  ]);
});

test('a Redis that is away is UNKNOWN', async () => {
  const away = { REDIS_URL: 'redis://127.0.0.1:1' };
  const message = 'cannot connect to redis (redis://HOST/0): nothing listens there (ECONNREFUSED)';
  const table = await drive('check lag orders -w 1', { env: away });
  expect({ ...table, stdout: normalise(table.stdout) }).toEqual({
    code: 3,
    stdout: `LAG UNKNOWN - orders: ${message}\n`,
    stderr: '  hint: check the host and the port, and that the server is running\n',
  });
  const json = await drive('check lag orders -w 1 -o json', { env: away });
  expect(json.code).toBe(3);
  expect(JSON.parse(normalise(json.stdout))).toEqual({
    ...{ type: 'check', check: 'lag', target: 'orders', status: 'unknown', exit: 3 },
    summary: `orders: ${message}`,
    items: [
      {
        ...{ name: 'orders', status: 'unknown', metrics: {} },
        findings: [{ code: 'REDIS_UNREACHABLE', status: 'unknown', text: message }],
      },
    ],
  });
  expect(JSON.parse(json.stderr)).toMatchObject({ type: 'error', code: 'REDIS_UNREACHABLE', exit: 3 });
});

describe('what cannot be meant is refused before anything is asked', () => {
  const away = { REDIS_URL: 'redis://127.0.0.1:1' };
  test.each([
    ['check lag orders', 'no threshold is given, so that nothing could ever be wrong'],
    [
      'check lag orders -w x',
      "option '-w, --warning <range>' argument 'x' is invalid. expected a range such as 1000, 10:, ~:10, 10:20 or @10:20",
    ],
    [
      'check lag orders --critical-age 20:10',
      "option '--critical-age <range>' argument '20:10' is invalid. expected a range such as 5m, 300 (seconds), 10s: or @1m:5m",
    ],
  ])('%s', async (line, message) => {
    const { code, stdout } = await drive(line, { env: away });
    expect({ code, stdout }).toEqual({ code: 3, stdout: `UNKNOWN - ${message}\n` });
  });
});
