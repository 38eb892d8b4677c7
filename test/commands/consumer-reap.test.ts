import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  consumersOf,
  entriesOf,
  fillManyPending,
  fillPending,
  pendingOf,
  untilIdle,
} from '../support/pending.ts';
import { spawnQctl } from '../support/qctl.ts';
import { waitFor } from '../support/wait.ts';
import { useOwnRedis } from './own-redis.ts';

const redis = useOwnRedis();
const { run } = redis;

// The first run loads the code, which must not pass for the time of a consumer that is away.
beforeAll(() => run(['consumer', 'reap', 'none', 'none'], { config: 'profile: p\nprofiles: { p: {} }\n' }));

/** What counts as away here. */
const AWAY = ['--min-idle', '500ms'];
const names = () => consumersOf(redis.client, 'orders', 'workers');
const held = async () =>
  (await pendingOf(redis.client, 'orders', 'workers')).map(({ id, consumer }) => `${id} ${consumer}`);

/** Lets all be away for long enough, except those that are named. */
async function onlyAlive(...alive: string[]): Promise<void> {
  for (const name of await names()) await untilIdle(redis.client, ['orders', 'workers', name], 520);
  for (const name of alive)
    await redis.client.xreadgroup('GROUP', 'workers', name, 'COUNT', 1, 'STREAMS', 'orders', '0');
}

describe('two dead consumers and one that lives', () => {
  beforeEach(async () => {
    await fillPending(redis.client, 'orders', 'workers', [
      { id: '1-0', consumer: 'dead-1', deliveries: 3 },
      { id: '2-0', consumer: 'dead-1' },
      { id: '3-0', consumer: 'dead-1', gone: true },
      { id: '4-0', consumer: 'alive' },
      { id: '5-0', consumer: 'dead-2' },
    ]);
    await redis.client.xack('orders', 'workers', '5-0');
    await onlyAlive('alive');
  });

  const argv = ['consumer', 'reap', 'orders', 'workers', ...AWAY, '--max-deliveries', '3'];
  const plan = `stream         orders
group          workers
to delete      2 consumers not seen for 500ms or longer
alive          1: alive
entries go to  alive
dead letters   delivered 3 times or more, to orders:dead

CONSUMER  PENDING IDLE
dead-1          3 NOW
dead-2          0 NOW
`;
  const report = `CONSUMER  CLAIMED  FOR    DEAD  REMOVED  OUTCOME
dead-1          1  alive     1        1  deleted
dead-2          0  -         0        0  deleted
`;
  const untouched = ['1-0 dead-1', '2-0 dead-1', '3-0 dead-1', '4-0 alive'];

  test('on a terminal: the plan, the question, the report', async () => {
    expect(await run(argv, { columns: 100, answer: 'y' })).toEqual({ code: 0, stdout: report, stderr: plan });
    expect(await names()).toEqual(['alive']);
    expect(await held()).toEqual(['2-0 alive', '4-0 alive']);
    expect((await entriesOf(redis.client, 'orders:dead')).map(({ fields }) => String(fields[7]))).toEqual([
      '1-0',
    ]);
  });

  test('in a pipe with --yes the same, with --quiet the report alone', async () => {
    expect(await run([...argv, '--yes', '--quiet'])).toEqual({ code: 0, stdout: report, stderr: '' });
  });

  test('a no, a pipe without --yes and --dry-run do nothing', async () => {
    expect(await run(argv, { columns: 100, answer: 'n' })).toEqual({
      code: 9,
      stdout: '',
      stderr: `${plan}qctl: declined; nothing was done\n  hint: --dry-run shows the plan and asks nothing\n`,
    });
    expect(await run(argv)).toEqual({
      code: 3,
      stdout: '',
      stderr: `${plan}qctl: this needs a yes, and there is no terminal to ask on: Delete 2 consumers of orders workers and move 3 entries?
  hint: look at the plan with --dry-run, then run it again with --yes
`,
    });
    expect(await run([...argv, '--dry-run'])).toEqual({ code: 0, stdout: plan, stderr: '' });
    expect(await held()).toEqual(untouched);
    expect(await names()).toEqual(['alive', 'dead-1', 'dead-2']);
  });

  const consumer = (name: string, pending: number) => ({
    ...{ consumer: name, pending, idleMs: 'NOW' },
    // Redis tells it from 7.2 on.
    inactiveMs: expect.toSatisfy((value) => value === null || value === 'NOW'),
  });

  test('json: the plan, then the report', async () => {
    const planned = await run([...argv, '--dry-run', '-o', 'json']);
    expect(JSON.parse(planned.stdout)).toEqual({
      ...{ type: 'reap-plan', stream: 'orders', group: 'workers', minIdleMs: 500 },
      ...{ dead: [consumer('dead-1', 3), consumer('dead-2', 0)], alive: ['alive'] },
      to: { consumer: 'alive', chosen: 'latest', exists: true, idleMs: 'NOW' },
      ...{ maxDeliveries: 3, deadLetterStream: 'orders:dead' },
    });
    const { code, stdout, stderr } = await run([...argv, '--yes', '--quiet', '-o', 'json']);
    const one = {
      stream: 'orders',
      group: 'workers',
      idleMs: 'NOW',
      outcome: 'deleted',
      kept: 0,
      failure: null,
    };
    expect({ code, stderr, report: JSON.parse(stdout) }).toEqual({
      code: 0,
      stderr: '',
      report: {
        type: 'reaped-consumer-list',
        items: [
          {
            ...{ ...one, consumer: 'dead-1', pending: 3, claimed: 1, deadLettered: 1 },
            ...{ removed: 1, removedIds: ['3-0'], to: 'alive' },
          },
          {
            ...{ ...one, consumer: 'dead-2', pending: 0, claimed: 0, deadLettered: 0 },
            ...{ removed: 0, removedIds: [], to: null },
          },
        ],
      },
    });
  });

  test('one that is named; one that is named and lives is left and said to live', async () => {
    const named = ['consumer', 'reap', 'orders', 'workers', ...AWAY, '--consumer', 'dead-2', 'alive'];
    expect(await run([...named, '--yes'])).toEqual({
      code: 8,
      stdout: `CONSUMER  CLAIMED  FOR  DEAD  REMOVED  OUTCOME
alive           0  -       0        0  left: it was seen lately
dead-2          0  -       0        0  deleted
`,
      stderr: `stream     orders
group      workers
to delete  1 consumer not seen for 500ms or longer
alive      1: alive

CONSUMER  PENDING IDLE
dead-2          0 NOW
`,
    });
    expect(await names()).toEqual(['alive', 'dead-1']);
    const lively = await run(['consumer', 'reap', 'orders', 'workers', '--consumer', 'alive', '--quiet']);
    expect(lively).toMatchObject({
      code: 8,
      stderr: '',
      stdout: expect.stringContaining('left: it was seen'),
    });
  });

  test('who takes over is not deleted, however long it is away', async () => {
    const to = ['consumer', 'reap', 'orders', 'workers', ...AWAY, '--to', 'dead-2', '--yes', '--quiet'];
    expect(await run(to)).toEqual({
      code: 0,
      stdout: `CONSUMER  CLAIMED  FOR     DEAD  REMOVED  OUTCOME
dead-1          2  dead-2     0        1  deleted
`,
      stderr: '',
    });
    expect(await names()).toEqual(['alive', 'dead-2']);
  });

  test('the consumer that takes over: given, configured, one that is yet to start', async () => {
    const config =
      'profile: default\nprofiles: { default: { streams: { orders: { group: workers, claimTo: rescue } } } }\n';
    const short = ['consumer', 'reap', 'orders', ...AWAY];
    expect(await run([...short, '--yes'], { config })).toEqual({
      code: 3,
      stdout: '',
      stderr: `qctl: group workers of orders has no consumer rescue
  hint: active ones: alive
  hint: --create-consumer claims for one that is yet to start
`,
    });
    await onlyAlive('alive');
    const { code, stdout } = await run([...short, '--yes', '--create-consumer'], { config });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `CONSUMER  CLAIMED  FOR     DEAD  REMOVED  OUTCOME
dead-1          2  rescue     0        1  deleted
dead-2          0  -          0        0  deleted
`,
    });
  });

  test('an entry with too many fields: its consumer is left, exit code 8', async () => {
    const fields = Array.from({ length: 8000 }, (_, at) => `f${at}`);
    await fillPending(redis.client, 'orders', 'workers', [
      { id: '6-0', consumer: 'dead-2', deliveries: 3, fields },
    ]);
    await onlyAlive('alive');
    expect(await run([...argv, '--yes', '--quiet'])).toEqual({
      code: 8,
      stdout: `CONSUMER  CLAIMED  FOR    DEAD  REMOVED  OUTCOME
dead-1          1  alive     1        1  deleted
dead-2          0  alive     0        0  left: it still has pending entries
`,
      stderr: '',
    });
    expect(await names()).toEqual(['alive', 'dead-2']);
  });

  test('a dead-letter key that is no stream: what was done, then the error; nothing more is tried', async () => {
    await redis.client.set('orders:dead', 'no stream');
    expect(await run([...argv, '--yes', '--quiet'])).toEqual({
      code: 7,
      stdout: `CONSUMER  CLAIMED  FOR    DEAD  REMOVED  OUTCOME
dead-1          0  alive     0        0  left: failed
dead-2          0  -         0        0  left: stopped before the end
`,
      stderr: `qctl: cannot append to dead-letter stream orders:dead (redis://SERVER/0): the key holds another kind of value
  hint: check the name, or choose another key
`,
    });
    expect(await held()).toEqual(untouched);
    expect(await names()).toEqual(['alive', 'dead-1', 'dead-2']);
  });
});

describe('nobody to delete', () => {
  test.each([
    ['no consumers', []],
    ['all of them alive', [{ id: '1-0', consumer: 'alive' }]],
  ])('%s: nobody is asked', async (_, rows) => {
    await fillPending(redis.client, 'orders', 'workers', rows);
    const alive = rows.length === 0 ? '' : 'alive      1: alive\n';
    expect(await run(['consumer', 'reap', 'orders', 'workers'])).toEqual({
      code: 0,
      stdout: 'no consumer to delete\n',
      stderr: `stream     orders\ngroup      workers\nto delete  0 consumers not seen for 1h00m or longer\n${alive}`,
    });
    const { stdout } = await run(['consumer', 'reap', 'orders', 'workers', '-o', 'json', '--quiet']);
    expect(JSON.parse(stdout)).toEqual({ type: 'reaped-consumer-list', items: [] });
  });
});

describe('refusals', () => {
  beforeEach(async () => {
    await fillPending(redis.client, 'orders', 'workers', [{ id: '1-0', consumer: 'worker-1' }]);
    await redis.client.set('text', 'no stream');
    await onlyAlive();
  });

  test.each<[string, string[], number, string]>([
    [
      'a stream that is missing',
      ['order', 'workers'],
      1,
      `qctl: there is no stream order (redis://SERVER/0)
  hint: did you mean orders?
  hint: 'qctl stream ls' lists all streams
  hint: check that this is the right server and database
`,
    ],
    [
      'a group that is missing',
      ['orders', 'worker'],
      1,
      'qctl: stream orders has no group worker\n  hint: did you mean workers?\n  hint: its groups: workers\n',
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
      'a consumer that is missing',
      ['orders', 'workers', '--consumer', 'worker-2'],
      1,
      `qctl: group workers has no consumer worker-2
  hint: did you mean worker-1?
  hint: its consumers: worker-1
`,
    ],
    [
      'nobody who lives to take over',
      ['orders', 'workers', ...AWAY],
      3,
      `qctl: no consumer of group workers of orders was seen in the last 500ms: nobody would process the entries
  hint: start one and try again, or name one with --to
`,
    ],
    [
      'one of the dead to take over',
      ['orders', 'workers', ...AWAY, '--consumer', 'worker-1', '--to', 'worker-1'],
      3,
      'qctl: worker-1 cannot take its own entries over\n  hint: name another consumer with --to\n',
    ],
    [
      'the stream as its own dead-letter stream',
      ['orders', 'workers', ...AWAY, '--max-deliveries', '3', '--dead-letter', 'orders'],
      3,
      `qctl: orders would be its own dead-letter stream
  hint: name another one with --dead-letter, or as deadLetter: of the stream in qctl.yaml
`,
    ],
  ])('%s', async (_, argv, code, stderr) => {
    expect(await run(['consumer', 'reap', ...argv, '--yes'])).toEqual({ code, stdout: '', stderr });
    expect(await held()).toEqual(['1-0 worker-1']);
    expect(await names()).toEqual(['worker-1']);
  });
});

describe('several streams', () => {
  const config = 'profiles: { p: { streams: { orders: { group: workers, partitions: 3 } } } }\nprofile: p\n';
  const partitions = ['orders:{0}', 'orders:{1}'];
  const argv = ['consumer', 'reap', 'orders', ...AWAY];
  const consumers = () =>
    Promise.all(partitions.map((stream) => consumersOf(redis.client, stream, 'workers')));

  /** The third partition never got an entry. */
  beforeEach(async () => {
    for (const [at, stream] of partitions.entries()) {
      await fillPending(redis.client, stream, 'workers', [{ id: `${at + 1}-0`, consumer: 'dead' }]);
      await untilIdle(redis.client, [stream, 'workers', 'dead'], 520);
    }
  });
  const start = (stream: string) =>
    redis.client.xreadgroup('GROUP', 'workers', 'alive', 'COUNT', 1, 'STREAMS', stream, '0');

  test('the partitions of a stream: what a consumer held of each goes to one that reads it', async () => {
    for (const stream of partitions) await start(stream);
    expect(await run([...argv, '--yes'], { config })).toEqual({
      code: 0,
      stdout: `STREAM      CONSUMER  CLAIMED  FOR    DEAD  REMOVED  OUTCOME
orders:{0}  dead            1  alive     0        0  deleted
orders:{1}  dead            1  alive     0        0  deleted
`,
      stderr: `qctl: left out: there is no stream orders:{2} (redis://SERVER/0)
${['orders:{0}', 'orders:{1}']
  .map(
    (stream) => `stream         ${stream}
group          workers
to delete      1 consumer not seen for 500ms or longer
alive          1: alive
entries go to  alive

CONSUMER  PENDING IDLE
dead            1 NOW
`,
  )
  .join('\n')}`,
    });
    expect(await consumers()).toEqual([['alive'], ['alive']]);
    for (const [at, stream] of partitions.entries())
      expect(await pendingOf(redis.client, stream, 'workers')).toMatchObject([
        { id: `${at + 1}-0`, consumer: 'alive' },
      ]);
  });

  test('json: a plan of each, one list of what was done', async () => {
    for (const stream of partitions) await start(stream);
    const planned = JSON.parse((await run([...argv, '--dry-run', '-o', 'json'], { config })).stdout);
    expect(planned).toMatchObject({
      type: 'reap-plan-list',
      items: partitions.map((stream) => ({ stream, dead: [{ consumer: 'dead', pending: 1 }] })),
    });
    const { stdout } = await run([...argv, '--consumer', 'dead', '--yes', '--quiet', '-o', 'json'], {
      config,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'reaped-consumer-list',
      items: partitions.map((stream) => ({ stream, consumer: 'dead', outcome: 'deleted', claimed: 1 })),
    });
  });

  test('where nobody reads one of them, nothing is done in any, and that one is named', async () => {
    await start('orders:{0}');
    expect(await run([...argv, '--yes', '--quiet'], { config })).toEqual({
      code: 3,
      stdout: '',
      stderr: `qctl: no consumer of group workers of orders:{1} was seen in the last 500ms: nobody would process the entries
  hint: start one and try again, or name one with --to
`,
    });
    expect(await consumers()).toEqual([['alive', 'dead'], ['dead']]);
  });

  test('a consumer that none of them has', async () => {
    expect(await run([...argv, '--consumer', 'dad', '--yes', '--quiet'], { config })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('qctl: group workers has no consumer dad\n  hint: did you mean dead?'),
    });
  });
});

test('SIGINT in the middle: 130, the report says where it stopped, and the same command goes on', async () => {
  await fillManyPending(redis.client, ['orders', 'workers', 'dead'], 300_000);
  await redis.client.xreadgroup('GROUP', 'workers', 'late', 'COUNT', 1, 'STREAMS', 'orders', '0');
  await onlyAlive();
  const env = { REDIS_URL: redis.server.url };
  const argv = [
    'consumer',
    'reap',
    'orders',
    'workers',
    ...AWAY,
    '--to',
    'heir',
    '--create-consumer',
    '--yes',
  ];
  const process = spawnQctl([...argv, '--quiet', '-o', 'json'], { env });
  await waitFor(async () => (await names()).includes('heir'), { everyMs: 2, what: 'a first page' });
  process.child.kill('SIGINT');
  const { code, stdout, stderr } = await process.done;
  expect({ code, stderr }).toEqual({
    code: 130,
    stderr: 'qctl: finishing the batch; once more to stop at once\n',
  });
  const { items } = JSON.parse(stdout) as { items: { claimed: number }[] };
  const [{ claimed }] = items as [{ claimed: number }];
  expect(items).toMatchObject([
    { consumer: 'dead', pending: 300_000, outcome: 'stopped', failure: null },
    { consumer: 'late', outcome: 'stopped' },
  ]);
  expect(claimed).toBeLessThan(300_000);
  expect(await names()).toEqual(['dead', 'heir', 'late']);
  await onlyAlive('heir');
  const again = await run([...argv, '--quiet', '-o', 'json']);
  expect(JSON.parse(again.stdout).items).toMatchObject([
    { consumer: 'dead', pending: 300_000 - claimed, outcome: 'deleted', claimed: 300_000 - claimed },
    { consumer: 'late', outcome: 'deleted' },
  ]);
  expect(await names()).toEqual(['heir']);
});
