import { expect, test } from 'vitest';
import { ownDatabase } from '../drain/driver.ts';
import { uniqueName } from '../support/shared.ts';
import { runCommand } from './run-command.ts';

/** A table of so many rows, and the command that drains it, in this process. */
async function tableOf(rows: number) {
  const database = await ownDatabase();
  await database.sql('CREATE TABLE jobs (id int PRIMARY KEY, payload text)');
  const fill = (first: number, last: number) =>
    database.sql(`INSERT INTO jobs SELECT g, 'p' FROM generate_series(${first}, ${last}) g`);
  await fill(1, rows);
  const stream = uniqueName('jobs');
  const config = `profiles:
  default:
    sources:
      outbox: { kind: postgres, url: "${database.url}", table: jobs, id: id, payload: payload, ready: "id > 0" }
`;
  const drain = (more: string[], onStderr?: (text: string, stop: () => void) => void) =>
    runCommand(['drain', 'postgres', 'outbox', '--stream', stream, '--settle', '300ms', '--yes', ...more], {
      config,
      onStderr,
    });
  const rollback = (run: string) => runCommand(['rollback', run, '--yes'], { config });
  return { drain, rollback, stream, fill, database };
}

const KEEPS_NOTHING = /this Redis keeps nothing on disk: a restart loses/g;

test('a drain that is cut short says in grouped numbers what is left, and that the same command goes on', async () => {
  const { drain } = await tableOf(2500);
  const stopped = await drain(['--rate', '100/s', '--batch', '10'], (text, stop) => {
    if (text.includes('drained')) stop();
  });
  expect(stopped.code).toBe(130);
  expect(stopped.stdout).toMatch(
    /^not converged: 2,\d{3} messages still in the source\n-> the same command continues this run\n$/m,
  );
  const run = /^run +(\S+)/m.exec(stopped.stdout)![1];
  const limited = await drain(['--limit', '5', '--quiet']);
  expect(limited.stdout).toContain(run);
  expect(limited.stdout).toMatch(/^converged: everything up to the limit .*\n$/m);
  expect(limited.stdout).not.toContain('->');
});

test('the proof tells what the plan has told no second time, what its time is made of, and what can be done next', async () => {
  const { drain, stream, fill } = await tableOf(40);
  const { code, stdout, stderr } = await drain([]);
  expect(code, stderr).toBe(0);
  const run = /^run +(\S+) \(done\)/m.exec(stdout)![1];
  expect(stderr).toMatch(KEEPS_NOTHING);
  expect(stdout).not.toMatch(/^note /m);
  // What Redis may forget belongs to the proof, which may be all that is kept.
  expect(stdout).toMatch(/^durability +this Redis keeps nothing on disk: a restart loses/m);
  expect(stdout).toMatch(/^time +\S+; 40 read in \S+, [\d,]+\/s$/m);
  expect(stdout).toMatch(
    new RegExp(
      `^converged: everything .* exactly once\n-> prove it again: qctl verify ${run} --source outbox\n-> look at it: qctl stream tail ${stream}\n$`,
      'm',
    ),
  );
  await fill(41, 45);
  const json = await drain(['-o', 'json']);
  const report = JSON.parse(json.stdout);
  expect(report.notes).toContainEqual(expect.stringMatching(KEEPS_NOTHING));
  expect(report.ratePerSecond).toBe(Math.round((report.readByThisProcess / report.workMs) * 1000));
});

test('where nothing was to be done the proof says so, and of whom its entries are', async () => {
  const { drain } = await tableOf(3);
  await drain([]);
  const { code, stdout, stderr } = await drain([]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/3 entries already/);
  expect(stdout).toMatch(/^entries of this run +0$/m);
  expect(stdout).not.toMatch(/^in the stream/m);
  expect(stdout).toMatch(/^converged: nothing was to be done: no row matches$/m);
});

test('--quiet prints the proof without notes and without what can be done next', async () => {
  const { drain, database } = await tableOf(3);
  await database.sql(`INSERT INTO jobs VALUES (0, 'not ready')`);
  const { stdout, stderr } = await drain(['--quiet', '--mode', 'copy']);
  expect(stderr).toBe('');
  expect(stdout).not.toMatch(/^note |->/m);
  expect(stdout).toMatch(/^durability +this Redis keeps nothing/m);
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^converged: /);
});

test('rollback of a drain says how a drain is taken back, with its stream, group and source', async () => {
  const { drain, stream, rollback } = await tableOf(3);
  const { stdout } = await drain(['--create-group', 'workers']);
  const run = /^run +(\S+)/m.exec(stdout)![1]!;
  const { code, stderr } = await rollback(run);
  expect(code).toBe(2);
  expect(stderr).toContain(
    `hint: ${run} is a drain: qctl drain redis --stream ${stream} --group workers --to outbox gives back`,
  );
  const other = await rollback('nothing-20261121-090446-0171');
  expect([other.code, other.stderr]).toEqual([
    2,
    expect.stringContaining('hint: of a drain: qctl drain redis --stream STREAM --group GROUP --to SOURCE'),
  ]);
});
