import { afterEach, describe, expect, test } from 'vitest';
import type { CutoverHost, CutoverStatus, PlannedCheck } from '../../src/cutover/index.ts';
import { unpauseCutover } from '../../src/cutover/index.ts';
import { waitFor } from '../support/wait.ts';
import { at, openStage, type Stage } from './stage.ts';
import { logOf, plan, step } from './tiny.ts';

const ME = { by: 'day@desk', reason: 'test' };
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function stage(measure: CutoverHost['measure']): Stage {
  const opened = openStage(measure);
  cleanups.push(() => opened.close());
  return opened;
}

const check: PlannedCheck = {
  ...{ name: 'lag', metric: 'm', with: {}, success: 'value == 0', failure: null, intervalMs: 20 },
  ...{ initialDelayMs: 0, count: null, failureLimit: 0, errorLimit: 0, inconclusiveLimit: 1000 },
  ...{ timeoutMs: 5000, dryRun: false, onFailure: 'rollback', from: null, until: null, allowFailing: false },
};
const isHeld = ({ state }: CutoverStatus): boolean => state === 'paused';

describe('a check that is watched beside the steps', () => {
  test('and never had data holds the run before it is complete', async () => {
    const { start, name, of, host } = stage(async () => null);
    const running = start(plan(name, [step(of('a')), step(of('b'))], { checks: [check] }));
    const held = await running.until('it held', isHeld);
    expect(held.waitingFor).toBe(
      'paused by check lag: it never passed while it was watched: it was inconclusive: there is no number',
    );
    await waitFor(() => unpauseCutover(host, held.run, ME), { what: 'the record' });
    expect((await running.done).ending).toBe('completed');
  });

  test('only up to a step holds the run before the next one, where it never had data', async () => {
    const { start, name, of, folder, host } = stage(async () => null);
    const checks = [{ ...check, until: 'a' }];
    const running = start(plan(name, [step(of('a')), step(of('b'))], { checks }));
    const held = await running.until('it held', isHeld);
    expect(await logOf(folder)).toEqual(['+a']);
    await waitFor(() => unpauseCutover(host, held.run, ME), { what: 'the record' });
    await running.done;
    expect(await logOf(folder)).toEqual(['+a', '+b']);
  });

  test('is measured once more where the steps were over before its first measurement passed', async () => {
    const values: (number | null)[] = [null, 0];
    const { start, name, of } = stage(async () => values.shift() ?? null);
    const checks = [{ ...check, intervalMs: 3_600_000 }];
    const report = await start(plan(name, [step(of('a'))], { checks })).done;
    expect(report.ending).toBe('completed');
    expect(report.checks).toMatchObject([{ check: 'lag', passed: 1, inconclusive: 1 }]);
  });

  test('and is being measured when the last step ends is waited for, and may send the run back', async () => {
    let answer = (_: number): void => undefined;
    const slow = new Promise<number>((resolve) => {
      answer = resolve;
    });
    const { start, name, of, folder } = stage(() => slow);
    const running = start(plan(name, [step(of('a'))], { checks: [check] }));
    const waits = await running.until('why it waits', ({ waitingFor }) => waitingFor !== null);
    expect(waits.waitingFor).toBe('check lag is measured');
    answer(7);
    expect(await running.done).toMatchObject({
      ending: 'rolledBack',
      why: 'check lag failed: 7 is not 0',
    });
    expect(await logOf(folder)).toEqual(['+a', '-a']);
  });

  test.each([
    ['only warns', { onFailure: 'warn' as const }],
    ['is a dry run', { dryRun: true }],
    ['would begin later', { initialDelayMs: 3_600_000 }],
  ])('holds nothing where it %s', async (_, more) => {
    const { start, name, of } = stage(async () => null);
    const running = start(plan(name, [step(of('a'))], { checks: [{ ...check, ...more }] }));
    expect((await running.done).ending).toBe('completed');
    const warned = running.notes.filter((note) => note.startsWith('check lag never passed'));
    expect(warned).toHaveLength('onFailure' in more ? 1 : 0);
  });

  test('keeps its counts over a pause that it asked for', async () => {
    let value = 0;
    const { start, name, of, touch, host } = stage(async () => value);
    const checks = [{ ...check, onFailure: 'pause' as const }];
    const running = start(plan(name, [step(of('a', 'slow'))], { checks }));
    await running.until('the step', at('a'));
    value = 7;
    const held = await running.until('it held', isHeld);
    value = 0;
    await waitFor(() => unpauseCutover(host, held.run, ME), { what: 'the record' });
    await running.until('it passes again', ({ checks }) => checks[0]?.last.at(-1)?.outcome === 'pass');
    await touch('go-a');
    expect((await running.done).checks).toMatchObject([{ check: 'lag', failed: 1 }]);
  });
});
