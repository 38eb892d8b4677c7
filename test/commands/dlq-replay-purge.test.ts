import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DlqServer, onBoth, startDlqServer } from './dlq-driver.ts';

let server: DlqServer;

beforeAll(async () => {
  server = await startDlqServer();
});
afterAll(() => server.stop());
beforeEach(() => server.reset());

/** Two of orders, which two groups read, and one of mails, which nobody reads. */
async function seed(): Promise<void> {
  await server.reset();
  await server.redis.xgroup('CREATE', 'orders', 'audit', '$');
  await server.redis.xadd('mails', '*', 'a', 'b');
  await server.die(48);
  await server.die(3, { stream: 'mails', fields: ['attempts', 'many'] });
  await server.die(2, { reason: 'timeout' });
}

const textsIn = async (stream: string) =>
  (await server.redis.xrange(stream, '-', '+')).map(([, fields]) => fields.join(' '));
const BODY = 'x'.repeat(20);
const WARNINGS = `\
warning every group of orders gets them again, also those that had processed them: audit, workers
warning mails has no group: nobody gets them before one is made
`;

describe('dlq replay', () => {
  const PLAN = `\
to replay  3 dead letters, 91 B
from       orders:dead: 3 of 3
to         orders: 2
to         mails: 1
rate       1,000/s, which takes 3ms
${WARNINGS}`;
  const REPORT = `\
replayed       3
to             orders: 2
to             mails: 1
retry counter  left as it was in 1: it is no number there
left           0
time           TIME
`;

  test('shows the plan, replays and reports', async () => {
    const [pipe, terminal] = await onBoth(server, 'dlq replay orders --all --rate 1000/s --yes', seed);
    expect(pipe).toEqual({ code: 0, stderr: PLAN, stdout: REPORT });
    expect(terminal).toEqual(pipe);
    expect(await textsIn('orders')).toEqual([
      `id m48 body ${BODY} type created attempts 1`,
      `id m2 body ${BODY} type created attempts 1`,
    ]);
    expect(await textsIn('mails')).toEqual(['a b', 'attempts many']);
    expect(await textsIn('orders:dead')).toEqual([]);
  });

  test('takes those of one priority first', async () => {
    await server.die(3, { fields: ['id', 'm3', 'priority', 'LOW'] });
    await server.die(2, { fields: ['id', 'm2', 'priority', 'CRITICAL'] });
    const { code, stdout } = await server.run('dlq replay orders --priority CRITICAL --yes');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^replayed +1$/m)]);
    expect(await textsIn('orders')).toEqual(['id m2 priority CRITICAL attempts 1']);
  });

  test('asks on a terminal; no is no', async () => {
    await seed();
    const yes = await server.run('dlq replay orders --reason timeout', { columns: 100, answer: 'y' });
    expect([yes.code, yes.stdout.split('\n')[0]]).toEqual([0, 'replayed  1']);
    const no = await server.run('dlq replay orders --all', { columns: 100, answer: 'n' });
    expect(no).toMatchObject({ code: 9, stdout: '' });
    expect(await textsIn('orders:dead')).toHaveLength(2);
  });

  test('without a terminal it needs --yes', async () => {
    await seed();
    const { code, stderr } = await server.run('dlq replay orders --all');
    expect([code, stderr.split('\n').slice(-3)]).toEqual([
      3,
      [
        'qctl: this needs a yes, and there is no terminal to ask on: Replay 3 dead letters into 2 streams?',
        '  hint: look at the plan with --dry-run, then run it again with --yes',
        '',
      ],
    ]);
    expect(await textsIn('orders:dead')).toHaveLength(3);
  });

  test('with --dry-run shows the plan and changes nothing', async () => {
    await seed();
    const table = await server.run('dlq replay orders --all --rate 1000/s --dry-run');
    expect(table).toEqual({ code: 0, stderr: '', stdout: PLAN });
    const { stdout } = await server.run('dlq replay orders 9-9 --stream orders --all -o json --dry-run');
    expect(stdout).toBe('');
    const json = await server.run(`dlq replay orders ${server.idAt(48, 1)} 9-9 -o json --dry-run`);
    expect({ ...json, stdout: JSON.parse(json.stdout) }).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: {
        type: 'replay-plan',
        sources: [{ stream: 'orders:dead', entries: 3, chosen: 1 }],
        targets: [
          { stream: 'orders', chosen: 1, payloadBytes: 40, exists: true, groups: ['audit', 'workers'] },
        ],
        ...{ chosen: 1, payloadBytes: 40, madeByOthers: 0, missingIds: ['9-9'], ratePerSecond: null },
        findings: [
          {
            ...{ level: 'warning', code: 'REPLAY_GROUPS' },
            text: 'every group of orders gets them again, also those that had processed them: audit, workers',
          },
          {
            ...{ level: 'warning', code: 'IDS_MISSING' },
            text: 'ids that are not there, or that the filter leaves out: 9-9',
          },
        ],
      },
    });
    expect(await textsIn('orders:dead')).toHaveLength(3);
  });

  test('as json reports everything, and with ids where each has gone', async () => {
    await seed();
    const { code, stdout } = await server.run(
      `dlq replay orders ${server.idAt(2, 3)} 9-9 --yes --quiet -o json`,
    );
    const report = JSON.parse(stdout);
    expect([code, report]).toEqual([
      8,
      {
        ...{
          type: 'replay-report',
          chosen: 1,
          replayed: 1,
          targets: [{ stream: 'orders', replayed: 1 }],
          gone: 0,
        },
        ...{ retryCountKept: 0, tooManyFields: 0, tooManyFieldsIds: [], missing: 1, left: 0 },
        moves: [{ stream: 'orders:dead', id: 'HOURS-AGO-002-3', to: 'orders', newId: report.moves[0].newId }],
        ...{ stopped: false, elapsedMs: 0, failure: null },
      },
    ]);
    expect((await server.redis.xrange('orders', '-', '+'))[0]![0]).toBe(report.moves[0].newId);
  });

  test('refuses where something stands in the way, and changes nothing', async () => {
    await seed();
    await server.redis.del('mails');
    const end = await server.run('dlq replay orders --all --yes');
    expect(end).toEqual({
      ...{ code: 3, stdout: '' },
      stderr: `\
to replay  3 dead letters, 91 B
from       orders:dead: 3 of 3
to         orders: 2
to         mails: 1
warning every group of orders gets them again, also those that had processed them: audit, workers
blocker there is no stream mails, for 1 dead letter
  -> --create makes it, --to names another one, --stream leaves out the others
qctl: nothing was replayed: there is no stream mails, for 1 dead letter
  hint: --create makes it, --to names another one, --stream leaves out the others
`,
    });
    expect((await server.run('dlq replay orders --all --dry-run')).code).toBe(3);
    expect(await textsIn('orders:dead')).toHaveLength(3);
    expect((await server.run('dlq replay orders --stream orders --yes')).code).toBe(0);
    expect((await server.run('dlq replay orders --all --to orders --yes')).code).toBe(0);
    expect(await textsIn('orders')).toHaveLength(3);
  });

  test('tells what could not be replayed and ends with 8', async () => {
    await seed();
    const many = Array.from({ length: 7902 }, (_, at) => `f${at}`);
    await server.redis.xadd('orders:dead', server.idAt(1), ...many);
    const end = await server.run('dlq replay orders --all --yes --quiet');
    expect(end).toEqual({
      ...{ code: 8, stderr: '' },
      stdout: `\
replayed         3
to               orders: 2
to               mails: 1
retry counter    left as it was in 1: it is no number there
too many fields  1, still there: HOURS-AGO-001-0
left             1
time             TIME
`,
    });
  });

  test('of nothing replays nothing and asks nothing', async () => {
    const end = await server.run('dlq replay orders --all');
    expect(end).toEqual({
      code: 0,
      stderr: 'to replay  0 dead letters, 0 B\nfrom       orders:dead: 0 of 0\n',
      stdout: 'replayed  0\nleft      0\ntime      TIME\n',
    });
  });

  test('stopped by Ctrl-C reports what was done and what is left, and ends with 130', async () => {
    await server.reset();
    for (let n = 0; n < 60; n += 1) await server.die(2);
    const end = await server.run('dlq replay orders --all --yes --rate 10/s -o ndjson', {
      onStdout: (text, stop) => text.includes('"progress"') && stop(),
    });
    const report = JSON.parse(end.stdout.trimEnd().split('\n').at(-1)!);
    expect(end.code).toBe(130);
    expect(report).toMatchObject({
      type: 'replay-report',
      chosen: 60,
      gone: 0,
      stopped: true,
      failure: null,
    });
    expect(report.replayed).toBeGreaterThan(0);
    expect(report.replayed + report.left).toBe(60);
    expect(await server.redis.xlen('orders')).toBe(report.replayed);
    expect(await server.redis.xlen('orders:dead')).toBe(report.left);
  });

  test.each([
    ['dlq replay orders', 'nothing says which dead letters to replay'],
    ['dlq replay orders --limit 5', 'nothing says which dead letters to replay'],
    ['dlq replay orders --all --reason x', '--all leaves nothing to choose'],
    ['dlq replay orders --all 1-0', '--all leaves nothing to choose'],
    ['dlq replay orders --all --rate fast', 'expected a rate such as 500/s'],
    ['dlq purge orders', 'nothing says which dead letters to delete'],
    ['dlq purge orders --all --until 3d', '--all leaves nothing to choose'],
  ])('%s is refused before anything is connected', async (line, message) => {
    const { code, stderr } = await server.run(line, { url: 'redis://127.0.0.1:1' });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('dlq purge', () => {
  const PLAN = `\
to delete  3 dead letters, 91 B
from       orders:dead: 3 of 3, died TIME-HOURS-AGO-000000048 to TIME-HOURS-AGO-000000002
note keep a copy first, and delete with the command that it prints: qctl dlq export orders --out-file dead-letters.ndjson.gz
`;
  const REPORT = 'deleted  3\nfrom     orders:dead: 3\nleft     0\ntime     TIME\n';

  test('shows the plan, deletes and reports', async () => {
    const [pipe, terminal] = await onBoth(server, 'dlq purge orders --all --yes', seed);
    expect(pipe).toEqual({ code: 0, stderr: PLAN, stdout: REPORT });
    expect(terminal).toEqual(pipe);
    expect(await textsIn('orders:dead')).toEqual([]);
    expect(await textsIn('orders')).toEqual([]);
  });

  test('wants the name of the dead-letter stream typed', async () => {
    await seed();
    for (const answer of ['y', 'orders', '']) {
      const { code } = await server.run('dlq purge orders --all', { columns: 100, answer });
      expect([answer, code]).toEqual([answer, 9]);
    }
    expect(await textsIn('orders:dead')).toHaveLength(3);
    const typed = await server.run('dlq purge orders --all', { columns: 100, answer: 'orders:dead' });
    expect([typed.code, typed.stdout]).toEqual([0, REPORT]);
    expect((await server.run('dlq purge mails:dead 1-1 --dead-letter orders:dead')).code).toBe(8);
  });

  test('without a terminal it needs --yes', async () => {
    await seed();
    const { code, stderr } = await server.run('dlq purge orders --all');
    expect([code, stderr.split('\n').at(-3)]).toEqual([
      3,
      'qctl: this needs a yes, and there is no terminal to ask on: Delete 3 dead letters from orders:dead for good?',
    ]);
    expect(await textsIn('orders:dead')).toHaveLength(3);
  });

  test('deletes what the flags choose, and suggests to export just that', async () => {
    await seed();
    const args = [
      'dlq',
      'purge',
      'orders',
      '9-9',
      server.idAt(3, 2),
      '--reason',
      'max*',
      '--since',
      '1d',
      '--dry-run',
    ];
    const { stdout } = await server.run([...args, '-o', 'json']);
    expect(JSON.parse(stdout)).toEqual({
      ...{ type: 'purge-plan', chosen: 1, payloadBytes: 12 },
      streams: [
        {
          ...{ stream: 'orders:dead', entries: 3, chosen: 1 },
          ...{ oldestDeadAt: 'TIME-HOURS-AGO-000000003', newestDeadAt: 'TIME-HOURS-AGO-000000003' },
        },
      ],
      missingIds: ['9-9'],
      exportFirst:
        "qctl dlq export orders 9-9 HOURS-AGO-003-2 --reason 'max*' --since 1d --out-file dead-letters.ndjson.gz",
    });
    const end = await server.run([...args.slice(0, -1), '--yes', '-o', 'json']);
    expect([end.code, JSON.parse(end.stdout)]).toEqual([
      8,
      {
        ...{
          type: 'purge-report',
          chosen: 1,
          purged: 1,
          streams: [{ stream: 'orders:dead', purged: 1 }],
          gone: 0,
        },
        ...{ missing: 1, left: 0, stopped: false, elapsedMs: 0, failure: null },
      },
    ]);
    expect(await textsIn('orders:dead')).toHaveLength(2);
    expect(end.stderr).toBe(`\
to delete  1 dead letter, 12 B
from       orders:dead: 1 of 3, died TIME-HOURS-AGO-000000003 to TIME-HOURS-AGO-000000003
not there  9-9
note keep a copy first, and delete with the command that it prints: qctl dlq export orders 9-9 HOURS-AGO-003-2 --reason 'max*' --since 1d --out-file dead-letters.ndjson.gz
`);
  });

  test('suggests a command that a shell takes as it is', async () => {
    const { stdout } = await server.run([
      'dlq',
      'purge',
      'orders',
      '--reason',
      "it's $HOME",
      '-o',
      'json',
      '--dry-run',
    ]);
    expect(JSON.parse(stdout).exportFirst).toBe(
      "qctl dlq export orders --reason 'it'\\''s $HOME' --out-file dead-letters.ndjson.gz",
    );
  });

  test('of nothing deletes nothing and asks nothing', async () => {
    expect(await server.run('dlq purge orders --until 30d')).toEqual({
      code: 0,
      stderr: 'to delete  0 dead letters, 0 B\nfrom       orders:dead: 0 of 0\n',
      stdout: 'deleted  0\nleft     0\ntime     TIME\n',
    });
  });
});
