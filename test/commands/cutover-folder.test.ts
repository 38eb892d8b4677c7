import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { uniqueName } from '../support/shared.ts';
import { runCommand } from './run-command.ts';

/*
 * Plans with relative paths, begun in one folder and gone on with in another, where files have the same names.
 */

let home: string;
let begun: string;
let other: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'qctl-folder-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  [begun, other] = [join(home, 'begun'), join(home, 'other')];
  await Promise.all([mkdir(join(begun, 'sub'), { recursive: true }), mkdir(other)]);
});

async function qctl(folder: string, argv: string[]) {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await runCommand([...argv, '--yes', '-o', 'json'], {
      env: { QCTL_STATE_DIR: join(home, 'state'), PATH: process.env.PATH ?? '' },
    });
  } finally {
    process.chdir(before);
  }
}

async function write(folder: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files))
    await writeFile(join(folder, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 });
}

async function textsOf(folder: string, names: string[]): Promise<string[]> {
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '(none)')));
}

const plan = (steps: string[], more = ''): string =>
  `apiVersion: qctl/v1\nname: ${uniqueName('folder')}\n${more}steps:\n${steps.map((one) => `  - { ${one} }\n`).join('')}`;

test('a run goes on and back with the files and programs of the folder that it was begun in', async () => {
  const watched = ['app.env', 'old.conf', 'flipped', 'sub/flipped'];
  await write(begun, {
    'app.env': 'QUEUE_TYPE=table\n',
    type: 'redis\n',
    'old.conf': 'old',
    'new.conf': 'new',
    'flip.sh': '#!/bin/sh\necho "$1" > flipped\n',
    'sub/flip.sh': '#!/bin/sh\necho "sub $1" > flipped\n',
    'sub/measure.sh': '#!/bin/sh\necho 7\n',
    'night.yaml': plan(
      [
        'name: settings, envFile: { file: app.env, set: { QUEUE_TYPE: { file: ./type } } }',
        'name: gate, approve: { text: on?, file: ./go }',
        'name: config, copy: { from: new.conf, to: ./old.conf }',
        'name: measured, wait: { until: { metric: command, with: { run: [./measure.sh], cwd: sub }, success: value == 7 }, atMost: 20s, every: 50ms }',
        'name: flip, exec: { run: [./flip.sh, new], undo: [./flip.sh, back] }',
        'name: flip-sub, exec: { run: [./flip.sh, new], undo: [./flip.sh, back], cwd: sub }',
      ],
      'checks:\n  - { name: well, metric: command, with: { run: [sub/measure.sh] }, success: value == 7, interval: 50ms }\nrollback: { health: [well] }\n',
    ),
  });
  const decoys = { 'app.env': 'QUEUE_TYPE=redis\n', 'old.conf': 'new', 'new.conf': 'strange' };
  await write(other, decoys);
  const held = await qctl(begun, ['cutover', 'run', 'night.yaml', '--no-wait']);
  expect([held.code, held.stderr]).toEqual([11, expect.stringContaining('on?')]);
  const { run } = JSON.parse(held.stdout) as { run: string };
  await write(begun, { go: 'ann' });
  const resumed = await qctl(other, ['cutover', 'resume', run, '--no-wait']);
  expect([resumed.code, await textsOf(begun, watched)]).toEqual([
    0,
    ['QUEUE_TYPE=redis\n', 'new', 'new\n', 'sub new\n'],
  ]);
  const back = await qctl(other, ['rollback', run]);
  expect([back.code, await textsOf(begun, watched)]).toEqual([
    12,
    ['QUEUE_TYPE=table\n', 'old', 'back\n', 'sub back\n'],
  ]);
  expect([(await readdir(other)).sort(), await textsOf(other, Object.keys(decoys))]).toEqual([
    Object.keys(decoys).sort(),
    Object.values(decoys),
  ]);
});

test('where the folder is not there nothing is undone elsewhere, and it is told what to do', async () => {
  await write(begun, {
    'app.env': 'QUEUE_TYPE=table\n',
    'night.yaml': plan([
      'name: settings, envFile: { file: ./app.env, set: { QUEUE_TYPE: redis } }',
      'name: flip, exec: { shell: "echo new > flipped", undo: { shell: "echo back > flipped" } }',
    ]),
  });
  const done = await qctl(begun, ['cutover', 'run', 'night.yaml']);
  const { run } = JSON.parse(done.stdout) as { run: string };
  const away = join(home, 'away');
  await rename(begun, away);
  const failed = await qctl(other, ['rollback', run]);
  expect([done.code, failed.code, await readdir(other)]).toEqual([0, 13, []]);
  const report = JSON.parse(failed.stdout) as { rollback: { failures: { why: string }[] }; left: string[] };
  const missing = (told: string) =>
    new RegExp(`the run was started in ${begun} on \\S+, and this host has no such folder: ${told}`);
  expect(report.rollback.failures.map(({ why }) => why)).toEqual([
    expect.stringMatching(missing('no command is run')),
    expect.stringMatching(missing('./app.env is left alone')),
  ]);
  expect(report.left.join()).toContain('bring that folder here, with what was in it');
  await rename(away, begun);
  const back = await qctl(other, ['rollback', run]);
  expect([back.code, await textsOf(begun, ['app.env', 'flipped'])]).toEqual([
    12,
    ['QUEUE_TYPE=table\n', 'back\n'],
  ]);
});
