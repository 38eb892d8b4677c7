import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { visibleWidth } from '../../commands/term/text.ts';
import { pgbossCase } from '../contract/formats/pgboss.ts';
import { ownDatabase } from '../drain/driver.ts';
import { sharedSqs } from '../support/shared.ts';
import { useMigration } from './analyse-driver.ts';
import { runCommand } from './run-command.ts';

const migration = useMigration();

const planFile = async (text: string): Promise<string> => {
  const file = join(await mkdtemp(join(tmpdir(), 'qctl-plan-')), 'plan.yaml');
  await writeFile(file, text);
  return file;
};

test('where nothing speaks against it the analysis ends with 0, and with notes as well', async () => {
  const { code, stdout, stderr } = await migration.run(['--source', 'alerts', '--strict']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('\nready: 0 blockers, 0 warnings, ');
});

test('a blocker ends it with 3, and the report says what, why and what to do', async () => {
  await migration.block();
  const { code, stdout } = await migration.run(['--source', 'alerts']);
  expect(code).toBe(3);
  expect(stdout).toContain(
    [
      'blocker TARGET_NOT_A_STREAM alerts',
      '  key alerts holds a string, not a stream',
      '  why: Redis refuses XADD to a key that holds another type of value.',
      '  -> choose another stream name, or remove that key',
    ].join('\n'),
  );
  expect(stdout).toMatch(/\nnot ready: 1 blocker, 0 warnings, \d+ notes\nblocker: TARGET_NOT_A_STREAM\n$/);
});

test('warnings end it with 3 with --strict only', async () => {
  await migration.forgetting(async () => {
    const lenient = await migration.run(['--source', 'alerts']);
    expect(lenient).toMatchObject({ code: 0, stdout: expect.stringContaining('ready, with warnings: ') });
    expect(lenient.stdout).toMatch(/\nwarning: NO_PERSISTENCE\n$/);
    expect((await migration.run(['--source', 'alerts', '--strict'])).code).toBe(3);
  });
});

test('without flags every source of the configuration is analysed, each with its stream', async () => {
  const { stdout } = await migration.run([]);
  expect(stdout.match(/^(Source|Stream|Forecast for) .*/gm)).toEqual([
    expect.stringMatching(/^Source postgres:.* public\.alerts$/),
    'Stream alerts',
    'Forecast for alerts',
    expect.stringMatching(/^Source http:.*\/analyse-/),
    'Stream hooks',
    'Forecast for hooks',
  ]);
  const { moves } = await migration.json();
  expect(
    moves.map(({ name, target }: { name: string; target: { stream: string } }) => [name, target.stream]),
  ).toEqual([
    ['alerts', 'alerts'],
    ['hooks', 'hooks'],
  ]);
});

test('a target alone is looked at without any source', async () => {
  const { moves, server } = await migration.json('--target', 'orders');
  expect(server.mode).toBe('standalone');
  expect(moves).toMatchObject([
    { name: 'orders', source: null, forecast: null, target: { stream: 'orders' } },
  ]);
});

test('analyze is the same command', async () => {
  const end = await runCommand(['analyze', '--target', 'orders', '-o', 'json'], {
    url: migration.redis.server.url,
  });
  expect(JSON.parse(end.stdout).type).toBe('analysis');
});

test('of what nobody knows the report says so, and never 0', async () => {
  const { stdout } = await migration.run([]);
  expect(stdout).toContain('not ready  unknown: running, scheduled, dead\n');
  expect(stdout).toContain('memory needed  unknown: no message was sampled\n');
  expect(stdout).toContain('allowed       delete, change visibility, send; unknown: receive\n');
});

test('--verbose shows every fact, and what the short report shows is in it', async () => {
  const { stdout } = await migration.run(['--source', 'alerts', '--verbose']);
  expect(stdout).toMatch(/^ping p50 +\d/m);
  expect(stdout).toMatch(/^last vacuum at +/m);
  expect((await migration.run(['--source', 'alerts'])).stdout).not.toMatch(/^last vacuum at/m);
});

test.each([60, 80, 200])(
  'on a terminal of %i columns only what is to be copied goes beyond them',
  async (columns) => {
    const { stdout } = await migration.run(['--by', 'type', '--verbose'], { columns });
    const wide = stdout.split('\n').filter((line) => visibleWidth(line) > columns);
    expect(wide.filter((line) => !/^ {2}-> |^Source /.test(line))).toEqual([]);
  },
);

test('--by type shows the types in the order to move them, or says what names them', async () => {
  const { stdout } = await migration.run(['--by', 'type']);
  expect(stdout).toMatch(/^ +1 +mail +yes +low +25 +50 %/m);
  expect(stdout).toMatch(/^ +2 +text +yes +low +25 +50 %/m);
  expect(stdout).toContain('- unknown: --type EXPRESSION (or type: in qctl.yaml)');
});

test('the queue of a job library is found without a table, and its empty queue needs nothing', async () => {
  const { sql, url } = await ownDatabase();
  await pgbossCase.setup(sql, url);
  const end = await migration.run(['--postgres-url', url, '--target', 'jobs', '--by', 'type']);
  expect(end.code).toBe(0);
  expect(end.stdout).toContain('queue        pg-boss 24, table pgboss.job, partitioned\n');
  expect(end.stdout).toContain('not ready    0 running, 0 scheduled, 0 dead\n');
  expect(end.stdout).toContain('messages  0: nothing is ready\n');
  expect(end.stdout).toContain('- none: nothing is ready\n');
});

test('--sample asks first; on a no nothing is received and nothing shown', async () => {
  let asked = 0;
  const onQuestion = () => (asked += 1);
  const argv = ['--source', 'hooks', '--sample', '2', '-o', 'json'];
  const no = await migration.run(argv, { columns: 120, answer: 'n', onQuestion });
  expect(no).toMatchObject({ code: 9, stdout: '' });
  expect(asked).toBe(1);
  const yes = await migration.run(argv, { columns: 120, answer: 'y', onQuestion });
  // That of the sample itself: the no before it left no trace.
  expect(JSON.parse(yes.stdout).moves[0].source.sample).toMatchObject({
    received: 2,
    highestReceiveCount: 1,
  });
  expect(await sharedSqs().depth(migration.queueUrl)).toMatchObject({ visible: 3, inFlight: 0 });
});

test('without a terminal --sample needs --yes, and without a queue nobody is asked', async () => {
  const refused = await migration.run(['--source', 'hooks', '--sample', '2']);
  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toContain('messages of hooks and give them back?');
  expect(refused.stderr).toContain('hint: run it again with --yes, or without --sample');
  expect((await migration.run(['--source', 'hooks', '--sample', '2', '--yes'])).code).toBe(0);
  expect((await migration.run(['--source', 'alerts', '--sample', '2'])).code).toBe(0);
});

test('the drains of a plan are analysed under its own names, its other steps are passed over', async () => {
  const plan = await planFile(`steps:
  - { name: mails first, drain: { source: alerts, stream: mails, types: [mail], partitions: 4 } }
  - { exec: ls }
  - { drain: hooks }
`);
  const { moves, findings } = await migration.json('--plan', plan);
  expect(moves).toMatchObject([
    { name: 'mails first', target: { stream: 'mails', partitions: 4 }, source: { ready: { value: 25 } } },
    { name: 'step 3', target: { stream: 'hooks' } },
  ]);
  const texts = findings.map((finding: object) => JSON.stringify(finding));
  expect(new Set(texts).size).toBe(texts.length);
});

test('what several moves find in the same source is told once', async () => {
  const plan = await planFile(
    'steps: [{ drain: { source: alerts, types: [mail] } }, { drain: { source: alerts, types: [text] } }]',
  );
  const { findings } = await migration.json('--plan', plan);
  expect(findings.filter(({ code }: { code: string }) => code === 'NO_CLAIM_COLUMN')).toHaveLength(1);
});

test.each([
  ['steps: [{ drain: { sorce: alerts } }]', 'step 1: drain.sorce: unknown field', 'did you mean source?'],
  ['steps: [{ drain: { source: alertz } }]', 'there is no source alertz', 'did you mean alerts?'],
  ['steps: [{ exec: ls }]', 'none of its steps is a drain', '--source NAME'],
  ['{}', 'a plan has a list of steps', 'steps:'],
  ['steps: [', 'not valid YAML', 'check indentation and quotes'],
])('a plan that says %s is refused with what is wrong in it', async (text, what, hint) => {
  const { code, stderr } = await migration.run(['--plan', await planFile(text)]);
  expect(code).toBe(5);
  expect(stderr).toContain(what);
  expect(stderr).toContain(hint);
});

test('a plan takes no flags that describe a source', async () => {
  const plan = await planFile('steps: [{ drain: alerts }]');
  for (const flags of [
    ['--source', 'alerts'],
    ['--types', 'mail'],
    ['--target', 'x'],
    ['--queue-url', 'http://x/1/y'],
  ])
    expect(await migration.run(['--plan', plan, ...flags])).toMatchObject({ code: 2, stdout: '' });
  expect((await migration.run(['--plan', plan, '--by', 'type', '--strict'])).code).toBe(0);
});

test('a stop while it observes ends it with 130: half an observation is not shown', async () => {
  const argv = ['--observe', '60s', '--sample', '2', '--yes'];
  const saved = join(await mkdtemp(join(tmpdir(), 'qctl-saved-')), 'a.json');
  const end = await migration.run([...argv, '--save', saved], {
    // Once it has begun; a little later it waits for its second look.
    onStderr: (text, stop) => text.includes('observing') && setTimeout(stop, 200),
  });
  expect(end).toMatchObject({ code: 130, stdout: '' });
  expect(existsSync(saved)).toBe(false);
  expect(await sharedSqs().depth(migration.queueUrl)).toMatchObject({ visible: 3, inFlight: 0 });
});
