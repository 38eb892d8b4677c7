import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { configFile, drive } from './check-driver.ts';

let redis: Redis;
let env: Record<string, string>;
const shop = uniqueName('shop');
const orders = `${shop}:orders`;

/** Three dead letters of orders: two days, two hours and a moment old. */
beforeAll(async () => {
  env = { REDIS_URL: sharedRedisUrl() };
  redis = new Redis(sharedRedisUrl());
  const now = Number((await redis.time())[0]) * 1000;
  await redis.xadd(orders, '*', 'n', 1);
  for (const hoursAgo of [48, 2, 0])
    await redis.xadd(`${orders}:dead`, `${now - hoursAgo * 3_600_000}-0`, 'n', 1);
  await redis.xadd(`${shop}:mails`, '*', 'n', 1);
});
afterAll(async () => {
  await redis.del(orders, `${orders}:dead`, `${shop}:mails`);
  await redis.quit();
});

describe.each([
  ['a terminal', { columns: 100 }],
  ['a pipe', {}],
])('on %s', (_, how) => {
  test.each([
    [`${orders}`, 1, `WARNING - ${orders}:dead: dead letters 3 (warning above 0)`, '3;0;'],
    [`${orders}:dead`, 1, `WARNING - ${orders}:dead: dead letters 3 (warning above 0)`, '3;0;'],
    [`${orders} -c 2`, 2, `CRITICAL - ${orders}:dead: dead letters 3 (critical above 2)`, '3;;2'],
    [`${orders} -w 3 -c 9`, 0, `OK - ${orders}:dead: dead letters 3`, '3;3;9'],
  ])('check dlq %s ends with %d', async (args, code, text, data) => {
    expect(await drive(`check dlq ${args}`, { env, ...how })).toEqual({
      code,
      stdout: `DLQ ${text} | '${orders}:dead dead letters'=${data};0\n`,
      stderr: '',
    });
  });

  test('--since counts only what died since then', async () => {
    const data = (count: number) =>
      `'${orders}:dead new dead letters'=${count};1;;0 '${orders}:dead dead letters'=3;;;0\n`;
    expect(await drive(`check dlq ${orders} --since 3h -w 1`, { env, ...how })).toEqual({
      code: 1,
      stdout: `DLQ WARNING - ${orders}:dead: new dead letters 2 (warning above 1), dead letters 3 | ${data(2)}`,
      stderr: '',
    });
    expect((await drive(`check dlq ${orders} --since 1h -w 1`, { env, ...how })).stdout).toBe(
      `DLQ OK - ${orders}:dead: new dead letters 1, dead letters 3 | ${data(1)}`,
    );
  });
});

test('a stream whose dead-letter stream is not there yet has no dead letters', async () => {
  expect(await drive(`check dlq ${shop}:mails`, { env })).toEqual({
    code: 0,
    stdout: `DLQ OK - ${shop}:mails:dead: dead letters 0 | '${shop}:mails:dead dead letters'=0;0;;0\n`,
    stderr: '',
  });
  expect((await drive(`check dlq ${shop}:mails --since 1h`, { env })).code).toBe(0);
});

test('json has each dead-letter stream of a pattern once', async () => {
  const { code, stdout, stderr } = await drive(`check dlq ${shop}:* -o json`, { env });
  const count = (value: number, status: string) => ({
    deadLetters: { value, atLeast: value, atMost: value, status, warning: '0', critical: null, note: null },
  });
  expect({ code, stderr, shown: JSON.parse(stdout) }).toEqual({
    code: 1,
    stderr: '',
    shown: {
      ...{ type: 'check', check: 'dlq', target: `${shop}:*`, status: 'warning', exit: 1 },
      summary: `1 warning, 1 ok; ${orders}:dead: dead letters 3 (warning above 0)`,
      items: [
        {
          ...{ name: `${shop}:mails:dead`, stream: `${shop}:mails:dead`, status: 'ok' },
          ...{ metrics: count(0, 'ok'), findings: [] },
        },
        {
          ...{ name: `${orders}:dead`, stream: `${orders}:dead`, status: 'warning' },
          ...{ metrics: count(3, 'warning'), findings: [] },
        },
      ],
    },
  });
});

test('metrics', async () => {
  const { stdout } = await drive(`check dlq ${orders} --since 3h -o prometheus`, { env });
  expect(stdout.split('\n').filter((line) => !line.startsWith('#'))).toEqual([
    `qctl_dead_letters_new{stream="${orders}:dead"} 2`,
    `qctl_dead_letters{stream="${orders}:dead"} 3`,
    `qctl_check_item_status{check="dlq",stream="${orders}:dead"} 1`,
    `qctl_check_status{check="dlq",target="${orders}"} 1`,
    '',
  ]);
});

test('of ids that are no times nobody knows since when, so between none and all', async () => {
  const odd = uniqueName('odd');
  for (const id of ['1-0', '2-0', '3-0']) await redis.xadd(`${odd}:dead`, id, 'n', 1);
  const line = `check dlq ${odd} --since 1h`;
  const outcomes = [await drive(`${line} -w 2`, { env }), await drive(`${line} -w 3`, { env })];
  await redis.del(`${odd}:dead`);
  expect(outcomes[0]).toEqual({
    code: 3,
    stdout: `DLQ UNKNOWN - ${odd}:dead: new dead letters between 0 and 3 (the id 3-0 is no time), dead letters 3 | '${odd}:dead new dead letters'=U;2;;0 '${odd}:dead dead letters'=3;;;0\n`,
    stderr: '',
  });
  expect(outcomes[1]!.code).toBe(0);
});

test('a name that nobody knows is UNKNOWN', async () => {
  const none = uniqueName('none');
  expect(await drive(`check dlq ${none}`, { env })).toEqual({
    code: 3,
    stdout: `DLQ UNKNOWN - ${none}: there is no such stream\n`,
    stderr: '',
  });
  expect((await drive(`check dlq ${none}* --missing ok`, { env })).stdout).toBe(
    `DLQ OK - ${none}*: no stream matches\n`,
  );
});

test('where neither the configured stream nor its dead letters are there, nothing is known', async () => {
  const none = uniqueName('none');
  const config = await configFile(
    `profiles: { test: { streams: { ${none}: { deadLetter: ${none}-lost } } } }\n`,
  );
  const outcome = await drive(`check dlq ${none} --config ${config}`, { env });
  expect(outcome).toEqual({
    code: 3,
    stdout: `DLQ UNKNOWN - ${none}-lost: there is no such stream\n`,
    stderr: '',
  });
});

test('a stream that is called like a dead-letter stream is one', async () => {
  const name = `${uniqueName('bills')}_dlq`;
  await redis.xadd(name, '*', 'n', 1);
  const { code, stdout } = await drive(`check dlq ${name}`, { env });
  await redis.del(name);
  expect([code, stdout]).toEqual([
    1,
    `DLQ WARNING - ${name}: dead letters 1 (warning above 0) | '${name} dead letters'=1;0;;0\n`,
  ]);
});

test('--since counts what was added, an import of old ones included', async () => {
  const name = `${uniqueName('old')}:dead`;
  await redis.xadd(name, '*', 'dlq.fields', '2', 'dlq.deadAt', '2020-01-01T00:00:00Z', 'n', 1);
  const { code, stdout } = await drive(`check dlq ${name} --since 1h`, { env });
  await redis.del(name);
  expect([code, stdout.split(' | ')[0]]).toEqual([
    1,
    `DLQ WARNING - ${name}: new dead letters 1 (warning above 0), dead letters 1`,
  ]);
});

describe('without a stream', () => {
  let own: TestRedis;
  beforeAll(async () => {
    own = await startRedis();
  });
  afterAll(() => own.stop());

  test('one that cannot be read is UNKNOWN, and hides no CRITICAL of the others', async () => {
    const client = new Redis(own.url);
    await client.xadd('a:dead', '1-0', 'n', 1);
    await client.xadd('c:dead', '1-0', 'n', 1);
    await client.set('lost', 'no stream');
    await client.call('ACL', 'SETUSER', 'op', 'on', '>pw', '+@all', '~a*', '~lost');
    const config = await configFile('profiles: { test: { streams: { b: { deadLetter: lost } } } }\n');
    const ownEnv = { REDIS_URL: own.url.replace('redis://', 'redis://op:pw@') };
    const { code, stdout, stderr } = await drive(`check dlq -c 0 -o json --config ${config}`, {
      env: ownEnv,
    });
    const alone = await drive('check dlq c:dead -c 0', { env: ownEnv });
    await client.flushall();
    await client.quit();
    const { items, ...shown } = JSON.parse(stdout);
    const brief = items.map(({ name, status, findings }: Record<string, unknown>) => [
      ...[name, status, (findings as { code: string }[]).map((finding) => finding.code)],
    ]);
    expect({ code, stderr, status: shown.status, brief }).toEqual({
      ...{ code: 2, stderr: '', status: 'critical' },
      brief: [
        ['a:dead', 'critical', []],
        ['c:dead', 'unknown', ['REDIS_NOPERM']],
        ['lost', 'unknown', ['REDIS_WRONG_TYPE']],
      ],
    });
    expect([alone.code, alone.stderr]).toEqual([3, expect.stringContaining('hint: ')]);
  });

  test('all dead-letter streams are checked; where there are none nothing is known', async () => {
    const ownEnv = { REDIS_URL: own.url };
    expect(await drive('check dlq', { env: ownEnv })).toEqual({
      code: 3,
      stdout: 'DLQ UNKNOWN - *:dead: no stream matches\n',
      stderr: '',
    });
    const client = new Redis(own.url);
    await client.xadd('a:dead', '1-0', 'n', 1);
    await client.xadd('b:lost', '1-0', 'n', 1);
    await client.quit();
    const config = await configFile('profiles: { test: { streams: { b: { deadLetter: "b:lost" } } } }\n');
    const { code, stdout } = await drive(`check dlq --config ${config}`, { env: ownEnv });
    expect(code).toBe(1);
    expect(stdout.split('\n').slice(1)).toEqual([
      'WARNING a:dead: dead letters 1 (warning above 0)',
      'WARNING b:lost: dead letters 1 (warning above 0)',
      '',
    ]);
    const named = await drive('check dlq', { env: { ...ownEnv, REDIS_STREAM_NAME: 'a' } });
    expect(named.stdout).toBe(
      "DLQ WARNING - a:dead: dead letters 1 (warning above 0) | 'a:dead dead letters'=1;0;;0\n",
    );
  });
});
