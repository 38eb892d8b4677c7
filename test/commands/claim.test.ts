import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  entriesOf,
  fillManyPending,
  fillPending,
  type PendingRow,
  pendingOf,
  untilIdle,
} from '../support/pending.ts';
import { spawnQctl } from '../support/qctl.ts';
import { startCluster, type TestCluster } from '../support/redis-topologies.ts';
import { waitFor } from '../support/wait.ts';
import { useOwnRedis } from './own-redis.ts';
import { runCommand } from './run-command.ts';

const redis = useOwnRedis();
const { run } = redis;

const HOUR = 3_600_000;

/** 1-0 failed often, 2-0 and 3-0 are stuck, 4-0 is gone, 5-0 was just delivered to a worker that lives. */
async function fillOrders(stream = 'orders'): Promise<void> {
  await fillPending(redis.client, stream, 'workers', [
    { id: '1-0', consumer: 'worker-1', deliveries: 3 },
    { id: '2-0', consumer: 'worker-1', deliveries: 2 },
    { id: '3-0', consumer: 'worker-1' },
    { id: '4-0', consumer: 'worker-1', gone: true },
    { id: '5-0', consumer: 'worker-2', idleMs: 0 },
  ]);
}

const held = async (stream = 'orders') =>
  (await pendingOf(redis.client, stream, 'workers')).map(({ id, consumer }) => `${id} ${consumer}`);
const untouched = ['1-0 worker-1', '2-0 worker-1', '3-0 worker-1', '4-0 worker-1', '5-0 worker-2'];
const letters = async (stream = 'orders:dead') =>
  (await entriesOf(redis.client, stream)).map(({ fields }) => String(fields.at(-1)));

function configOf(streams: string): string {
  return `profile: default\nprofiles:\n  default:\n    streams: ${streams}\n`;
}

describe('a group with stuck messages', () => {
  beforeEach(() => fillOrders());

  const argv = ['claim', 'orders', 'workers', '--to', 'worker-2', '--max-deliveries', '3'];
  const plan = `stream        orders
group         workers, 5 pending
claim         3 entries idle for 5m00s or longer
for           worker-2 (seen NOW ago)
dead letters  1 delivered 3 times or more, to orders:dead
`;
  const report = `stream        orders workers
claimed       2 for worker-2
dead letters  1 to orders:dead
removed       1 whose message was trimmed away: 4-0
left alone    1 delivered too lately
`;
  const done = ['2-0 worker-2', '3-0 worker-2', '5-0 worker-2'];

  test('on a terminal: the plan, the question, the report', async () => {
    expect(await run(argv, { columns: 100, answer: 'y' })).toEqual({ code: 0, stdout: report, stderr: plan });
    expect(await held()).toEqual(done);
    expect(await letters()).toEqual(['b1-0']);
  });

  test('on a terminal a no does nothing', async () => {
    expect(await run(argv, { columns: 100, answer: 'n' })).toEqual({
      code: 9,
      stdout: '',
      stderr: `${plan}qctl: declined; nothing was done\n  hint: --dry-run shows the plan and asks nothing\n`,
    });
    expect(await held()).toEqual(untouched);
  });

  test('in a pipe it needs --yes', async () => {
    expect(await run(argv)).toEqual({
      code: 3,
      stdout: '',
      stderr: `${plan}qctl: this needs a yes, and there is no terminal to ask on: Claim 4 pending entries of orders workers?
  hint: look at the plan with --dry-run, then run it again with --yes
`,
    });
    expect(await held()).toEqual(untouched);
  });

  test('with --yes nobody decides by counts, and none are taken', async () => {
    expect(await run([...argv, '--yes'])).toEqual({
      code: 0,
      stdout: report,
      stderr: plan.replace('3 entries', 'entries').replace('1 delivered', 'delivered'),
    });
    expect(await held()).toEqual(done);
  });

  test('--quiet prints the report and nothing else', async () => {
    expect(await run([...argv, '--yes', '--quiet'])).toEqual({ code: 0, stdout: report, stderr: '' });
  });

  test('--dry-run shows the plan and does nothing', async () => {
    expect(await run([...argv, '--dry-run'])).toEqual({ code: 0, stdout: plan, stderr: '' });
    const { code, stdout, stderr } = await run([...argv, '--dry-run', '-o', 'json']);
    expect({ code, stderr, plan: JSON.parse(stdout) }).toEqual({
      code: 0,
      stderr: '',
      plan: {
        ...{ type: 'claim-plan', stream: 'orders', group: 'workers' },
        to: { consumer: 'worker-2', chosen: 'given', exists: true, idleMs: 'NOW' },
        ...{ minIdleMs: 300_000, from: null, ids: null, pending: 5, claim: 3, deadLetter: 1 },
        ...{ deadLetterStream: 'orders:dead', maxDeliveries: 3 },
      },
    });
    expect(await held()).toEqual(untouched);
  });

  const jsonReport = {
    ...{ type: 'claim-report', stream: 'orders', group: 'workers', to: 'worker-2', claimed: 2 },
    ...{ deadLettered: 1, deadLetter: 'orders:dead', removed: 1, removedIds: ['4-0'], kept: 0, keptIds: [] },
    ...{ tooYoung: 1, notPending: 0, stopped: false, ownerAlive: false, failure: null },
  };

  test('json is the report', async () => {
    const { code, stdout, stderr } = await run([...argv, '--yes', '--quiet', '-o', 'json']);
    expect({ code, stderr, report: JSON.parse(stdout) }).toEqual({ code: 0, stderr: '', report: jsonReport });
  });

  test('ndjson tells of each entry, then the report', async () => {
    const { code, stdout, stderr } = await run([...argv, '--yes', '--quiet', '-o', 'ndjson']);
    const entry = (outcome: string, id: string) => ({
      ...{ type: 'claim-entry', outcome, stream: 'orders', group: 'workers', id },
    });
    const lines = stdout.trimEnd().split('\n');
    expect({ code, stderr, lines: lines.map((line) => JSON.parse(line)) }).toEqual({
      code: 0,
      stderr: '',
      lines: [
        entry('claimed', '2-0'),
        entry('claimed', '3-0'),
        entry('dead-lettered', '1-0'),
        entry('removed', '4-0'),
        jsonReport,
      ],
    });
  });

  test('chosen entries alone; the plan counts them', async () => {
    const chosen = [
      'claim',
      'orders',
      'workers',
      '--id',
      '3-0',
      '1-0',
      '9-0',
      '5-0',
      '3-0',
      '--to',
      'worker-2',
    ];
    expect(await run(chosen, { columns: 100, answer: 'y' })).toEqual({
      code: 8,
      stdout: `stream        orders workers
claimed       2 for worker-2
dead letters  0
removed       0
left alone    1 delivered too lately
not pending   1 of the ids
`,
      stderr: `stream        orders
group         workers, 5 pending
claim         2 of 4 chosen entries, where idle for 5m00s or longer
for           worker-2 (seen NOW ago)
dead letters  none: no --max-deliveries, and none configured
`,
    });
  });

  test('entries of one consumer; where nobody is active, somebody has to be named', async () => {
    await redis.client.xreadgroup('GROUP', 'workers', 'worker-3', 'COUNT', 1, 'STREAMS', 'orders', '0');
    await untilIdle(redis.client, ['orders', 'workers', 'worker-3'], 5);
    const from = ['claim', 'orders', 'workers', '--from', 'worker-2', '--min-idle', '5ms', '--yes'];
    expect(await run([...from, '--dry-run'])).toEqual({
      code: 3,
      stdout: '',
      stderr: `qctl: no consumer of group workers of orders was seen in the last 5ms: nobody would process the entries
  hint: start one and try again, or name one with --to
`,
    });
    expect(await run([...from, '--to', 'worker-3'])).toEqual({
      code: 0,
      stdout: `stream        orders workers
claimed       1 for worker-3
dead letters  0
removed       0
`,
      stderr: `stream        orders
group         workers, 5 pending
claim         entries of worker-2 idle for 5ms or longer
for           worker-3 (seen NOW ago)
dead letters  none: no --max-deliveries, and none configured
`,
    });
    expect(await held()).toEqual([...untouched.slice(0, 4), '5-0 worker-3']);
  });

  test('where nobody is named, the consumer that was seen last takes over', async () => {
    await untilIdle(redis.client, ['orders', 'workers', 'worker-1'], 20);
    await redis.client.xreadgroup('GROUP', 'workers', 'worker-2', 'COUNT', 1, 'STREAMS', 'orders', '0');
    const { stderr } = await run(['claim', 'orders', 'workers', '--yes']);
    expect(stderr).toContain('\nfor           worker-2 (seen NOW ago, the latest of its group)\n');
    expect(await held()).toEqual(['1-0 worker-2', '2-0 worker-2', '3-0 worker-2', '5-0 worker-2']);
  });

  test('a consumer that is yet to start needs --create-consumer', async () => {
    const to = ['claim', 'orders', 'workers', '--to', 'rescue', '--yes'];
    expect(await run(to)).toEqual({
      code: 3,
      stdout: '',
      stderr: `qctl: group workers of orders has no consumer rescue
  hint: active ones: worker-1, worker-2
  hint: --create-consumer claims for one that is yet to start
`,
    });
    const { code, stderr } = await run([...to, '--create-consumer']);
    expect({ code, line: stderr.split('\n')[3] }).toEqual({
      code: 0,
      line: 'for           rescue (does not exist yet)',
    });
    expect(await held()).toContain('1-0 rescue');
  });

  test('many that are gone are named up to ten', async () => {
    const more = Array.from({ length: 12 }, (_, n) => ({
      id: `${n + 6}-0`,
      consumer: 'worker-1',
      gone: true,
    }));
    await fillPending(redis.client, 'orders', 'workers', more);
    const { stdout } = await run([...argv, '--yes', '--quiet']);
    expect(stdout.split('\n')[3]).toBe(
      'removed       13 whose messages were trimmed away: 4-0, 6-0, 7-0, 8-0, 9-0, 10-0, 11-0, 12-0, 13-0, 14-0, …',
    );
  });
});

describe('the short form', () => {
  beforeEach(() => fillOrders());
  const config = configOf(
    '{ orders: { group: workers, maxDeliveries: 2, deadLetter: failed-orders, minIdle: 30m, claimTo: worker-2 } }',
  );

  test('takes everything from qctl.yaml', async () => {
    expect(await run(['claim', 'orders', '--yes'], { config })).toEqual({
      code: 0,
      stdout: `stream        orders workers
claimed       1 for worker-2
dead letters  2 to failed-orders
removed       1 whose message was trimmed away: 4-0
left alone    1 delivered too lately
`,
      stderr: `stream        orders
group         workers, 5 pending
claim         entries idle for 30m00s or longer
for           worker-2 (seen NOW ago, as configured)
dead letters  delivered 2 times or more, to failed-orders
`,
    });
    expect(await letters('failed-orders')).toEqual(['b1-0', 'b2-0']);
  });

  test('flags go before it; 0 deliveries make no dead letters', async () => {
    const flags = ['--max-deliveries', '0', '--min-idle', '2h', '--to', 'worker-1'];
    expect(await run(['claim', 'orders', ...flags, '--dry-run'], { config })).toEqual({
      code: 0,
      stdout: `stream        orders
group         workers, 5 pending
claim         0 entries idle for 2h00m or longer
for           worker-1 (seen NOW ago)
dead letters  none: no --max-deliveries, and none configured
`,
      stderr: '',
    });
  });

  test('a partitioned stream means its partitions; those where nothing is pending need nobody', async () => {
    await fillOrders('alerts:{0}');
    await fillPending(redis.client, 'alerts:{2}', 'workers', []);
    const partitioned = configOf(
      '{ alerts: { partitions: 3, group: workers, maxDeliveries: 3, claimTo: worker-2 } }',
    );
    expect(await run(['claim', 'alerts', '--yes'], { config: partitioned })).toEqual({
      code: 0,
      stdout: `STREAM      GROUP    CLAIMED  FOR       DEAD  REMOVED  LEFT
alerts:{0}  workers        2  worker-2     1        1     1
alerts:{2}  workers        0  -            0        0     -
`,
      stderr: `qctl: left out: there is no stream alerts:{1} (redis://SERVER/0)
stream        alerts:{0}
group         workers, 5 pending
claim         entries idle for 5m00s or longer
for           worker-2 (seen NOW ago, as configured)
dead letters  delivered 3 times or more, to alerts:{0}:dead

stream        alerts:{2}
group         workers, 0 pending
claim         0 entries idle for 5m00s or longer
for           -
dead letters  0 delivered 3 times or more, to alerts:{2}:dead
`,
    });
    expect(await held('alerts:{0}')).toEqual(['2-0 worker-2', '3-0 worker-2', '5-0 worker-2']);
    expect(await letters('alerts:{0}:dead')).toEqual(['b1-0']);
  });

  test('of several streams one without pending entries need not know the consumer that is named', async () => {
    await fillOrders('alerts:{0}');
    await fillPending(redis.client, 'alerts:{2}', 'workers', []);
    const partitioned = configOf('{ alerts: { partitions: 3, group: workers } }');
    const to = ['claim', 'alerts', '--to', 'worker-2', '--yes', '--quiet'];
    expect(await run(to, { config: partitioned })).toMatchObject({ code: 0 });
    expect(await run(['claim', 'alerts:{2}', 'workers', '--to', 'worker-2', '--yes'])).toMatchObject({
      code: 3,
    });
  });

  test('a pattern as a key; a pattern as the argument leaves the dead letters out', async () => {
    await fillOrders('events:eu');
    await fillOrders('events:us');
    const pattern = configOf("{ 'events:*': { group: workers, maxDeliveries: 3, claimTo: worker-2 } }");
    expect((await run(['claim', 'events:eu', '--yes', '--quiet'], { config: pattern })).stdout).toContain(
      'dead letters  1 to events:eu:dead\n',
    );
    expect(
      await run(['claim', 'events:*', '--yes', '--quiet', '-o', 'json'], { config: pattern }),
    ).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await letters('events:us:dead')).toEqual(['b1-0']);
    expect(await held('events:us')).toEqual(['2-0 worker-2', '3-0 worker-2', '5-0 worker-2']);
  });
});

describe('nothing to do', () => {
  const report = `stream        orders workers
claimed       0
dead letters  0
removed       0
`;

  test('nothing pending: nobody is asked, nobody is needed, and it is no failure', async () => {
    await redis.client.call('XGROUP', 'CREATE', 'orders', 'workers', '0', 'MKSTREAM');
    expect(await run(['claim', 'orders'])).toEqual({
      code: 0,
      stdout: report,
      stderr: `stream        orders
group         workers, 0 pending
claim         0 entries idle for 5m00s or longer
for           -
dead letters  none: no --max-deliveries, and none configured
`,
    });
  });

  test('nothing that is old enough: what becomes so meanwhile waits for the next claim', async () => {
    await fillOrders();
    const { code, stdout } = await run(['claim', 'orders', '--to', 'worker-2', '--min-idle', '2h']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: report.replace('0\n', '0 for worker-2\n') });
    expect(await held()).toEqual(untouched);
  });
});

describe('refusals', () => {
  beforeEach(async () => {
    await fillOrders();
    await redis.client.set('text', 'no stream');
  });

  test.each<[string, string[], number, string]>([
    [
      'a stream that is missing',
      ['order'],
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
      'an owner that is missing',
      ['orders', 'workers', '--from', 'worker1', '--to', 'worker-2'],
      1,
      `qctl: group workers has no consumer worker1
  hint: did you mean worker-1?
  hint: its consumers: worker-1, worker-2
`,
    ],
    [
      'an owner who would take his own',
      ['orders', 'workers', '--from', 'worker-1', '--to', 'worker-1'],
      3,
      'qctl: worker-1 cannot take its own entries over\n  hint: name another consumer with --to\n',
    ],
    [
      'ids and an owner',
      ['orders', 'workers', '--from', 'worker-1', '--id', '1-0'],
      2,
      'qctl: --id and --from exclude each other\n  hint: name ids, or a consumer\n',
    ],
    [
      'an id that is none',
      ['orders', 'workers', '--id', '1-0', '17'],
      2,
      'qctl: 17 is no id of an entry\n  hint: write whole ids such as 1763721600000-0\n',
    ],
    [
      'an id beyond all ids',
      ['orders', 'workers', '--id', '18446744073709551616-0'],
      2,
      'qctl: 18446744073709551616-0 is no id of an entry\n  hint: write whole ids such as 1763721600000-0\n',
    ],
    [
      'the stream as its own dead-letter stream',
      ['orders', 'workers', '--max-deliveries', '3', '--dead-letter', 'orders'],
      3,
      `qctl: orders would be its own dead-letter stream
  hint: name another one with --dead-letter, or as deadLetter: of the stream in qctl.yaml
`,
    ],
    [
      'a count that is none',
      ['orders', 'workers', '--max-deliveries', '3x'],
      2,
      `qctl: option '--max-deliveries <n>' argument '3x' is invalid. expected a whole number from 0
  hint: run 'qctl claim --help' for its flags
`,
    ],
  ])('%s', async (_, argv, code, stderr) => {
    expect(await run(['claim', ...argv, '--yes'])).toEqual({ code, stdout: '', stderr });
    expect(await held()).toEqual(untouched);
  });

  test('as json an error is one line with its code', async () => {
    const argv = [
      'claim',
      'orders',
      'workers',
      '--max-deliveries',
      '3',
      '--dead-letter',
      'orders',
      '-o',
      'json',
    ];
    const { code, stdout, stderr } = await run(argv);
    expect({ code, stdout, error: JSON.parse(stderr) }).toEqual({
      code: 3,
      stdout: '',
      error: {
        ...{ type: 'error', code: 'DEAD_LETTER_SAME', kind: 'refused', exit: 3 },
        message: 'orders would be its own dead-letter stream',
        hint: ['name another one with --dead-letter, or as deadLetter: of the stream in qctl.yaml'],
        details: { stream: 'orders' },
      },
    });
  });
});

describe('something is left over', () => {
  const argv = [
    'claim',
    'orders',
    'workers',
    '--to',
    'worker-2',
    '--max-deliveries',
    '3',
    '--yes',
    '--quiet',
  ];

  test('too many fields for a script: named, still pending, exit code 8', async () => {
    const fields = Array.from({ length: 8000 }, (_, at) => `f${at}`);
    await fillPending(redis.client, 'orders', 'workers', [
      { id: '1-0', consumer: 'worker-1', deliveries: 3, fields },
      { id: '2-0', consumer: 'worker-2' },
    ]);
    expect(await run(argv)).toEqual({
      code: 8,
      stdout: `stream        orders workers
claimed       1 for worker-2
dead letters  0 to orders:dead
removed       0
kept          1 with too many fields: 1-0
`,
      stderr: '',
    });
    expect(await held()).toEqual(['1-0 worker-1', '2-0 worker-2']);
  });

  test('a dead-letter key that is no stream: the report of what was done, then the error', async () => {
    await fillOrders();
    await redis.client.set('orders:dead', 'no stream');
    expect(await run(argv)).toEqual({
      code: 7,
      stdout: `stream        orders workers
claimed       0 for worker-2
dead letters  0 to orders:dead
removed       0
`,
      stderr: `qctl: cannot append to dead-letter stream orders:dead (redis://SERVER/0): the key holds another kind of value
  hint: check the name, or choose another key
`,
    });
    expect(await held()).toEqual(untouched);
  });

  test('Redis is out of memory: the error says what frees some, nothing is lost', async () => {
    await fillOrders();
    await redis.client.config('SET', 'maxmemory', '1kb');
    try {
      const { code, stdout, stderr } = await run([...argv, '-o', 'json']);
      expect(code).toBe(7);
      expect(JSON.parse(stdout)).toMatchObject({
        ...{ claimed: 0, deadLettered: 0 },
        failure:
          'cannot append to dead-letter stream orders:dead (redis://SERVER/0): Redis is out of memory (OOM): maxmemory reached',
      });
      expect(JSON.parse(stderr)).toMatchObject({
        code: 'REDIS_OOM',
        hint: [
          "'qctl stream ls' shows which streams take the memory",
          "'qctl stream trim --acknowledged' frees what every group has acknowledged",
          'or raise maxmemory',
        ],
      });
      expect(await held()).toEqual(untouched);
    } finally {
      await redis.client.config('SET', 'maxmemory', '0');
    }
  });
});

describe('stopped in the middle', () => {
  const rows = (count: number): PendingRow[] =>
    Array.from({ length: count }, (_, at) => ({ id: `${at + 1}-0`, consumer: 'worker-1', idleMs: HOUR }));
  const argv = ['claim', 'orders', 'workers', '--to', 'worker-2', '--yes', '--quiet'];

  test('the page at hand is finished, the report is printed, the same command goes on', async () => {
    await fillPending(redis.client, 'orders', 'workers', [
      ...rows(2500),
      { id: '9999-0', consumer: 'worker-2', idleMs: 0 },
    ]);
    const stopped = await run([...argv, '-o', 'ndjson'], { onStdout: (_text, stop) => stop() });
    expect({ code: stopped.code, stderr: stopped.stderr }).toEqual({ code: 130, stderr: '' });
    const report = JSON.parse(stopped.stdout.trimEnd().split('\n').at(-1)!);
    expect(report).toMatchObject({ type: 'claim-report', claimed: 1000, stopped: true, failure: null });
    const rest = JSON.parse((await run([...argv, '-o', 'json'])).stdout);
    expect(rest).toMatchObject({ claimed: 1500, removed: 0, stopped: false });
    expect(
      new Set((await pendingOf(redis.client, 'orders', 'workers')).map(({ consumer }) => consumer)),
    ).toEqual(new Set(['worker-2']));
  });

  test('of several streams each is in the report: done, stopped, or not begun', async () => {
    for (const stream of ['orders:1', 'orders:2', 'orders:3'])
      await fillPending(redis.client, stream, 'workers', [
        ...rows(stream === 'orders:1' ? 1 : 1500),
        { id: '9999-0', consumer: 'worker-2', idleMs: 0 },
      ]);
    const several = [
      'claim',
      'orders:*',
      'workers',
      '--to',
      'worker-2',
      '--max-deliveries',
      '9',
      '--yes',
      '--quiet',
    ];
    const stopAfter = (wanted: string) => {
      let seen = '';
      return (text: string, stop: () => void) => {
        seen += text;
        if (seen.includes(wanted)) stop();
      };
    };
    const { code, stdout } = await run([...several, '-o', 'ndjson'], { onStdout: stopAfter('orders:2') });
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'claim-report');
    expect(code).toBe(130);
    expect(reports).toMatchObject([
      { stream: 'orders:1', claimed: 1, tooYoung: 1, stopped: false },
      { stream: 'orders:2', claimed: 1000, stopped: true },
      { stream: 'orders:3', claimed: 0, tooYoung: null, stopped: true },
    ]);
  });

  test('of several streams the one that fails is named, and those behind it', async () => {
    for (const stream of ['orders:1', 'orders:2', 'orders:3'])
      await fillPending(redis.client, stream, 'workers', [{ ...rows(1)[0]!, deliveries: 9 }]);
    await redis.client.set('orders:2:dead', 'no stream');
    const several = [
      'claim',
      'orders:?',
      'workers',
      '--to',
      'worker-1',
      '--max-deliveries',
      '9',
      '--yes',
      '--quiet',
    ];
    expect(await run(several)).toMatchObject({
      code: 7,
      stdout: `STREAM    GROUP    CLAIMED  FOR       DEAD  REMOVED  LEFT  OUTCOME
orders:1  workers        0  worker-1     1        0     0  done
orders:2  workers        0  worker-1     0        0     -  failed before the end
orders:3  workers        0  worker-1     0        0     -  stopped before the end; the same command goes on
`,
    });
  });

  test('SIGINT ends the process with 130 and the report, in little memory however much is pending', async () => {
    const server = redis.server.url;
    await fillPending(redis.client, 'orders', 'workers', [{ id: '1-0', consumer: 'worker-2', idleMs: 0 }]);
    await fillManyPending(redis.client, ['orders', 'workers', 'worker-1'], 300_000);
    const env = { REDIS_URL: server, NODE_OPTIONS: '--max-old-space-size=40' };
    const claim = [
      'claim',
      'orders',
      'workers',
      '--to',
      'worker-2',
      '--from',
      'worker-1',
      '--yes',
      '--quiet',
    ];
    const taken = async () =>
      ((await redis.client.call('XPENDING', 'orders', 'workers', '2-0', '+', '1', 'worker-2')) as []).length;
    const process = spawnQctl(claim, { env });
    await waitFor(taken, { everyMs: 2, what: 'a first page' });
    process.child.kill('SIGINT');
    const first = await process.done;
    expect(first).toMatchObject({
      code: 130,
      stderr: 'qctl: finishing the batch; once more to stop at once\n',
    });
    const [, count] = /^claimed +([\d,]+) for worker-2$/m.exec(first.stdout)!;
    const claimed = Number(count!.replaceAll(',', ''));
    expect(first.stdout).toBe(`stream        orders workers
claimed       ${count} for worker-2
dead letters  0
removed       0
stopped       before the end; the same command goes on
`);
    expect(claimed).toBeLessThan(300_000);
    const second = await spawnQctl([...claim, '-o', 'json'], { env }).done;
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(second.stdout)).toMatchObject({ claimed: 300_000 - claimed, stopped: false });
  });
});

describe('on a cluster', () => {
  let cluster: TestCluster | undefined;
  afterAll(() => cluster?.stop());

  test('dead letters go to {orders}:dead, in the slot of the stream; another slot is refused', async () => {
    cluster = await startCluster();
    const { Cluster } = await import('ioredis');
    const client = new Cluster(cluster.seeds);
    try {
      await fillPending(client, 'orders', 'workers', [
        { id: '1-0', consumer: 'worker-1', deliveries: 3 },
        { id: '2-0', consumer: 'worker-1' },
        { id: '3-0', consumer: 'worker-2', idleMs: 0 },
      ]);
      const nodes = cluster.seeds.map(({ host, port }) => `"${host}:${port}"`).join(', ');
      const config = `profile: default
profiles:
  default:
    redis: { cluster: { nodes: [${nodes}] } }
`;
      const run = (...more: string[]) =>
        runCommand(['claim', 'orders', 'workers', '--to', 'worker-2', '--yes', '--quiet', ...more], {
          ...{ config, env: { REDIS_URL: undefined as never } },
        });
      const apart = await run('--max-deliveries', '3', '--dead-letter', 'failed');
      expect(apart).toEqual({
        code: 3,
        stdout: '',
        stderr: `qctl: orders and failed lie in different slots of the cluster
  hint: an entry can only move in one step inside a slot
  hint: give the dead-letter stream the hash tag of the stream, as in {orders}:dead
`,
      });
      expect(await run('--max-deliveries', '3')).toEqual({
        code: 0,
        stdout: `stream        orders workers
claimed       1 for worker-2
dead letters  1 to {orders}:dead
removed       0
left alone    1 delivered too lately
`,
        stderr: '',
      });
      expect(
        (await pendingOf(client, 'orders', 'workers')).map(({ id, consumer }) => `${id} ${consumer}`),
      ).toEqual(['2-0 worker-2', '3-0 worker-2']);
      const [letter] = await entriesOf(client, '{orders}:dead');
      expect(letter!.fields.slice(-2).map(String)).toEqual(['body', 'b1-0']);
    } finally {
      client.disconnect();
    }
  });
});
