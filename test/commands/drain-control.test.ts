import { beforeAll, describe, expect, test } from 'vitest';
import { Membership } from '../../src/drain/membership.ts';
import type { DrainState } from '../../src/events.ts';
import { parseBytes } from '../../src/model/bytes.ts';
import { parseMemoryLimit, parseRange, parseRateLimit } from '../../src/model/limits.ts';
import { sharedPostgres } from '../support/shared.ts';
import { useOwnRedis } from './own-redis.ts';

const redis = useOwnRedis();
const { run } = redis;

const MANIFEST = {
  run: 'alerts-1',
  createdAt: '2026-11-21T09:04:46.000Z',
  startedBy: 'ann@desk',
  sourceIdentity: 'postgres:shop/public.alerts',
  source: { kind: 'postgres', name: 'alerts', label: 'postgres://db/shop public.alerts' },
  target: { label: 'redis://there', stream: 'alerts', partitions: 1 },
  mode: 'move',
  lanes: 1,
  ledgerRun: 'alerts-1',
  context: {},
  spec: null,
  fields: null,
};

/** A run that is recorded, with nobody at work on it. */
async function record(fields: Record<string, string> = {}): Promise<void> {
  await redis.client.zadd('qctl:runs', 1, 'alerts-1');
  await redis.client.hset('qctl:run:alerts-1', {
    manifest: JSON.stringify(MANIFEST),
    state: 'running',
    ...fields,
  });
}

const still = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replaceAll(/"by": ?"[^"]+"|by \S+@\S+/g, 'BY');
const shown = async (argv: string[], columns = 120) => {
  const { code, stdout, stderr } = await run(argv, { columns });
  return { code, stdout: still(stdout), stderr: still(stderr) };
};

describe('drain pause, resume and stop', () => {
  test('print what stood there before and what stands there now', async () => {
    await record();
    const nobody = 'no process is at work on the run\n';
    expect(await shown(['drain', 'pause', 'alerts-1', '--reason', 'rebuild'])).toEqual({
      code: 0,
      stdout: 'RUN       WHAT    BEFORE  NOW\nalerts-1  paused  -       BY at TIME: rebuild\n',
      stderr: nobody,
    });
    expect((await shown(['drain', 'list', '-o', 'json'])).stdout).toContain('"reason": "rebuild"');
    expect((await shown(['drain', 'list'])).stdout).toContain('stopped, paused');
    expect((await shown(['drain', 'status', 'alerts-1'])).stdout).toMatch(
      /^paused +BY since TIME: rebuild$/m,
    );
    const again = await shown(['drain', 'resume', 'alerts-1']);
    expect(again.stdout).toMatch(/^alerts-1 {2}paused {2}BY at TIME: rebuild {2}-$/m);
    expect((await shown(['drain', 'resume', 'alerts-1'])).stdout).toMatch(/alerts-1 {2}paused {2}- {7}-/);
    expect((await shown(['drain', 'stop', 'alerts-1'])).code).toBe(0);
  });

  test('are seen at once, and as done when every process has acted on them', async () => {
    await record();
    const says = (state: DrainState) => {
      const counts = { read: 0, appended: 0, ratePerSecond: 100, remaining: 60_000, inHand: 0 };
      return { state, ...counts, unevaluated: null, brakes: [], waits: [] };
    };
    const [one, two] = [
      new Membership(redis.client, 'alerts-1', new Date()),
      new Membership(redis.client, 'alerts-1', new Date()),
    ];
    const states: string[] = [];
    const look = async (first: DrainState, second: DrainState) => {
      await Promise.all([one.beat(says(first)), two.beat(says(second))]);
      const { stdout } = await run(['drain', 'status', 'alerts-1', '-o', 'json']);
      states.push(JSON.parse(stdout).state);
    };
    await look('running', 'following');
    const shows = async () => (await shown(['drain', 'status', 'alerts-1'])).stdout;
    expect(await shows()).toMatch(/^remaining +60,000\nrate +200\/s, ETA 5m/m);
    await run(['drain', 'pause', 'alerts-1']);
    expect(await shows()).toMatch(/^remaining +60,000\n(?!rate)/m);
    await look('running', 'following');
    await look('paused', 'following');
    await look('paused', 'paused');
    await look('paused', 'stopping');
    expect(states).toEqual(['running', 'pausing', 'pausing', 'paused', 'paused']);
  });

  test('tell nothing but data in json, and change nothing with --dry-run', async () => {
    await record();
    const dry = await shown(['drain', 'pause', 'alerts-1', '--dry-run', '-o', 'json', '--quiet']);
    expect(dry.stderr).toBe('');
    expect(JSON.parse(dry.stdout.replaceAll('BY', '"by": "somebody"'))).toEqual({
      type: 'run-control-list',
      items: [
        {
          run: 'alerts-1',
          control: 'paused',
          prior: null,
          next: { by: 'somebody', since: 'TIME', reason: null },
          processes: 0,
          dryRun: true,
        },
      ],
    });
    expect((await redis.client.hkeys('qctl:run:alerts-1')).sort()).toEqual(['manifest', 'state']);
  });

  test('of a run that is done or not there say so', async () => {
    await record({ state: 'done' });
    expect(await shown(['drain', 'stop', 'alerts-1'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('run alerts-1 is done: there is nothing to control'),
    });
    expect(await shown(['drain', 'pause', 'alerts-2'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no run alerts-2'),
    });
  });
});

describe('drain set', () => {
  test('changes several at once, prints prior and new, and a - takes it back', async () => {
    await record();
    await run(['drain', 'set', 'alerts-1', 'rate=500/s']);
    const { stdout } = await shown(['drain', 'set', 'alerts-1', 'rate=9/s', 'max-memory=2GB'], 160);
    expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
      'RUN | WHAT | BEFORE | NOW',
      'alerts-1 | rate | 500/s, BY at TIME | 9/s, BY at TIME',
      'alerts-1 | max-memory | - | 2GB, BY at TIME',
      '',
    ]);
    const status = await shown(['drain', 'status', 'alerts-1']);
    expect(status.stdout).toMatch(
      /set for the run +rate=9\/s BY since TIME\nset for the run +max-memory=2GB/,
    );
    await run(['drain', 'set', 'alerts-1', 'rate=-']);
    expect(await redis.client.hexists('qctl:run:alerts-1', 'control:rate')).toBe(0);
  });

  test.each([
    [['rat=5'], 'did you mean rate?'],
    [['rate'], 'rate: expected NAME=VALUE'],
    [['rate=5', 'rate=6'], 'rate is given twice'],
    [['batch=0'], 'batch=0: expected a whole number from 1 to 10000'],
    [['receivers=4..8'], 'receivers is a setting of a drain from sqs, and this run drains postgres'],
    [['max-source-load=SELECT 1'], 'expected off (a query is given by the flag alone)'],
  ])('%s is a usage error that says why', async (settings, text) => {
    await record();
    const { code, stderr } = await shown(['drain', 'set', 'alerts-1', ...settings]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  });
});

describe('flags of a drain', () => {
  let database = '';
  beforeAll(async () => {
    database = await sharedPostgres().createDatabase();
    const name = new URL(database).pathname.slice(1);
    await sharedPostgres().query('CREATE TABLE alerts (id bigint PRIMARY KEY, payload text)', [], name);
  });
  const drain = (...flags: string[]) =>
    shown(
      [
        'drain',
        'postgres',
        '--table',
        'alerts',
        '--stream',
        'alerts',
        '--postgres-url',
        database,
        '--dry-run',
        ...flags,
      ],
      160,
    );

  test('the plan shows what holds it back, and what ends it', async () => {
    const { stdout, code } = await drain(
      '--follow',
      '--max-lag',
      '1000',
      '--max-memory',
      '2GB',
      '--rate',
      '5MB/s',
    );
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^ends +never by itself: it follows the source$/m),
    ]);
    expect(stdout).toMatch(/^settings +rate=5.0 MiB\/s, max-lag=1000, max-memory=2.0 GiB$/m);
  });

  test.each([
    [['--follow', '--until', 'empty'], 2, '--follow goes on when nothing is left'],
    [['--follow', '--until', 'enqueued:now'], 2, '--until enqueued: ends then'],
    [['--until', 'enqueued:soon'], 2, 'expected empty, a duration'],
    [['--until', 'enqueued:now'], 5, '--enqueued-at COLUMN'],
    [['--max-memory', '101%'], 2, 'expected a part such as 80%'],
    [['--rate', 'fast'], 2, 'expected a rate such as'],
    [['--checkpoint-ttl', '5s'], 2, 'from 1m such as 7d, or never'],
    [['--max-memory', '80%'], 3, ''],
  ])('%s is refused before anything has changed', async (flags, code, text) => {
    const end = await drain(...flags);
    expect([end.code, end.stderr]).toEqual([code, expect.stringContaining(text)]);
    expect(await redis.client.keys('*')).toEqual([]);
  });
});

test('sizes, rates and ranges are read as operators write them', () => {
  expect(['1', '1k', '2GB', '1.5MiB', '1 KB', 'GB', '-1', '1e3'].map(parseBytes)).toEqual([
    1,
    1024,
    2 ** 31,
    1.5 * 2 ** 20,
    1024,
    undefined,
    undefined,
    undefined,
  ]);
  expect(['500', '500/s', '60/m', '5MB/s', '3600kb/h', '0', '/s', '5MB/d'].map(parseRateLimit)).toEqual([
    { messages: 500 },
    { messages: 500 },
    { messages: 1 },
    { bytes: 5 * 2 ** 20 },
    { bytes: 1024 },
    undefined,
    undefined,
    undefined,
  ]);
  expect(['80%', '0%', '101%', '2GB', '2000', '0GB'].map(parseMemoryLimit)).toEqual([
    { percent: 80 },
    undefined,
    undefined,
    { bytes: 2 ** 31 },
    undefined,
    undefined,
  ]);
  expect(['8', '4..32', '0', '5..4', '4..'].map(parseRange)).toEqual([
    { min: 8, max: 8 },
    { min: 4, max: 32 },
    undefined,
    undefined,
    undefined,
  ]);
});
