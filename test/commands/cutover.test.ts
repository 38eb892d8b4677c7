import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { STEP_KINDS } from '../../src/cutover/steps/index.ts';
import { runCommand } from './run-command.ts';

const folder = () => mkdtemp(join(tmpdir(), 'qctl-cutover-'));
const INIT = [
  'cutover',
  'init',
  '--from',
  'postgres',
  '--source',
  'alerts',
  '--stream',
  'alerts',
  '--group',
  'workers',
];

describe('cutover init', () => {
  test('writes a plan, and leaves what is there as it is', async () => {
    const plan = join(await folder(), 'night.yaml');
    const line = [
      ...INIT,
      '--old-unit',
      'worker',
      '--env-file',
      '/etc/app.env',
      '--no-route',
      '--plan',
      plan,
    ];
    const dry = await runCommand([...line, '--dry-run']);
    expect([dry.code, existsSync(plan)]).toEqual([0, false]);
    const { code, stdout } = await runCommand(line);
    expect([code, stdout]).toEqual([
      0,
      `wrote ${plan}; look for FILL IN in it, then: qctl cutover plan ${plan}\n`,
    ]);
    expect(readFileSync(plan, 'utf8')).toBe(dry.stdout);
    const again = await runCommand([...line, '--group', 'others']);
    expect(again).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('is there already, and is left as it is'),
    });
    expect(readFileSync(plan, 'utf8')).toBe(dry.stdout);
  });

  test('follows no link to a file that is not there', async () => {
    const at = await folder();
    await symlink(join(at, 'elsewhere'), join(at, 'plan.yaml'));
    const { code } = await runCommand([
      ...INIT,
      '--old-unit',
      'a',
      '--new-unit',
      'b',
      '--plan',
      join(at, 'plan.yaml'),
    ]);
    expect([code, existsSync(join(at, 'elsewhere'))]).toEqual([3, false]);
  });

  test.each([
    [[], 'neither --old-unit nor --kubectl'],
    [['--old-unit', 'a'], 'nothing says how the workers become new ones'],
    [['--old-unit', 'a', '--kubectl', 'b'], 'not both'],
    [['--old-unit', 'a', '--new-unit', 'b', '--max-pause', 'soon'], 'expected a duration'],
  ])('%s is a usage error', async (flags, said) => {
    const { code, stderr } = await runCommand([...INIT, ...flags, '--plan', '/nowhere/plan.yaml']);
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
  });
});

test('cutover schema prints the schema of plans, whatever the format', async () => {
  const { code, stdout } = await runCommand(['cutover', 'schema', '-o', 'yaml']);
  expect([code, JSON.parse(stdout).title]).toEqual([0, 'Cutover plan of qctl']);
});

test('a plan that is wrong is a configuration error with all its lines', async () => {
  const file = join(await folder(), 'plan.yaml');
  await writeFile(file, 'apiVersion: qctl/v1\nname: a b\nstepps: []\n');
  const { code, stderr } = await runCommand(['cutover', 'plan', file]);
  expect(code).toBe(5);
  expect(stderr).toContain(`${file}:2: name: expected up to 64 letters`);
  expect(stderr).toContain(`${file}:3: stepps: unknown field`);
  expect(stderr).toContain('did you mean steps?');
});

test('what is missing on the command line is said before anything is touched', async () => {
  const cases: [string[], string][] = [
    [['cutover', 'run'], 'no plan is named'],
    [['cutover', 'lock', 'acquire', 'orders'], 'to take a lock needs a reason'],
    [['cutover', 'lock', 'steal', 'orders'], 'acquire'],
    [['cutover', 'plan', 'x', '--set', 'a'], 'expected NAME=VALUE'],
    [['cutover', 'plan', 'x', '--set', 'a=1', '--set', 'a=2'], 'a is given twice'],
  ];
  for (const [argv, said] of cases) {
    const { code, stderr } = await runCommand(argv);
    expect([argv, code, stderr]).toEqual([argv, 2, expect.stringContaining(said)]);
  }
});

/** Without the kinds of steps there is no plan that could be shown. */
const known = STEP_KINDS.map(({ name }) => name);
describe.skipIf(!['route', 'wait', 'monitor', 'approve', 'envFile'].every((name) => known.includes(name)))(
  'cutover plan',
  () => {
    test('shows what init has written, and refuses a way back over its budget', async () => {
      const plan = join(await folder(), 'night.yaml');
      await runCommand([
        ...INIT,
        '--old-unit',
        'old',
        '--new-unit',
        'new',
        '--producer',
        'api',
        '--plan',
        plan,
      ]);
      const shown = await runCommand(['cutover', 'plan', plan], { columns: 100 });
      expect([shown.code, shown.stderr]).toEqual([0, '']);
      expect(shown.stdout).toContain('stop-old');
      await writeFile(plan, readFileSync(plan, 'utf8').replace('  keep: 24h', '  keep: 24h\n  budget: 1s'));
      const over = await runCommand(['cutover', 'plan', plan, '-o', 'json']);
      expect([over.code, JSON.parse(over.stdout).times.overBudget]).toEqual([3, true]);
      const diagram = await runCommand(['cutover', 'plan', plan, '--diagram']);
      expect(diagram.stdout).toMatch(/^flowchart TD\n/);
      const asked = await runCommand(['cutover', 'run', plan, '--set', 'stream=x']);
      expect([asked.code, asked.stdout]).toEqual([3, '']);
    });
  },
);

test('what asks Redis about runs says that Redis is away, and how to go back without it', async () => {
  for (const command of [
    ['cutover', 'list'],
    ['cutover', 'status'],
    ['cutover', 'pause', 'x'],
    ['rollback', '--yes'],
  ]) {
    const { code, stderr } = await runCommand([...command, '--redis-url', 'redis://127.0.0.1:1']);
    expect([command[0], code, stderr]).toEqual([command[0], 7, expect.stringContaining('ECONNREFUSED')]);
    expect(stderr).toContain('qctl rollback RUN --without-redis');
  }
});
