import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemd } from '../../../src/cutover/steps/systemd/kind.ts';
import { type ServiceManager, startServiceManager, untilGone } from '../../support/service-manager.ts';
import { waitFor } from '../../support/wait.ts';
import { makeStepWorld, stepOf, stepsOf, type TestWorld } from '../step-world.ts';

let manager: ServiceManager;
let world: TestWorld;
const SLEEPER = ['sleep', '600'];

beforeAll(async () => {
  const probe = makeStepWorld();
  await writeFile(join(probe.folder, 'app.env'), "MODE='old'\n");
  manager = await startServiceManager({
    units: {
      'old.service': { argv: SLEEPER, running: true, unitFileState: 'enabled' },
      'second.service': { argv: SLEEPER, running: true },
      'new.service': {
        argv: ['sh', '-c', 'echo "mode $MODE"; exec sleep 600'],
        envFile: join(probe.folder, 'app.env'),
      },
      'deaf.service': {
        argv: ['sh', '-c', 'trap "" TERM; echo deaf; while :; do sleep 0.05; done'],
        stopTimeoutMs: 100,
        running: true,
      },
      'broken.service': { argv: ['sh', '-c', 'echo "cannot read queue.yaml, token hush" >&2; exit 1'] },
      'busy.service': { argv: SLEEPER, running: true },
    },
  });
  world = makeStepWorld({ env: manager.env, secrets: ['hush'], path: (path) => path });
  await probe.dispose;
});
afterAll(async () => {
  await manager.dispose();
  await world.dispose();
});

const step = (written: unknown, within = world) =>
  stepOf(systemd, { stable: '100ms', ...(written as object) }, within);
const callsSince = async (before: number) =>
  (await manager.log()).slice(before).filter((call) => !/ show /.test(call));

describe('a plan that stops and starts services', () => {
  test('stop ends the process, a second look finds it done, and undo starts it again once', async () => {
    const before = (await manager.log()).length;
    const pid = (await manager.pidOf('old.service'))!;
    const stop = step({ stop: 'old' });
    expect(await stop.run()).toMatchObject({ text: 'old.service is inactive' });
    await untilGone(pid);
    expect(await stop.run()).toBe('already');
    expect(await stop.undo()).toMatchObject({ text: 'old.service is active' });
    expect(await stop.undo()).toMatchObject({ text: 'old.service is active already' });
    expect(await manager.pidOf('old.service')).not.toBe(pid);
    const calls = await callsSince(before);
    expect(calls.filter((call) => call.endsWith('stop -- old.service'))).toHaveLength(1);
    expect(calls.filter((call) => call.endsWith('start -- old.service'))).toHaveLength(1);
  });

  test('start reads the environment file then, and undo stops only what was not running before', async () => {
    const start = step({ start: 'new.service' });
    expect(start.outline).toMatchObject({
      undo: { order: 'lower', resource: 'systemd:new.service' },
      earliestMs: 100,
    });
    expect(await start.run()).toMatchObject({ text: 'new.service is active' });
    expect(await manager.output('new.service')).toContain('mode old');
    expect(await start.undo()).toMatchObject({ text: 'new.service is inactive' });
    expect(await start.undo({ up: true, activeState: 'active', unitFileState: '' })).toMatchObject({
      text: 'new.service stays as it was before',
    });
  });

  test('restart gives a new process, and again in its undo', async () => {
    const restart = step({ restart: 'second' });
    const first = await manager.pidOf('second.service');
    await restart.run();
    const second = await manager.pidOf('second.service');
    await restart.undo();
    expect(new Set([first, second, await manager.pidOf('second.service')]).size).toBe(3);
    expect(await restart.check()).toBe('unknown');
    expect(restart.outline).toMatchObject({ repeatable: true, undo: { order: 'refresh' } });
  });

  test('a service that must be killed is stopped, and what that means is told', async () => {
    await waitFor(async () => (await manager.output('deaf.service')).includes('deaf'));
    const result = await step({ stop: 'deaf' }).run();
    expect(result).toMatchObject({ text: 'deaf.service is failed' });
    expect((result as { left: string[] }).left[0]).toContain('was killed (timeout)');
  });

  test('a service that dies at its start is a failure, with the end of its log and no secret', async () => {
    const failure = step({ start: 'broken', stable: '5s' }).run();
    await expect(failure).rejects.toMatchObject({ code: 'UNIT_FAILED', kind: 'failed' });
    const error = (await failure.catch((thrown: unknown) => thrown)) as {
      message: string;
      details: { tail: string };
    };
    expect(error.message).toBe('broken.service is failed (exit-code) after it was started');
    expect(error.details.tail).toContain('cannot read queue.yaml');
    expect(error.details.tail).not.toContain('hush');
  });

  test('a service that does not become stable in the time of its step says so', async () => {
    const stop = new AbortController();
    const hasty = makeStepWorld({ env: manager.env, signal: stop.signal });
    const starting = step({ restart: 'busy', stable: '10m' }, hasty).run();
    await waitFor(() => hasty.waits.some((reason) => reason.startsWith('until busy.service is active: ')));
    stop.abort();
    await expect(starting).rejects.toMatchObject({ code: 'UNIT_NOT_READY' });
    await hasty.dispose();
  });

  test('enable and disable go back to what was there, and daemon-reload is done again', async () => {
    const disable = step({ disable: 'old' });
    await disable.run();
    expect(await disable.check()).toBe('done');
    await disable.undo();
    expect(await disable.check()).toBe('undone');
    expect(await step({ enable: 'old' }).check()).toBe('done');
    const reload = step({ daemonReload: true });
    expect(await reload.run()).toMatchObject({ text: 'systemd has read its units again' });
    expect(reload.outline).toMatchObject({ repeatable: true, undo: { order: 'refresh' } });
  });

  test('several units are several steps, in their order', async () => {
    const steps = stepsOf(systemd, { daemonReload: true, stop: ['a', 'b.timer'], user: true }, world);
    expect(steps.map(({ outline }) => outline.does)).toEqual([
      'reload the units of systemd',
      'stop a.service',
      'stop b.timer',
    ]);
    expect(steps[1]!.outline.undo).toMatchObject({ order: 'raise', resource: 'systemd:user:a.service' });
  });
});

describe('what is found before anything is changed', () => {
  test('a unit that does not exist is a blocker that names it, unless the plan makes it', async () => {
    expect(await step({ stop: 'old' }).preflight()).toEqual([]);
    expect(await step({ stop: 'ghost' }).preflight()).toMatchObject([
      {
        level: 'blocker',
        code: 'UNIT_NOT_LOADED',
        text: 'ghost.service is not loaded: systemd says not-found',
      },
    ]);
    expect(await step({ start: 'ghost', createdByPlan: true }).preflight()).toMatchObject([
      { level: 'warning' },
    ]);
  });

  test('a host without systemctl is told of', async () => {
    const bare = makeStepWorld();
    await mkdir(join(bare.folder, 'empty'));
    const without = makeStepWorld({ env: { PATH: join(bare.folder, 'empty') } });
    expect(await step({ stop: 'old' }, without).preflight()).toMatchObject([
      { level: 'blocker', code: 'SYSTEMCTL_MISSING' },
    ]);
    await bare.dispose();
    await without.dispose();
  });

  test('names that are none are refused: options, patterns, paths, two orders at once', () => {
    for (const wrong of ['--root=/', '-H', 'work*', '../x', 'a b', '', 'x;y']) {
      expect(systemd.schema.safeParse({ stop: wrong }).success, wrong).toBe(false);
    }
    expect(systemd.schema.safeParse({ stop: 'a', start: 'b' }).success).toBe(false);
    expect(systemd.schema.safeParse({ user: true }).success).toBe(false);
    expect(systemd.schema.safeParse({ stop: 'worker@1.service' }).success).toBe(true);
  });
});
