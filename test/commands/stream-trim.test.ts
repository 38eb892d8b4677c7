import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { fillPending } from '../support/pending.ts';
import { startTcpProxy } from '../support/proxy.ts';
import { spawnQctl } from '../support/qctl.ts';
import { waitFor } from '../support/wait.ts';
import { useOwnRedis } from './own-redis.ts';

const redis = useOwnRedis();
const { run } = redis;

async function add(stream: string, count: number): Promise<void> {
  for (let n = 1; n <= count; n += 1) await redis.client.xadd(stream, `${n}-0`, 'n', n);
}

async function idsOf(stream = 'orders'): Promise<string[]> {
  return (await redis.client.xrange(stream, '-', '+')).map(([id]) => id);
}

const from = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, n) => `${first + n}-0`);

describe('a stream whose groups need some of it', () => {
  beforeEach(async () => {
    await add('orders', 10);
    await redis.client.call('XGROUP', 'CREATE', 'orders', 'slow', '4-0');
    await redis.client.call('XGROUP', 'CREATE', 'orders', 'workers', '10-0');
    await redis.client.call('XCLAIM', 'orders', 'workers', 'a', 0, '3-0', '7-0', 'FORCE', 'JUSTID');
  });

  const acknowledged = ['stream', 'trim', 'orders', '--acknowledged'];
  const plan = `STREAM  LENGTH  TO-CUT  BELOW  STILL-NEEDED
orders      10       2  3-0    none of them
`;
  const report = `STREAM  CUT   LENGTH
orders    2  10 -> 8
`;

  test('--acknowledged cuts what nobody needs: the plan, the question, the report', async () => {
    expect(await run(acknowledged, { columns: 100, answer: 'y' })).toEqual({
      code: 0,
      stdout: report,
      stderr: plan,
    });
    expect(await idsOf()).toEqual(from(3, 10));
  });

  test('in a pipe with --yes the same, with --quiet the report alone', async () => {
    expect(await run([...acknowledged, '--yes', '--quiet'])).toEqual({ code: 0, stdout: report, stderr: '' });
  });

  test('a no, a pipe without --yes and --dry-run cut nothing', async () => {
    expect(await run(acknowledged, { columns: 100, answer: 'n' })).toEqual({
      code: 9,
      stdout: '',
      stderr: `${plan}qctl: declined; nothing was done\n  hint: --dry-run shows the plan and asks nothing\n`,
    });
    expect(await run(acknowledged)).toEqual({
      code: 3,
      stdout: '',
      stderr: `${plan}qctl: this needs a yes, and there is no terminal to ask on: Cut 2 entries from orders?
  hint: look at the plan with --dry-run, then run it again with --yes
`,
    });
    expect(await run([...acknowledged, '--dry-run'])).toEqual({ code: 0, stdout: plan, stderr: '' });
    expect(await idsOf()).toEqual(from(1, 10));
  });

  const needed = `STREAM  LENGTH  TO-CUT  BELOW  STILL-NEEDED
orders      10       7  7-1    slow: 3 not delivered; workers: 2 not acknowledged
`;
  const refusal = `qctl: of 7 entries to cut from orders, groups still need some (slow: 3 not delivered, 0 not acknowledged; workers: 0 not delivered, 2 not acknowledged)
  hint: 'qctl stream trim orders --acknowledged' cuts only what every group has acknowledged
  hint: --force cuts them all the same; they are lost then
`;

  test.each([
    ['--max-len', ['--max-len', '3'], '7-1'],
    ['--min-id', ['--min-id', '8-0'], '8-0'],
  ])('%s is refused with who needs how many; --force cuts them', async (_, bound, below) => {
    const argv = ['stream', 'trim', 'orders', ...bound, '--yes'];
    const shown = needed.replace('7-1', below);
    expect(await run(argv)).toEqual({ code: 3, stdout: '', stderr: `${shown}${refusal}` });
    expect(await run([...argv, '--dry-run'])).toEqual({ code: 3, stdout: shown, stderr: refusal });
    expect(await idsOf()).toEqual(from(1, 10));
    expect(await run([...argv, '--force'])).toEqual({
      code: 0,
      stdout: 'STREAM  CUT   LENGTH\norders    7  10 -> 3\n',
      stderr: shown,
    });
    expect(await idsOf()).toEqual(from(8, 10));
  });

  test('json: the plan, the refusal, the report', async () => {
    const argv = ['stream', 'trim', 'orders', '--max-len', '3', '--quiet', '-o', 'json'];
    const losses = [
      { group: 'slow', undelivered: 3, unacknowledged: 0 },
      { group: 'workers', undelivered: 0, unacknowledged: 2 },
    ];
    const planned = {
      stream: 'orders',
      length: 10,
      below: '7-1',
      cut: 7,
      neededFrom: '3-0',
      losses,
      groups: 2,
    };
    const refused = await run([...argv, '--dry-run']);
    expect(JSON.parse(refused.stdout)).toEqual({ type: 'trim-plan-list', items: [planned] });
    expect(JSON.parse(refused.stderr)).toMatchObject({
      ...{ type: 'error', code: 'TRIM_NEEDED', kind: 'refused', exit: 3 },
      details: { stream: 'orders', cut: 7, neededFrom: '3-0', losses },
    });
    const { code, stdout, stderr } = await run([...argv, '--force', '--yes']);
    expect({ code, stderr, report: JSON.parse(stdout) }).toEqual({
      code: 0,
      stderr: '',
      report: {
        type: 'trimmed-stream-list',
        items: [{ ...planned, trimmed: 7, lengthAfter: 3, stopped: false, failure: null }],
      },
    });
  });
});

test('--approximate leaves a node whole, and the report says so', async () => {
  await add('orders', 350);
  expect(await run(['stream', 'trim', 'orders', '--max-len', '99', '--approximate', '--yes'])).toEqual({
    code: 0,
    stdout: 'STREAM         CUT      LENGTH\norders  200 of 251  350 -> 150\n',
    stderr: `STREAM  LENGTH  TO-CUT  BELOW  STILL-NEEDED
orders     350     251  251-1  unknown: no groups
`,
  });
  expect(await redis.client.xlen('orders')).toBe(150);
});

test('--min-id takes a time and how long ago', async () => {
  const now = Date.now();
  const ids = [now - 7_200_000, now - 3_000_000, now - 1000].map((ms) => `${ms}-0`);
  for (const id of ids) await redis.client.xadd('orders', id, 'a', 'b');
  const trim = (place: string) => run(['stream', 'trim', 'orders', '--min-id', place, '--yes', '--quiet']);
  expect((await trim('1h')).stdout).toBe('STREAM  CUT  LENGTH\norders    1  3 -> 2\n');
  expect((await trim(new Date(now - 1000).toISOString())).stdout).toBe(
    'STREAM  CUT  LENGTH\norders    1  2 -> 1\n',
  );
  expect(await idsOf()).toEqual([ids[2]]);
  expect((await trim('start')).stdout).toBe('STREAM  CUT  LENGTH\norders    0  1 -> 1\n');
});

describe('the short form', () => {
  const configOf = (settings: string) =>
    `profile: default\nprofiles: { default: { streams: ${settings} } }\n`;

  test('maxLen and maxAge of qctl.yaml hold, whichever cuts more', async () => {
    await add('orders', 5);
    const trim = (settings: string) =>
      run(['stream', 'trim', 'orders', '--yes', '--quiet'], { config: configOf(`{ orders: ${settings} }`) });
    expect((await trim('{ maxLen: 4 }')).stdout).toBe('STREAM  CUT  LENGTH\norders    1  5 -> 4\n');
    // However old the settings allow entries to be, no id is smaller than 0-0.
    expect((await trim('{ maxAge: 40000d }')).stdout).toBe('STREAM  CUT  LENGTH\norders    0  4 -> 4\n');
    // Ids such as 1-0 are very old.
    expect((await trim('{ maxLen: 3, maxAge: 1d }')).stdout).toBe(
      'STREAM  CUT  LENGTH\norders    4  4 -> 0\n',
    );
  });

  test('the stream and the length of the environment', async () => {
    await add('orders', 5);
    await add('others', 5);
    const env = { REDIS_STREAM_NAME: 'orders', REDIS_MAX_LEN: '2' };
    const trimmed = await run(['stream', 'trim', '--yes', '--quiet'], { env });
    expect(trimmed).toEqual({ code: 0, stdout: 'STREAM  CUT  LENGTH\norders    3  5 -> 2\n', stderr: '' });
    expect(await run(['stream', 'trim', 'others', '--yes'], { env })).toMatchObject({ code: 2 });
  });

  test('all partitions, and a group that needs entries of one of them stops all', async () => {
    for (const part of [0, 1]) await add(`alerts:{${part}}`, 4);
    const config = configOf('{ alerts: { partitions: 3, maxLen: 1 } }');
    await redis.client.call('XGROUP', 'CREATE', 'alerts:{1}', 'workers', '2-0');
    const plan = `qctl: left out: there is no stream alerts:{2} (redis://SERVER/0)
STREAM      LENGTH  TO-CUT  BELOW  STILL-NEEDED
alerts:{0}       4       3  3-1    unknown: no groups
alerts:{1}       4       3  3-1    workers: 1 not delivered
`;
    const { code, stdout, stderr } = await run(['stream', 'trim', 'alerts', '--yes'], { config });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr.startsWith(`${plan}qctl: of 3 entries to cut from alerts:{1}`)).toBe(true);
    expect(await idsOf('alerts:{0}')).toHaveLength(4);
    await redis.client.call('XGROUP', 'SETID', 'alerts:{1}', 'workers', '3-0');
    expect((await run(['stream', 'trim', 'alerts', '--yes', '--quiet'], { config })).stdout).toBe(
      'STREAM      CUT  LENGTH\nalerts:{0}    3  4 -> 1\nalerts:{1}    3  4 -> 1\n',
    );
  });
});

describe('nothing to cut', () => {
  test.each([
    ['an empty stream', 0],
    ['a short stream', 2],
  ])('%s: nobody is asked', async (_, count) => {
    await redis.client.call('XGROUP', 'CREATE', 'orders', 'workers', '0', 'MKSTREAM');
    await add('orders', count);
    for (const bound of [['--max-len', '2'], ['--acknowledged'], ['--min-id', '1-0']]) {
      expect(await run(['stream', 'trim', 'orders', ...bound])).toEqual({
        code: 0,
        stdout: `STREAM  CUT  LENGTH\norders    0  ${count} -> ${count}\n`,
        stderr: `STREAM  LENGTH  TO-CUT  BELOW  STILL-NEEDED\norders       ${count}       0  -      none of them\n`,
      });
    }
  });
});

describe('refusals', () => {
  test.each<[string, string[], number, string]>([
    [
      'a stream that is missing',
      ['order', '--max-len', '1'],
      1,
      `qctl: there is no stream order (redis://SERVER/0)
  hint: did you mean orders?
  hint: 'qctl stream ls' lists all streams
  hint: check that this is the right server and database
`,
    ],
    [
      'a key that is no stream',
      ['text', '--max-len', '1'],
      7,
      `qctl: cannot look at stream text (redis://SERVER/0): the key holds another kind of value
  hint: check the name, or choose another key
`,
    ],
    [
      'two bounds',
      ['orders', '--max-len', '1', '--acknowledged'],
      2,
      'qctl: --max-len, --min-id and --acknowledged exclude each other\n  hint: give one of them\n',
    ],
    [
      'no bound',
      ['orders'],
      2,
      `qctl: nothing says how much of orders is to stay
  hint: give --max-len, --min-id or --acknowledged
  hint: or set maxLen or maxAge of orders in qctl.yaml
`,
    ],
    [
      '--acknowledged where nobody reads',
      ['orders', '--acknowledged'],
      3,
      `qctl: stream orders has no groups: nothing tells what was acknowledged
  hint: cut by --max-len or --min-id
`,
    ],
    [
      'everything by --min-id',
      ['orders', '--min-id', 'end'],
      2,
      'qctl: --min-id end would cut everything\n  hint: use --max-len 0 for that\n',
    ],
    [
      'a place that is none',
      ['orders', '--min-id', '12x'],
      2,
      `qctl: 12x is no place in a stream
  hint: write start, end, an id such as 1763721600000-0, a time such as 2026-11-21T09:00:00Z, or 10m for ten minutes ago
`,
    ],
    [
      'a length that is none',
      ['orders', '--max-len', 'all'],
      2,
      `qctl: option '--max-len <n>' argument 'all' is invalid. expected a whole number from 0
  hint: run 'qctl stream trim --help' for its flags
`,
    ],
  ])('%s', async (_, argv, code, stderr) => {
    await add('orders', 3);
    await redis.client.set('text', 'no stream');
    expect(await run(['stream', 'trim', ...argv, '--yes'])).toEqual({ code, stdout: '', stderr });
    expect(await idsOf()).toHaveLength(3);
  });
});

test('what was cut of the streams before the one that failed is reported', async () => {
  for (const stream of ['orders:a', 'orders:b'])
    await fillPending(redis.client, stream, 'workers', [
      { id: '1-0', consumer: 'a' },
      { id: '2-0', consumer: 'a' },
    ]);
  for (const stream of ['orders:a', 'orders:b']) await redis.client.xack(stream, 'workers', '1-0', '2-0');
  // The last stream is not what it was once the question is answered.
  const spoil = () => redis.client.call('XGROUP', 'SETID', 'orders:b', 'workers', '0');
  const argv = ['stream', 'trim', 'orders:*', '--max-len', '0'];
  const { code, stdout, stderr } = await run(argv, { columns: 100, answer: 'y', onQuestion: spoil });
  expect({ code, stdout }).toEqual({
    code: 3,
    stdout: 'STREAM       CUT  LENGTH\norders:a       2  2 -> 0\norders:b  0 of 2  2 -> 2\n',
  });
  expect(stderr.split('\n').slice(3)).toEqual([
    'qctl: group workers of orders:b needs entry 1-0, which lies below 2-1',
    "  hint: 'qctl stream trim orders:b --acknowledged' cuts only what every group has acknowledged",
    '  hint: --force cuts them all the same; they are lost then',
    '',
  ]);
  expect(await idsOf('orders:b')).toHaveLength(2);
});

test('SIGINT in the middle: 130, the report says how many went, and the same command goes on', async () => {
  const count = 100_000;
  const fill = `for i = 1, ${count} do redis.call('XADD', KEYS[1], i .. '-0', 'n', 1) end`;
  await redis.client.eval(fill, 1, 'orders');
  const argv = ['stream', 'trim', 'orders', '--max-len', '10', '--yes', '--quiet'];
  const proxy = await startTcpProxy(redis.server.port);
  onTestFinished(() => proxy.stop());
  const process = spawnQctl(argv, { env: { REDIS_URL: `redis://127.0.0.1:${proxy.port}` } });
  await waitFor(async () => (await redis.client.xlen('orders')) < count, {
    everyMs: 1,
    what: 'a first piece',
  });
  proxy.setBlocked('hold');
  process.child.kill('SIGINT');
  await waitFor(() => process.stderr().includes('finishing'), { what: 'the signal has come' });
  proxy.setBlocked(false);
  const { code, stdout, stderr } = await process.done;
  expect({ code, stderr }).toEqual({
    code: 130,
    stderr: 'qctl: finishing the batch; once more to stop at once\n',
  });
  const left = await redis.client.xlen('orders');
  expect(left).toBeGreaterThan(10);
  const grouped = (n: number) => n.toLocaleString('en-GB');
  expect(stdout.split('\n')[1]).toBe(
    `orders  ${grouped(count - left)} of ${grouped(count - 10)}  ${grouped(count)} -> ${grouped(left)}`,
  );
  expect((await run(argv)).code).toBe(0);
  expect(await redis.client.xlen('orders')).toBe(10);
});
