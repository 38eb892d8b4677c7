import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../../src/backends/process/index.ts';
import { stubArgv, stubFor, writeSeed, writeStubs } from '../../src/cutover/rehearsal/stubs/index.ts';
import { composeStep } from '../../src/cutover/steps/compose/kind.ts';
import { parseContainers } from '../../src/cutover/steps/compose/service.ts';
import { kubectlStep } from '../../src/cutover/steps/kubectl/kind.ts';
import { systemd } from '../../src/cutover/steps/systemd/kind.ts';
import { makeStepWorld, stepOf, stepsOf, type TestWorld } from './step-world.ts';

let world: TestWorld;
let bin: string;
let sandbox: string;

const CONTAINER = {
  name: 'c',
  env: [
    { name: 'A', value: '1' },
    { name: 'MODE', value: 'old' },
  ],
};

beforeAll(async () => {
  const place = makeStepWorld();
  sandbox = join(place.folder, 'sandbox');
  bin = await writeStubs(join(place.folder, "it's here"));
  await writeSeed(sandbox, {
    units: { 'old.service': { ActiveState: 'active', SubState: 'running', UnitFileState: 'enabled' } },
    workloads: {
      'shop/Deployment/worker': {
        spec: {
          replicas: 3,
          selector: { matchLabels: { app: 'worker' } },
          template: { spec: { containers: [CONTAINER] } },
        },
      },
    },
    services: { 'sandbox/web': { containers: 2, running: 2 }, 'sandbox/idle': { containers: 1, running: 0 } },
  });
  world = { ...makeStepWorld({ env: { PATH: bin, QCTL_SANDBOX: sandbox } }), dispose: place.dispose };
});
afterAll(() => world.dispose());

const state = async () => JSON.parse(await readFile(join(sandbox, 'state.json'), 'utf8'));
const run = (argv: string[]) => runProgram({ argv, env: world.host.env, timeoutMs: 10_000 });

test('services of systemd are as they were seeded, and are back there after do and undo', async () => {
  const stop = stepOf(systemd, { stop: 'old' }, world);
  const start = stepOf(systemd, { start: 'new', stable: '1ms' }, world);
  await stop.run();
  await start.run();
  expect((await state()).units).toMatchObject({
    'old.service': { ActiveState: 'inactive', UnitFileState: 'enabled' },
    'new.service': { ActiveState: 'active' },
  });
  await stop.undo();
  await start.undo();
  expect((await state()).units).toMatchObject({
    'old.service': { ActiveState: 'active' },
    'new.service': { ActiveState: 'inactive' },
  });
});

test('workloads too: variables and replicas', async () => {
  const where = { on: 'deploy/worker', namespace: 'shop' };
  const set = stepOf(kubectlStep, { setEnv: { MODE: 'new', A: null, X: 'y' }, ...where }, world);
  const scale = stepOf(kubectlStep, { scale: { replicas: 0 }, ...where }, world);
  await set.run();
  await scale.run();
  const object = async () => (await state()).workloads['shop/Deployment/worker'];
  const envOf = (one: { spec: { template: { spec: { containers: unknown[] } } } }) =>
    one.spec.template.spec.containers;
  expect((await object()).spec.replicas).toBe(0);
  expect(envOf(await object())).toEqual([
    {
      name: 'c',
      env: [
        { name: 'MODE', value: 'new' },
        { name: 'X', value: 'y' },
      ],
    },
  ]);
  await scale.undo();
  await set.undo();
  expect((await object()).spec.replicas).toBe(3);
  expect(envOf(await object())[0]).toMatchObject({ env: expect.arrayContaining(CONTAINER.env) });
});

test('services of docker compose are stopped, scaled, brought up, and put back', async () => {
  const step = (written: object) => stepOf(composeStep, written, world);
  const stop = step({ stop: 'web' });
  const scale = step({ scale: { web: 5 } });
  const up = step({ up: 'idle' });
  expect(await stop.run()).toMatchObject({ text: 'web is stopped' });
  expect(await stop.run()).toBe('already');
  expect(await up.run()).toMatchObject({ text: 'idle is running' });
  await scale.run();
  expect((await state()).services['sandbox/web']).toEqual({ containers: 5, running: 5 });
  await scale.undo({ containers: 2, alive: 2 });
  await stop.undo({ containers: 2, alive: 2 });
  await up.undo();
  expect((await state()).services).toEqual({
    'sandbox/web': { containers: 2, running: 2 },
    'sandbox/idle': { containers: 1, running: 0 },
  });
  expect(stop.outline.undo).toMatchObject({ order: 'raise', resource: 'compose:/web' });
  expect(await step({ stop: 'web' }).preflight()).toEqual([]);
  expect(await step({ stop: 'typo' }).preflight()).toMatchObject([{ code: 'SERVICE_NOT_LISTED' }]);
  expect(stepsOf(composeStep, { stop: ['a', 'b'] }, world)).toHaveLength(2);
  expect(composeStep.schema.safeParse({ stop: '--all' }).success).toBe(false);
});

test('both forms in which docker compose lists containers are read', () => {
  const lines = '{"Service":"a","State":"running"}\n{"Service":"b","State":"exited"}\n';
  const both = [
    { Service: 'a', State: 'running' },
    { Service: 'b', State: 'exited' },
  ];
  expect(parseContainers(lines)).toEqual(both);
  expect(parseContainers(JSON.stringify(both))).toEqual(both);
  expect(parseContainers('')).toEqual([]);
  expect(() => parseContainers('no such thing')).toThrow('no JSON');
});

test('what a stand-in does not know it refuses, and without a sandbox it does nothing', async () => {
  for (const argv of [
    ['systemctl', 'isolate', 'x'],
    ['kubectl', 'delete', 'deploy/x'],
    ['docker', 'rm', 'x'],
  ]) {
    expect(await run(argv), argv.join(' ')).toMatchObject({
      code: 64,
      tail: expect.stringContaining('stand-in'),
    });
  }
  expect((await run(['systemctl', '--root=/', 'stop', 'x'])).code).toBe(64);
  const lost = await runProgram({ argv: [join(bin, 'systemctl'), 'stop', 'x'], env: {}, timeoutMs: 10_000 });
  expect(lost).toMatchObject({ code: 64, tail: expect.stringContaining('QCTL_SANDBOX') });
});

test('every other program is noted and not run; the noted calls hold no values of variables', async () => {
  expect(stubFor(['/usr/bin/systemctl', 'stop'])).toBe('systemctl');
  expect(stubFor(['touch'])).toBeUndefined();
  const victim = join(world.folder, 'touched');
  expect((await run(stubArgv(bin, ['touch', victim]))).ended).toBe('ok');
  await expect(readFile(victim)).rejects.toThrow('ENOENT');
  await run(stubArgv(bin, ['kubectl', 'set', 'env', 'deploy/worker', 'TOKEN=hush', '--namespace=shop']));
  const calls = await readFile(join(sandbox, 'calls.log'), 'utf8');
  expect(calls).toContain(`any touch ${victim}`);
  expect(calls).toContain('TOKEN=***');
  expect(calls).not.toContain('hush');
});

test('two that change the state at once do not lose anything', async () => {
  const names = Array.from({ length: 8 }, (_, at) => `many-${at}.service`);
  await Promise.all(names.map((name) => run(['systemctl', 'start', '--', name])));
  const { units } = await state();
  expect(names.filter((name) => units[name]?.ActiveState === 'active')).toHaveLength(8);
});
