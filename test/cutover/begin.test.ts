import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  abortCutover,
  acquireLock,
  cutoverStatus,
  lockStatus,
  type PlannedCheck,
  releaseLock,
} from '../../src/cutover/index.ts';
import { openingOf } from '../../src/cutover/window.ts';
import { waitFor } from '../support/wait.ts';
import { at, openStage, type Stage } from './stage.ts';
import { logOf, plan, step } from './tiny.ts';

const open: Stage[] = [];
function stage(measure?: Parameters<typeof openStage>[0]): Stage {
  const one = openStage(measure);
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const NOW = '2026-03-10T12:00:00Z';
const window = (notBefore: string | null, notAfter: string | null, jitterMs = 0) => ({
  ...{ notBefore, notAfter, timezone: 'UTC', jitterMs },
});
const opens = (
  [notBefore, notAfter]: [string | null, string | null],
  now: string,
  { timezone = 'UTC', jitterMs = 0, share = 0 } = {},
) => {
  const opening = openingOf({ ...window(notBefore, notAfter), timezone, jitterMs }, Date.parse(now), share);
  return opening.kind === 'past' ? 'past' : new Date(opening.atMs).toISOString();
};

const LAG: PlannedCheck = {
  ...{ name: 'lag', metric: 'm', with: {}, success: 'value == 0', failure: null, intervalMs: 20 },
  ...{
    initialDelayMs: 0,
    count: null,
    failureLimit: 0,
    errorLimit: 0,
    inconclusiveLimit: 0,
    timeoutMs: 1000,
  },
  ...{ dryRun: false, onFailure: 'rollback', from: null, until: null, allowFailing: false },
};

describe('the window', () => {
  test.each<[[string | null, string | null], string, string, string]>([
    [['22:00', '04:00'], '2026-03-10T12:00:00Z', '2026-03-10T22:00:00.000Z', 'not open yet'],
    [['22:00', '04:00'], '2026-03-10T23:30:00Z', '2026-03-10T23:30:00.000Z', 'before midnight'],
    [['22:00', '04:00'], '2026-03-11T03:59:00Z', '2026-03-11T03:59:00.000Z', 'after midnight'],
    [['22:00', '04:00'], '2026-03-11T04:00:00Z', '2026-03-11T22:00:00.000Z', 'closed: the next night'],
    [['02:00', '05:00'], '2026-03-10T06:00:00Z', '2026-03-11T02:00:00.000Z', 'over for today'],
    [['02:00', null], '2026-03-10T06:00:00Z', '2026-03-10T06:00:00.000Z', 'a beginning alone'],
    [[null, '05:00'], '2026-03-10T06:00:00Z', 'past', 'an end alone, over'],
    [['2026-03-10T10:00:00Z', '2026-03-10T11:00:00Z'], NOW, 'past', 'a moment that is over'],
    [['2026-03-10T13:00:00Z', null], NOW, '2026-03-10T13:00:00.000Z', 'a moment to come'],
  ])('%j at %s opens at %s: %s', (times, now, expected) => {
    expect(opens(times, now)).toBe(expected);
  });

  test('goes by the clocks of its place, also where they are set forward in that night', () => {
    const timezone = 'Europe/Berlin';
    expect(opens(['22:00', '04:00'], NOW, { timezone })).toBe('2026-03-10T21:00:00.000Z');
    expect(opens(['04:00', '05:00'], '2026-03-28T22:00:00Z', { timezone })).toBe('2026-03-29T02:00:00.000Z');
  });

  test('jitter never leads out of it', () => {
    const clock = fc
      .tuple(fc.nat(23), fc.nat(59))
      .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`);
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(clock, clock, fc.nat(86_399), share, (from, to, second, part) => {
        fc.pre(from !== to);
        const now = Date.parse('2026-03-10T00:00:00Z') + second * 1000;
        const opening = openingOf(window(from, to, 6 * 3_600_000), now, part);
        if (opening.kind === 'past') throw new Error('a window of every day is never past');
        const shown = new Date(opening.atMs).toISOString().slice(11, 16);
        const inside = from < to ? shown >= from && shown < to : shown >= from || shown < to;
        return inside && opening.atMs >= now;
      }),
    );
  });

  test('that is past refuses the run, which leaves no trace', async () => {
    const { start, name, of, folder, host } = stage();
    const wanted = plan(name, [step(of('a'))], { window: window(null, '2020-01-01T05:00:00Z') });
    await expect(start(wanted).done).rejects.toMatchObject({ kind: 'refused', code: 'WINDOW_PAST' });
    expect([await logOf(folder), await lockStatus(host, name)]).toEqual([
      [],
      expect.objectContaining({ kind: 'free', fence: 0 }),
    ]);
  });

  test('is waited for with the lock in hand, and says until when; an abort ends that, and nothing was done', async () => {
    const { start, name, of, folder, host } = stage();
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const running = start(plan(name, [step(of('a'))], { window: window(later, null) }));
    const waits = await running.until('the window', ({ waitingFor }) => waitingFor !== null);
    expect(waits).toMatchObject({
      state: 'waiting',
      waitingFor: `the window opens at ${later}`,
      nextAt: later,
    });
    await waitFor(() => abortCutover(host, waits.run, { by: 'day@desk', reason: 'not tonight' }), {
      what: 'a record',
    });
    expect(await running.done).toMatchObject({ ending: 'rolledBack', why: /not tonight/ });
    expect(await logOf(folder)).toEqual([]);
  });

  test('opens, and the run begins', async () => {
    const { start, name, of, folder } = stage();
    const soon = new Date(Date.now() + 300).toISOString();
    const report = await start(plan(name, [step(of('a'))], { window: window(soon, null, 50) })).done;
    expect(report.ending).toBe('completed');
    expect(Date.parse(report.steps[0]!.startedAt!)).toBeGreaterThanOrEqual(Date.parse(soon));
    expect(await logOf(folder)).toEqual(['+a']);
  });
});

describe('the baseline', () => {
  const check = {
    ...{ metric: 'm', success: 'value == 0', failure: null, intervalMs: 20, initialDelayMs: 0, count: null },
    ...{ failureLimit: 0, errorLimit: 0, inconclusiveLimit: 0, timeoutMs: 1000, dryRun: false },
    ...{ onFailure: 'rollback' as const, from: 'never', until: null, allowFailing: false },
  };
  const named = (name: string, more = {}) => ({ ...check, name, with: { name }, ...more });
  const baseline = { durationMs: 30 };

  test('that fails refuses the run, unless the check is allowed by name or only warns', async () => {
    const { start, name, of, folder, host } = stage(async () => 7);
    const steps = [step(of('a'))];
    const refused = start(plan(name, steps, { baseline, checks: [named('lag'), named('age')] }));
    await expect(refused.done).rejects.toMatchObject({
      code: 'BASELINE_FAILING',
      message: expect.stringMatching(/before anything was changed: lag \(.*7.*\), age/),
    });
    const { run } = await refused.until('its record', () => true);
    expect(await cutoverStatus(host, run)).toMatchObject({
      state: 'rolledBack',
      alive: false,
      why: expect.stringMatching(/^not begun: /),
    });
    expect(await logOf(folder)).toEqual([]);
    const checks = [named('lag', { allowFailing: true }), named('age', { onFailure: 'warn' })];
    // What was refused keeps nobody out.
    expect((await start(plan(name, steps, { baseline, checks })).done).ending).toBe('completed');
  });

  test('does not want numbers of a new side that is not up yet', async () => {
    const { start, name, of } = stage(async ({ metric }) => {
      if (metric === 'none') return null;
      throw new Error('no such stream');
    });
    const checks = [named('lag', { from: 'a' }), named('age', { metric: 'none' })];
    expect((await start(plan(name, [step(of('a'))], { baseline, checks })).done).ending).toBe('rolledBack');
    const never = [named('lag'), named('age', { metric: 'none' })];
    expect((await start(plan(name, [step(of('a'))], { baseline, checks: never })).done).ending).toBe(
      'completed',
    );
    const first = [named('lag', { from: null })];
    await expect(start(plan(name, [step(of('a'))], { baseline, checks: first })).done).rejects.toMatchObject({
      code: 'BASELINE_FAILING',
    });
  });
});

describe('the lock', () => {
  test('that is held by hand keeps every run out, however long it would wait, until it is released', async () => {
    const { start, name, of, host } = stage();
    const wanted = plan(name, [step(of('a'))]);
    await acquireLock(host, name, 'database maintenance');
    await expect(start(wanted, { lockWaitMs: 60_000 }).done).rejects.toMatchObject({
      kind: 'locked',
      message: expect.stringContaining('database maintenance'),
    });
    await expect(acquireLock(host, name, 'me too')).rejects.toMatchObject({ kind: 'locked' });
    expect(await releaseLock(host, name)).toMatchObject({ kind: 'hand', by: 'night@host' });
    expect((await start(wanted).done).ending).toBe('completed');
  });

  test('of a run at work is waited for where that is wanted', async () => {
    const { start, name, of, touch, folder } = stage();
    const first = start(plan(name, [step(of('a', 'slow'))]));
    await first.until('the step', at('a'));
    const second = start(plan(name, [step(of('b'))]), { lockWaitMs: 20_000 });
    await waitFor(() => second.notes.some((note) => note.includes('is held by run')), { what: 'the wait' });
    await touch('go-a');
    expect([(await first.done).ending, (await second.done).ending]).toEqual(['completed', 'completed']);
    expect(await logOf(folder)).toEqual(['+a', '+b']);
  });

  test('may have been waited for while things changed: what has to hold before the start is looked at again', async () => {
    let value = 0;
    const { start, name, of, touch, folder } = stage(async () => value);
    const first = start(plan(name, [step(of('a', 'slow'))]));
    await first.until('the step', at('a'));
    const checks = [{ ...LAG, from: 'never' }];
    const wanted = plan(name, [step(of('b'))], { checks, preflight: ['lag'] });
    const second = start(wanted, { lockWaitMs: 20_000 });
    await waitFor(() => second.notes.some((note) => note.includes('is held by run')), { what: 'the wait' });
    value = 7;
    const since = performance.now();
    await waitFor(() => performance.now() - since > 300, { what: 'a wait that counts' });
    await touch('go-a');
    await expect(second.done).rejects.toMatchObject({ kind: 'refused' });
    expect((await first.done).ending).toBe('completed');
    expect(await logOf(folder)).toEqual(['+a']);
    expect((await start(plan(name, [step(of('c'))])).done).ending).toBe('completed');
  });

  test('of a run that is not at its end stays with it: nobody begins, nor takes it by hand', async () => {
    const { start, name, of, host, resume, touch } = stage();
    const wanted = plan(name, [step(of('a', 'slow'))]);
    const first = start(wanted);
    const { run } = await first.until('the step', at('a'));
    first.interrupt();
    await first.done;
    const refusal = { code: 'UNFINISHED_RUN', hint: expect.arrayContaining([expect.stringContaining(run)]) };
    await expect(start(wanted, { lockWaitMs: 60_000 }).done).rejects.toMatchObject(refusal);
    await expect(acquireLock(host, name, 'mine')).rejects.toMatchObject(refusal);
    await expect(releaseLock(host, name)).rejects.toMatchObject(refusal);
    await touch('go-a');
    expect((await resume(run, wanted).done).ending).toBe('completed');
    expect((await start(wanted).done).ending).toBe('completed');
  });
});
