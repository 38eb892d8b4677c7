import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changedSince, priorEnv } from '../../../src/cutover/steps/kubectl/env.ts';
import { kubectlStep } from '../../../src/cutover/steps/kubectl/kind.ts';
import { type ServiceManager, startServiceManager } from '../../support/service-manager.ts';
import { makeStepWorld, stepOf, stepsOf, type TestWorld } from '../step-world.ts';

let manager: ServiceManager;
let world: TestWorld;
const WORKER = ['sh', '-c', 'echo "mode=$MODE db=$DB both=$BOTH"; : > "$READY_FILE"; exec sleep 600'];

beforeAll(async () => {
  manager = await startServiceManager({
    deployments: {
      worker: {
        argv: WORKER,
        replicas: 2,
        env: {
          BOTH: 'x',
          MODE: 'old-secret',
          DB: { valueFrom: { secretKeyRef: { name: 'pg', key: 'url' } } },
        },
      },
      other: { argv: WORKER, replicas: 1 },
      picky: { argv: ['sh', '-c', '[ "$MODE" = bad ] && exit 1; : > "$READY_FILE"; exec sleep 600'] },
    },
    secrets: { 'pg/url': 'postgres://db' },
  });
  world = makeStepWorld({ env: { ...manager.env, NEW_DB: 'redis://:hush@r/0' } });
});
afterAll(async () => {
  await manager.dispose();
  await world.dispose();
});

const step = (written: object, within = world) =>
  stepOf(kubectlStep, { on: 'deployment/worker', ...written }, within);
const envNow = async (name: string) => {
  const get = await world.command({
    argv: ['kubectl', 'get', `deploy/${name}`, '-o', 'json'],
    env: manager.env,
    timeoutMs: 9000,
  });
  return JSON.parse(get.stdout).spec.template.spec.containers[0].env;
};

test('what was begun in one context is looked for there, whatever the current one is by now', async () => {
  const asked: string[] = [];
  const within = makeStepWorld({
    command: (options) => {
      asked.push(options.argv.join(' '));
      return world.command({ ...options, env: manager.env });
    },
  });
  const params = kubectlStep.schema.parse({ on: 'deployment/worker', scale: { replicas: 2 } }) as never;
  const [{ params: one }] = kubectlStep.expand!(params) as unknown as [{ params: never }];
  await kubectlStep.check(one, within, { context: 'sandbox', namespace: null, replicas: 1 } as never);
  await within.dispose();
  expect(asked).toEqual([expect.stringContaining('--context=sandbox')]);
});

describe('variables of a deployment', () => {
  test('are set, rolled out, and put back exactly: values, references, order', async () => {
    const before = await envNow('worker');
    const pods = await manager.podsOf('worker');
    const set = step({ setEnv: { MODE: 'new', DB: { env: 'NEW_DB' }, EXTRA: 'e', BOTH: null } });
    expect(await set.check()).toBe('undone');
    expect(await set.run()).toMatchObject({
      text: 'deployment/worker has MODE, DB, EXTRA, BOTH as wanted, rollout through',
    });
    expect(await set.check()).toBe('done');
    expect(await manager.output('worker-3')).toContain('mode=new db=redis://:hush@r/0 both=\n');
    const after = await manager.podsOf('worker');
    expect(after).toHaveLength(2);
    expect(after.filter((pid) => pods.includes(pid))).toEqual([]);
    expect(JSON.stringify(set.memento())).not.toContain('old-secret');
    await set.undo();
    await set.undo();
    expect(await envNow('worker')).toEqual(before);
    expect(await manager.output('worker-5')).toContain('mode=old-secret db=postgres://db both=x');
    expect((await manager.log()).join('\n')).not.toMatch(/hush|old-secret/);
  });

  test('a rollout that does not come through is a failure that says where to look, and can be undone', async () => {
    const set = stepOf(kubectlStep, { setEnv: { MODE: 'bad' }, on: 'deploy/picky' }, world);
    await expect(set.run()).rejects.toMatchObject({
      code: 'ROLLOUT_FAILED',
      message: expect.stringContaining('exceeded its progress deadline'),
    });
    expect(await manager.podsOf('picky')).toHaveLength(1);
    await set.undo();
    expect(await envNow('picky')).toEqual([]);
  });

  test('instance by instance is one step for each', () => {
    const steps = stepsOf(
      kubectlStep,
      { setEnv: { A: '1' }, instances: ['deploy/a', 'sts/b'], context: 'c', namespace: 'n' },
      world,
    );
    expect(steps.map(({ outline }) => outline.does)).toEqual([
      'set A on deployment/a',
      'set A on statefulset/b',
    ]);
    expect(steps[1]!.outline.undo).toMatchObject({ order: 'plain', resource: 'kubectl:c/n/statefulset/b' });
  });
});

describe('replicas of a deployment', () => {
  test('scaled to none no process is left, and undo brings them all back', async () => {
    const stop = step({ scale: { replicas: 0 } });
    expect(stop.outline.undo).toMatchObject({ order: 'raise' });
    await stop.run();
    expect(await manager.podsOf('worker')).toEqual([]);
    expect(await stop.undo()).toMatchObject({ text: 'deployment/worker has 2 replicas' });
    expect(await manager.podsOf('worker')).toHaveLength(2);
    expect(step({ scale: { replicas: 3 } }).outline.undo).toMatchObject({ order: 'lower' });
    expect(step({ scale: { replicas: 1, from: 3 } }).outline.undo).toMatchObject({ order: 'raise' });
  });

  test('a restart gives new processes', async () => {
    const pods = await manager.podsOf('other');
    const restart = stepOf(kubectlStep, { restart: true, on: 'deployment/other' }, world);
    await restart.run();
    expect(await manager.podsOf('other')).not.toEqual(pods);
    expect(restart.outline).toMatchObject({ repeatable: true, undo: { order: 'refresh' } });
  });
});

test('variables that others have changed since are told by name', () => {
  const prior = priorEnv([{ name: 'A', value: 'old' }], ['A', 'B']);
  const wanted = { A: 'new', B: 'b' };
  const found = (A: string, B?: string) =>
    changedSince([{ name: 'A', value: A }, ...(B ? [{ name: 'B', value: B }] : [])], prior, wanted);
  expect([found('new', 'b'), found('old'), found('other', 'b'), found('new', 'x')]).toEqual([
    [],
    [],
    ['A'],
    ['B'],
  ]);
});

test('what is not there is found before anything is changed', async () => {
  expect(await step({ restart: true }).preflight()).toMatchObject([
    { level: 'warning', code: 'CONTEXT_NOT_NAMED' },
  ]);
  expect(
    await stepOf(kubectlStep, { restart: true, on: 'deployment/ghost' }, world).preflight(),
  ).toMatchObject([
    { level: 'blocker', code: 'WORKLOAD_UNREACHABLE', text: expect.stringContaining('"ghost" not found') },
  ]);
  expect(await step({ setEnv: { A: '1' }, container: 'sidecar' }).preflight()).toContainEqual(
    expect.objectContaining({ level: 'blocker', code: 'CONTAINER_UNCLEAR' }),
  );
});

test('names that are none are refused', () => {
  for (const on of ['worker', 'deployment/--all', 'pod/x', 'deployment/', 'deployment/A', 'toString/x']) {
    expect(kubectlStep.schema.safeParse({ restart: true, on }).success, on).toBe(false);
  }
  const set = (more: object) => kubectlStep.schema.safeParse({ on: 'deploy/a', ...more }).success;
  expect(set({ setEnv: { 'A=B': '1' } })).toBe(false);
  expect(set({ restart: true, scale: { replicas: 1 } })).toBe(false);
  expect(set({ scale: { replicas: 1 }, on: 'ds/a' })).toBe(false);
  expect(set({ setEnv: { A: null }, rollout: { timeout: '30s' } })).toBe(true);
});
