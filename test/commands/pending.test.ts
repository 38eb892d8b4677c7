import { beforeEach, describe, expect, test } from 'vitest';
import { fillPending } from '../support/pending.ts';
import { useOwnRedis } from './own-redis.ts';

const redis = useOwnRedis();
const { run } = redis;

const HOUR = 3_600_000;

describe('a group with stuck messages', () => {
  beforeEach(async () => {
    await fillPending(redis.client, 'orders', 'workers', [
      { id: '1-0', consumer: 'worker-1', idleMs: 26 * HOUR, deliveries: 12, gone: true },
      {
        ...{ id: '2-0', consumer: 'worker-1', idleMs: HOUR, deliveries: 3 },
        fields: ['body', '{"order":7,"lines":["a","b"]}', 'type', 'größe', 'raw', Buffer.from([255, 0, 10])],
      },
      { id: '3-0', consumer: 'worker-2', idleMs: 2 * HOUR, fields: ['body', 'x'.repeat(3000)] },
    ]);
    for (let n = 4; n <= 1240; n += 1) await redis.client.xadd('orders', `${n}-0`, 'body', 'y');
    await redis.client.xreadgroup('GROUP', 'workers', 'worker-2', 'COUNT', 1234, 'STREAMS', 'orders', '>');
  });

  const head = `stream      orders
group       workers
pending     1,237
idle        under 1m: 1,234, 1h to 1d: 2, over 1d: 1
deliveries  1: 1,235, 3: 1, over 10: 1

CONSUMER  PENDING  LAST-SEEN
worker-1        2 NOW
worker-2    1,235 NOW

ID   AGE   IDLE  DELIVERIES  CONSUMER       MESSAGE
`;

  test.each([{ columns: 100 }, {}])('totals, who holds what, and the oldest entries: %o', async (setting) => {
    expect(await run(['pending', 'orders', 'workers', '--limit', '3'], setting)).toEqual({
      code: 0,
      stdout: `${head}1-0    -   1d2h          12  worker-1  trimmed away
2-0    -  1h00m           3  worker-1          50 B
3-0    -  2h00m           1  worker-2       2.9 KiB
`,
      stderr: '',
    });
  });

  test('with --bodies the fields below each entry, laid out on a terminal', async () => {
    const argv = ['pending', 'orders', 'workers', '--limit', '3', '--bodies'];
    expect(await run(argv, { columns: 100 })).toEqual({
      code: 0,
      stdout: `${head}1-0    -   1d2h          12  worker-1  trimmed away
2-0    -  1h00m           3  worker-1          50 B
  body:
    {
      "order": 7,
      "lines": [
        "a",
        "b"
      ]
    }
  type: größe
  raw: \\xff\\x00\\x0a
3-0    -  2h00m           1  worker-2       2.9 KiB
  body: ${'x'.repeat(1999)}… (2.9 KiB; -o json shows all of it)
`,
      stderr: '',
    });
  });

  test('with --bodies in a pipe each field is a line and whole', async () => {
    expect(await run(['pending', 'orders', 'workers', '--limit', '3', '--bodies'])).toEqual({
      code: 0,
      stdout: `${head}1-0    -   1d2h          12  worker-1  trimmed away
2-0    -  1h00m           3  worker-1          50 B
  body: {"order":7,"lines":["a","b"]}
  type: größe
  raw: \\xff\\x00\\x0a
3-0    -  2h00m           1  worker-2       2.9 KiB
  body: ${'x'.repeat(3000)}
`,
      stderr: '',
    });
  });

  test('json holds all of it, bytes that are no text as base64', async () => {
    const argv = ['pending', 'orders', 'workers', '--limit', '2', '--bodies', '-o', 'json'];
    const { code, stdout, stderr } = await run(argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const number = expect.any(Number);
    const report = JSON.parse(stdout.replaceAll('"NOW"', '0')) as { consumers: { inactiveMs?: number }[] };
    // Redis tells it from 7.2 on.
    expect([...new Set(report.consumers.map(({ inactiveMs }) => typeof inactiveMs))]).toHaveLength(1);
    expect(report).toEqual({
      ...{ type: 'pending', stream: 'orders', group: 'workers', pending: 1237 },
      consumers: [
        { consumer: 'worker-1', pending: 2, idleMs: number, inactiveMs: report.consumers[0]!.inactiveMs },
        { consumer: 'worker-2', pending: 1235, idleMs: number, inactiveMs: report.consumers[1]!.inactiveMs },
      ],
      matching: 1237,
      idle: [
        { atMostMs: 60_000, count: 1234 },
        { atMostMs: 300_000, count: 0 },
        { atMostMs: HOUR, count: 0 },
        { atMostMs: 24 * HOUR, count: 2 },
        { atMostMs: null, count: 1 },
      ],
      deliveries: [
        { atMost: 1, count: 1235 },
        { atMost: 2, count: 0 },
        { atMost: 3, count: 1 },
        { atMost: 5, count: 0 },
        { atMost: 10, count: 0 },
        { atMost: null, count: 1 },
      ],
      entries: [
        {
          ...{ id: '1-0', at: null, consumer: 'worker-1', idleMs: number, ageMs: null, deliveries: 12 },
          ...{ gone: true, payloadBytes: null, fields: null },
        },
        {
          ...{ id: '2-0', at: null, consumer: 'worker-1', idleMs: number, ageMs: null, deliveries: 3 },
          ...{ gone: false, payloadBytes: 50 },
          fields: {
            body: '{"order":7,"lines":["a","b"]}',
            type: 'größe',
            raw: { base64: '/wAK' },
          },
        },
      ],
    });
  });

  test('filters choose what is counted and listed; the totals stay those of the group', async () => {
    const argv = ['pending', 'orders', 'workers', '--min-idle', '90m', '--deliveries', '2'];
    expect(await run([...argv, '--consumer', 'worker-1'])).toEqual({
      code: 0,
      stdout: `stream      orders
group       workers
pending     1,237
matching    1
idle        over 1d: 1
deliveries  over 10: 1

CONSUMER  PENDING  LAST-SEEN
worker-1        2 NOW
worker-2    1,235 NOW

ID   AGE  IDLE  DELIVERIES  CONSUMER       MESSAGE
1-0    -  1d2h          12  worker-1  trimmed away
`,
      stderr: '',
    });
    expect(await run(['pending', 'orders', 'workers', '--deliveries', '50', '--limit', '0'])).toEqual({
      code: 0,
      stdout: `stream    orders
group     workers
pending   1,237
matching  0

CONSUMER  PENDING  LAST-SEEN
worker-1        2 NOW
worker-2    1,235 NOW
`,
      stderr: '',
    });
  });

  test('a misspelt consumer is no consumer that holds nothing', async () => {
    expect(await run(['pending', 'orders', 'workers', '--consumer', 'worker1'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `qctl: group workers has no consumer worker1
  hint: did you mean worker-1?
  hint: its consumers: worker-1, worker-2
`,
    });
  });
});

test('what an entry or a consumer is called cannot steer the terminal', async () => {
  await fillPending(redis.client, 'orders', 'workers', [
    { id: '1-0', consumer: 'a\x1b[31mb', idleMs: HOUR, fields: ['na\x1bme', 'va\x07lue'] },
  ]);
  const { stdout } = await run(['pending', 'orders', 'workers', '--bodies'], { columns: 100 });
  expect(stdout.split('\n\n').at(-1)).toBe(`ID   AGE   IDLE  DELIVERIES  CONSUMER    MESSAGE
1-0    -  1h00m           1  a\\x1b[31mb     11 B
  na\\x1bme: va\\x07lue
`);
});

test('ids that are times tell an age', async () => {
  const id = `${Date.now() - 2 * HOUR}-0`;
  await fillPending(redis.client, 'orders', 'workers', [{ id, consumer: 'a', idleMs: HOUR }]);
  const { stdout } = await run(['pending', 'orders', 'workers']);
  expect(stdout.split('\n\n').at(-1)).toBe(`ID                 AGE   IDLE  DELIVERIES  CONSUMER  MESSAGE
${id}  2h00m  1h00m           1  a            ${4 + `b${id}`.length} B
`);
  const json = JSON.parse((await run(['pending', 'orders', 'workers', '-o', 'json'])).stdout);
  expect(json.entries[0]).toMatchObject({ id, at: new Date(Number.parseInt(id, 10)).toISOString() });
});

test('nothing pending, and a stream that is empty', async () => {
  await redis.client.call('XGROUP', 'CREATE', 'orders', 'workers', '0', 'MKSTREAM');
  expect(await run(['pending', 'orders'])).toEqual({
    code: 0,
    stdout: 'stream   orders\ngroup    workers\npending  0\n',
    stderr: '',
  });
});

describe('several streams', () => {
  beforeEach(async () => {
    for (const stream of ['orders:a', 'orders:b', 'alerts:{0}', 'alerts:{2}'])
      await fillPending(redis.client, stream, 'workers', [{ id: '1-0', consumer: 'w', idleMs: HOUR }]);
    await redis.client.xadd('orders:a:dead', '1-0', 'a', 'b');
  });

  const block = (stream: string) =>
    `stream      ${stream}
group       workers
pending     1
idle        1h to 1d: 1
deliveries  1: 1

CONSUMER  PENDING  LAST-SEEN
w               1 NOW

ID   AGE   IDLE  DELIVERIES  CONSUMER  MESSAGE
1-0    -  1h00m           1  w             8 B
`;

  test('a pattern means all that match; dead-letter streams, which have no such group, are left out', async () => {
    expect(await run(['pending', 'orders:*', 'workers'])).toEqual({
      code: 0,
      stdout: `${block('orders:a')}\n${block('orders:b')}`,
      stderr: 'qctl: left out: stream orders:a:dead has no group workers\n',
    });
    const { stdout, stderr } = await run(['pending', 'orders:*', 'workers', '-o', 'json', '--quiet']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'pending-list',
      items: [{ stream: 'orders:a' }, { stream: 'orders:b' }],
    });
    const lines = (await run(['pending', 'orders:*', 'workers', '-o', 'ndjson', '--quiet'])).stdout;
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { type: 'pending', stream: 'orders:a' },
      { type: 'pending', stream: 'orders:b' },
    ]);
  });

  test('a partitioned stream means its partitions, those that got entries', async () => {
    const config =
      'profiles: { default: { streams: { alerts: { group: workers, partitions: 3 } } } }\nprofile: default\n';
    expect(await run(['pending', 'alerts'], { config })).toEqual({
      code: 0,
      stdout: `${block('alerts:{0}')}\n${block('alerts:{2}')}`,
      stderr: 'qctl: left out: there is no stream alerts:{1} (redis://SERVER/0)\n',
    });
  });

  test('a pattern as a key of the configuration names the group', async () => {
    await redis.client.call('XGROUP', 'CREATE', 'orders:a', 'other', '0');
    const config =
      "profiles: { default: { streams: { 'orders:*': { group: workers } } } }\nprofile: default\n";
    expect(await run(['pending', 'orders:a'], { config })).toMatchObject({
      code: 0,
      stdout: block('orders:a'),
    });
  });

  test('where no stream has the group, that is the error', async () => {
    expect(await run(['pending', 'orders:*', 'worker'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `qctl: stream orders:a has no group worker
  hint: did you mean workers?
  hint: its groups: workers
`,
    });
  });
});

test('stream and group of the environment', async () => {
  await fillPending(redis.client, 'orders', 'workers', []);
  await redis.client.call('XGROUP', 'CREATE', 'orders', 'other', '0');
  const env = { REDIS_STREAM_NAME: 'orders', REDIS_CONSUMER_GROUP: 'other' };
  expect((await run(['pending'], { env })).stdout).toBe('stream   orders\ngroup    other\npending  0\n');
});

describe('refusals', () => {
  beforeEach(async () => {
    await redis.client.call('XGROUP', 'CREATE', 'orders', 'workers', '0', 'MKSTREAM');
    await redis.client.call('XGROUP', 'CREATE', 'orders', 'audit', '0');
    await redis.client.set('text', 'no stream');
    await redis.client.xadd('lonely', '*', 'a', 'b');
  });

  test.each<[string, string[], number, string]>([
    [
      'a stream that is missing, with one that is spelled almost alike',
      ['order', 'workers'],
      1,
      `qctl: there is no stream order (redis://SERVER/0)
  hint: did you mean orders?
  hint: 'qctl stream ls' lists all streams
  hint: check that this is the right server and database
`,
    ],
    [
      'a pattern that matches nothing',
      ['nothing*'],
      1,
      `qctl: no stream matches nothing* (redis://SERVER/0)
  hint: 'qctl stream ls' lists all streams
  hint: check that this is the right server and database
`,
    ],
    [
      'a group that is missing, with one that is spelled almost alike',
      ['orders', 'worker'],
      1,
      `qctl: stream orders has no group worker
  hint: did you mean workers?
  hint: its groups: audit, workers
`,
    ],
    [
      'several groups and none named',
      ['orders'],
      2,
      `qctl: stream orders has 2 groups; name one
  hint: its groups: audit, workers
  hint: or name it in qctl.yaml: streams: { orders: { group: audit } }
`,
    ],
    [
      'a stream without groups',
      ['lonely'],
      1,
      `qctl: stream lonely has no groups
  hint: make one with 'qctl group create'
`,
    ],
    [
      'no stream named at all',
      [],
      2,
      `qctl: no stream is named
  hint: 'qctl stream ls' lists them
`,
    ],
    [
      'a key that is no stream',
      ['text', 'workers'],
      7,
      `qctl: cannot look at stream text (redis://SERVER/0): the key holds another kind of value
  hint: check the name, or choose another key
`,
    ],
    [
      'a duration that is none',
      ['orders', 'workers', '--min-idle', '5'],
      2,
      `qctl: option '--min-idle <duration>' argument '5' is invalid. expected a duration such as 500ms, 30s, 5m or 1h30m
  hint: run 'qctl pending --help' for its flags
`,
    ],
    [
      'a limit that is none',
      ['orders', 'workers', '--limit', '-1'],
      2,
      `qctl: option '--limit <n>' argument '-1' is invalid. expected a whole number from 0
  hint: run 'qctl pending --help' for its flags
`,
    ],
  ])('%s', async (_, argv, code, stderr) => {
    expect(await run(['pending', ...argv])).toEqual({ code, stdout: '', stderr });
  });
});
