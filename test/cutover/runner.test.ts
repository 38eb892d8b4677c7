import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  abortCutover,
  approveCutover,
  type CutoverHost,
  type CutoverOptions,
  type CutoverPlan,
  type CutoverReport,
  type CutoverStatus,
  cutoverStatus,
  pauseCutover,
  planResume,
  resumeCutover,
  rollbackCutover,
  startCutover,
  unpauseCutover,
} from '../../src/cutover/index.ts';
import { returnOf } from '../../src/cutover/rollback.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { hostOf, logOf, optionsOf, plan, step, type Tiny } from './tiny.ts';

const ME = { by: 'day@desk', reason: 'test' };
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

interface Stage {
  folder: string;
  name: string;
  host: CutoverHost;
  options: CutoverOptions;
  of(name: string, mode?: Tiny['mode'], order?: Tiny['order']): Tiny;
  /** Starts it; resolves once its status is there. */
  start(plan: CutoverPlan, more?: Partial<CutoverOptions>, signal?: AbortSignal): Running;
  touch(name: string): Promise<void>;
}

interface Running {
  done: Promise<CutoverReport>;
  until(what: string, fits: (status: CutoverStatus) => boolean): Promise<CutoverStatus>;
  run(): Promise<string>;
}

function stage(measure?: CutoverHost['measure']): Stage {
  const folder = ownFolder('cutover');
  const host = hostOf(sharedRedisUrl(), measure);
  cleanups.push(
    () => host.close(),
    () => removeFolder(folder),
  );
  const options = optionsOf(join(folder, 'state'));
  return {
    folder,
    name: uniqueName('plan'),
    host,
    options,
    of: (name, mode, order) => ({ folder, name, mode, order }),
    touch: (name) => writeFile(join(folder, name), ''),
    start(wanted, more = {}, signal = new AbortController().signal) {
      let last: CutoverStatus | undefined;
      const done = startCutover(
        wanted,
        host,
        { ...options, ...more },
        {
          status: (one) => {
            last = one;
          },
        },
        signal,
      );
      done.catch(() => undefined);
      const until = (what: string, fits: (status: CutoverStatus) => boolean): Promise<CutoverStatus> =>
        waitFor(() => (last && fits(last) ? last : undefined), { what });
      return { done, until, run: async () => (await until('a run', () => true)).run };
    },
  };
}

const at = (id: string) => (status: CutoverStatus) =>
  status.steps.find((one) => one.id === id)?.state === 'running';

describe('forward', () => {
  test('takes every step once, and leaves a journal that only its owner reads', async () => {
    const { start, name, of, folder, host } = stage();
    const report = await start(plan(name, [step(of('a')), step(of('b'))])).done;
    expect(report).toMatchObject({ ending: 'completed', why: null, left: [] });
    expect(await logOf(folder)).toEqual(['+a', '+b']);
    expect((await stat(report.journal)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700);
    const lines = (await readFile(report.journal, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(lines).toEqual(['run', 'intent', 'applied', 'intent', 'applied', 'end']);
    const { client } = await host.redis();
    expect(await client.llen(`qctl:{cutover:${report.run}}:journal`)).toBe(6);
    expect(await cutoverStatus(host, report.run)).toMatchObject({ state: 'completed', alive: false });
  });

  test('a step that is so already is passed over, and not undone later', async () => {
    const { start, name, of, folder, host, options } = stage();
    await writeFile(join(folder, 'world.log'), '+a\n');
    const wanted = plan(name, [step(of('a')), step(of('b'))]);
    const { run } = await start(wanted).done;
    await rollbackCutover(run, wanted, host, options, {}, new AbortController().signal);
    expect(await logOf(folder)).toEqual(['+a', '+b', '-b']);
  });

  test('a step that fails sends it back; what failed is undone as well', async () => {
    const { start, name, of, folder } = stage();
    const report = await start(plan(name, [step(of('a')), step(of('b', 'fail'), { retries: 1 })])).done;
    expect(report).toMatchObject({ ending: 'rolledBack', why: 'step b failed: b is broken' });
    expect(report.steps.map(({ state }) => state)).toEqual(['undone', 'undone']);
    expect(report.rollback).toMatchObject({ undone: 2, failures: [], ms: expect.any(Number) });
    expect(await logOf(folder)).toEqual(['+a', '-a']);
  });

  test('past the point of no return it is held, and goes on when it is mended', async () => {
    const { start, name, of, folder, host, touch } = stage();
    const steps = [step(of('a'), { pointOfNoReturn: true }), step(of('b', 'fail'))];
    const running = start(plan(name, steps));
    const held = await running.until('it held', ({ state }) => state === 'paused');
    expect(held.waitingFor).toMatch(/b is broken; past the point of no return/);
    await waitFor(async () => (await cutoverStatus(host, held.run)).pastNoReturn, { what: 'the record' });
    await expect(abortCutover(host, held.run, ME)).rejects.toThrow('past its point of no return');
    await touch('mended-b');
    // What is told here is in Redis a moment later.
    await waitFor(() => unpauseCutover(host, held.run, ME).catch(() => undefined), {
      what: 'the end of the pause',
    });
    expect((await running.done).ending).toBe('completed');
    expect(await logOf(folder)).toEqual(['+a', '+b']);
  });

  test('a freeze that lasts too long sends it back in the middle of a step', async () => {
    const { start, name, of, folder } = stage();
    const freezes = [{ name: 'flip', from: 'a', to: 'b', maxPauseMs: 150 }];
    const report = await start(plan(name, [step(of('a')), step(of('b', 'slow'))], { freezes })).done;
    expect(report).toMatchObject({ ending: 'rolledBack', why: 'freeze flip lasted longer than 0.15 s' });
    expect(await logOf(folder)).toEqual(['+a', '-a']);
  });

  test('a second run of the same plan is told who has the lock', async () => {
    const { start, name, of, touch } = stage();
    const wanted = plan(name, [step(of('a', 'slow'))]);
    const first = start(wanted);
    const run = await first.run();
    await expect(start(wanted).done).rejects.toMatchObject({
      kind: 'locked',
      message: expect.stringContaining(run),
    });
    await touch('go-a');
    expect((await first.done).ending).toBe('completed');
  });
});

describe('checks', () => {
  const check = {
    ...{
      name: 'lag',
      metric: 'm',
      with: {},
      success: 'value == 0',
      failure: null,
      intervalMs: 20,
      initialDelayMs: 0,
    },
    ...{ count: null, failureLimit: 0, errorLimit: 0, inconclusiveLimit: 0, timeoutMs: 1000, dryRun: false },
    ...{ from: null, until: null, allowFailing: false },
  };

  test('one that fails breaks the step off and sends it back; the new side is stopped when the old is healthy', async () => {
    let value = 0;
    const { start, name, of, folder } = stage(async () => value);
    const rollback = { ...plan('', []).rollback, health: ['lag'] };
    const checks = [{ ...check, onFailure: 'rollback' as const }];
    const steps = [
      step(of('old', undefined, 'raise')),
      step(of('new', undefined, 'lower')),
      step(of('hold', 'slow')),
    ];
    const running = start(plan(name, steps, { checks, rollback }));
    await running.until('the last step', at('hold'));
    value = 7;
    await running.until('the old side up', ({ steps: [old] }) => old!.state === 'undone');
    expect(await logOf(folder)).toEqual(['+old', '+new', '-old']);
    value = 0;
    const report = await running.done;
    expect(report).toMatchObject({ ending: 'rolledBack', why: 'check lag failed: 7 is not 0' });
    expect(report.rollback!.healthyMs).toBeGreaterThan(0);
    expect(await logOf(folder)).toEqual(['+old', '+new', '-old', '-new']);
  });

  test('where the old side does not get healthy the new one goes on, and that is told', async () => {
    let value = 0;
    const { start, name, of, folder, host, options } = stage(async () => value);
    const rollback = { ...plan('', []).rollback, health: ['lag'], healthTimeoutMs: 100 };
    const checks = [{ ...check, onFailure: 'rollback' as const, from: 'never' }];
    const steps = [
      step(of('old', undefined, 'raise')),
      step(of('new', undefined, 'lower')),
      step(of('c', 'fail')),
    ];
    const wanted = plan(name, steps, { checks, rollback });
    value = 7;
    const report = await start(wanted).done;
    expect(report).toMatchObject({ ending: 'rollbackFailed', left: ['undo new'] });
    expect(report.rollback!.failures.map((one) => one.step)).toEqual(['rollback.health', 'new']);
    expect(await logOf(folder)).toEqual(['+old', '+new', '-old']);
    await expect(start(wanted).done).rejects.toMatchObject({ code: 'UNFINISHED_RUN' });
    value = 0;
    const again = await rollbackCutover(report.run, wanted, host, options, {}, new AbortController().signal);
    expect(again).toMatchObject({ ending: 'rolledBack', rollback: { failures: [] } });
    expect(await logOf(folder)).toEqual(['+old', '+new', '-old', '-new']);
  });

  test.each([
    ['what is no part of the old side goes past it, and is told', 'plain', ['+old', '+new', '-old', '-new']],
    ['the start of the old side leaves the new one at work', 'raise', ['+old', '+new', '-old']],
  ] as const)('with a health check, an undo that fails of %s', async (_, order, log) => {
    const { start, name, of, folder } = stage();
    const rollback = { ...plan('', []).rollback, health: ['lag'] };
    const checks = [{ ...check, onFailure: 'rollback' as const, from: 'never' }];
    const steps = [
      step(of('old', undefined, 'raise')),
      step(of('b', 'badUndo', order)),
      step(of('new', undefined, 'lower')),
      step(of('c', 'fail')),
    ];
    const report = await start(plan(name, steps, { checks, rollback })).done;
    expect(report.ending).toBe('rollbackFailed');
    expect((await logOf(folder)).filter((line) => !line.endsWith('b'))).toEqual(log);
    expect(report.rollback!.failures.map((one) => one.step)).toEqual(
      order === 'plain' ? ['b'] : ['b', 'new'],
    );
  });

  test('one that holds the run says why, until somebody lets it go on', async () => {
    let value = 0;
    const { start, name, of, host, touch } = stage(async () => value);
    const checks = [{ ...check, onFailure: 'pause' as const }];
    const running = start(plan(name, [step(of('a', 'slow')), step(of('b'))], { checks }));
    await running.until('the first step', at('a'));
    value = 7;
    const held = await running.until('it held', ({ state }) => state === 'paused');
    expect(held.waitingFor).toBe('paused by check lag: it failed: 7 is not 0');
    value = 0;
    await waitFor(() => unpauseCutover(host, held.run, ME), { what: 'the record' });
    await touch('go-a');
    expect((await running.done).ending).toBe('completed');
  });
});

describe('operators', () => {
  test('hold it before the next step, and let it go on', async () => {
    const { start, name, of, folder, host, touch } = stage();
    const running = start(plan(name, [step(of('a', 'slow')), step(of('b'))]));
    const { run } = await running.until('the first step', at('a'));
    await waitFor(() => pauseCutover(host, run, ME), { what: 'a record' });
    // Whoever looks sees that it was heard, however long the step takes.
    const heard = await waitFor(
      async () => {
        const status = await cutoverStatus(host, run);
        return status.pauseOrdered !== null && status;
      },
      { what: 'the order in the record' },
    );
    expect(heard).toMatchObject({ state: 'running', step: 'a', pauseOrdered: 'day@desk: test' });
    await touch('go-a');
    const held = await running.until('it held', ({ state }) => state === 'paused');
    expect(held).toMatchObject({
      ...{ waitingFor: 'paused by day@desk: test', pauseOrdered: null },
      next: { step: 'b' },
    });
    expect(await logOf(folder)).toEqual(['+a']);
    await waitFor(() => unpauseCutover(host, run, ME), { what: 'the record' });
    expect((await running.done).ending).toBe('completed');
    expect((await cutoverStatus(host, run)).pauseOrdered).toBe(null);
  });

  test('abort it in the middle of a step; once it is over there is nothing to abort', async () => {
    const { start, name, of, folder, host } = stage();
    const running = start(plan(name, [step(of('a')), step(of('b', 'slow'))]));
    const { run } = await running.until('the second step', at('b'));
    await waitFor(() => abortCutover(host, run, ME), { what: 'a record' });
    expect(await running.done).toMatchObject({ ending: 'rolledBack', why: 'aborted by day@desk: test' });
    expect(await logOf(folder)).toEqual(['+a', '-a']);
    await expect(abortCutover(host, run, ME)).rejects.toMatchObject({ code: 'RUN_FINISHED' });
  });

  test('approve a gate ahead of it; another name is refused with what there is', async () => {
    const { start, name, of, host, touch } = stage();
    const running = start(plan(name, [step(of('a', 'slow')), step(of('gate', 'ask'))]));
    const { run } = await running.until('the first step', at('a'));
    await waitFor(() => cutoverStatus(host, run), { what: 'a record' });
    await expect(approveCutover(host, run, 'gat', ME)).rejects.toMatchObject({
      hint: ['did you mean gate?', 'steps that do: gate'],
    });
    await approveCutover(host, run, 'next', ME);
    await touch('go-a');
    expect((await running.done).ending).toBe('completed');
  });
});

describe('resuming', () => {
  async function interrupted(mode: Tiny['mode'] = 'slow') {
    const all = stage();
    const wanted = plan(all.name, [step(all.of('a')), step(all.of('b', mode)), step(all.of('c'))]);
    const stop = new AbortController();
    const running = all.start(wanted, {}, stop.signal);
    const { run } = await running.until('the second step', at('b'));
    stop.abort();
    const report = await running.done;
    return { ...all, wanted, run, report };
  }

  test('after Ctrl-C it goes on where it was; a dry run of that changes nothing', async () => {
    const { wanted, run, report, host, options, folder, touch, start } = await interrupted();
    expect(report).toMatchObject({ ending: 'stopped', state: 'running', why: 'interrupted' });
    await expect(start(wanted).done).rejects.toMatchObject({ code: 'UNFINISHED_RUN', kind: 'refused' });
    const before = await readFile(report.journal, 'utf8');
    const foreseen = await planResume(run, wanted, host, options);
    expect(foreseen).toEqual({
      run,
      way: 'forward',
      inFlight: { step: 'b', found: 'undone' },
      steps: ['b', 'c'],
    });
    expect(await readFile(report.journal, 'utf8')).toBe(before);
    await touch('go-b');
    const resumed = await resumeCutover(run, wanted, host, options, {}, new AbortController().signal);
    expect(resumed.ending).toBe('completed');
    expect(await logOf(folder)).toEqual(['+a', '+b', '+c']);
  });

  test('another plan is refused, a torn last line is cut off, a damaged one named', async () => {
    const { wanted, run, report, host, options, touch } = await interrupted();
    const signal = new AbortController().signal;
    const other = { ...wanted, hash: 'sha256:2' };
    await expect(resumeCutover(run, other, host, options, {}, signal)).rejects.toMatchObject({
      code: 'PLAN_CHANGED',
    });
    const text = await readFile(report.journal, 'utf8');
    await writeFile(report.journal, text.replace('"event":"applied"', '"event":applied"'));
    await expect(planResume(run, wanted, host, options)).rejects.toThrow(
      /^line 3 of the journal .* is damaged/,
    );
    await writeFile(report.journal, text + '{"v":1,"run":"');
    await touch('go-b');
    expect((await resumeCutover(run, wanted, host, options, {}, signal)).ending).toBe('completed');
  });

  test('a journal that tells something else than its copy in Redis is refused with words', async () => {
    const { wanted, run, report, host, options } = await interrupted();
    const lines = (await readFile(report.journal, 'utf8')).trim().split('\n');
    lines[lines.length - 1] = lines.at(-1)!.replace('interrupted', 'otherwise');
    await writeFile(report.journal, `${lines.join('\n')}\n`);
    await expect(planResume(run, wanted, host, options)).rejects.toThrow(/differ from line \d+ on/);
  });

  test('another host goes on from the copy in Redis', async () => {
    const { wanted, run, host, options, folder, touch } = await interrupted();
    await touch('go-b');
    const elsewhere = { ...options, stateFolder: join(folder, 'elsewhere') };
    const resumed = await resumeCutover(run, wanted, host, elsewhere, {}, new AbortController().signal);
    expect(resumed).toMatchObject({
      ending: 'completed',
      journal: join(folder, 'elsewhere', `${run}.jsonl`),
    });
    expect(await logOf(folder)).toEqual(['+a', '+b', '+c']);
  });
});

describe('going back', () => {
  test('after completion, and a second time nothing is done', async () => {
    const { start, name, of, folder, host, options } = stage();
    const wanted = plan(name, [step(of('a')), step(of('b'))]);
    const { run } = await start(wanted).done;
    const signal = new AbortController().signal;
    expect(await rollbackCutover(run, wanted, host, options, {}, signal)).toMatchObject({
      ending: 'rolledBack',
      nothingDone: false,
    });
    expect(await rollbackCutover(run, wanted, host, options, {}, signal)).toMatchObject({
      ending: 'rolledBack',
      nothingDone: true,
    });
    expect(await logOf(folder)).toEqual(['+a', '+b', '-b', '-a']);
  });

  test('is refused while a later run has not gone back, also where the last of all has', async () => {
    const { start, name, of, host, options, folder } = stage();
    const runs: [string, CutoverPlan][] = [];
    for (const id of ['a', 'b', 'c']) {
      const wanted = plan(name, [step(of(id))]);
      runs.push([(await start(wanted).done).run, wanted]);
    }
    const [a, b, c] = runs.map(
      ([run, wanted]) =>
        () =>
          rollbackCutover(run, wanted, host, options, {}, new AbortController().signal),
    );
    await c!();
    await expect(a!()).rejects.toMatchObject({ code: 'LATER_RUN', details: { later: runs[1]![0] } });
    await b!();
    await a!();
    expect((await logOf(folder)).slice(3)).toEqual(['-c', '-b', '-a']);
  });

  test('of a run that another process is at work on: that one goes back', async () => {
    const { start, name, of, folder, host, options } = stage();
    const wanted = plan(name, [step(of('a')), step(of('b', 'slow'))]);
    const running = start(wanted);
    const { run } = await running.until('the second step', at('b'));
    await waitFor(() => cutoverStatus(host, run), { what: 'a record' });
    const report = await rollbackCutover(run, wanted, host, options, {}, new AbortController().signal);
    expect(report).toMatchObject({ ending: 'rolledBack', nothingDone: false });
    expect((await running.done).ending).toBe('rolledBack');
    expect(await logOf(folder)).toEqual(['+a', '-a']);
  });

  test('goes past an undo that fails, and says what to do by hand', async () => {
    const { start, name, of, folder } = stage();
    const steps = [step(of('a')), step(of('b', 'badUndo')), step(of('c', 'fail'))];
    const report = await start(plan(name, steps)).done;
    expect(report).toMatchObject({ ending: 'rollbackFailed', left: ['undo b'] });
    expect(report.rollback!.failures).toEqual([{ step: 'b', why: 'b stays', byHand: ['undo b'] }]);
    expect(await logOf(folder)).toEqual(['+a', '+b', '-a']);
  });

  test('by the steps that the plan names, which take their time, but no more than the undo may', async () => {
    const { start, name, of, folder, touch } = stage();
    // A part of an undo has no undo, and no time for one.
    const part = (id: string) => step(of(id, 'slow'), { undoTimeoutMs: 0 });
    const steps = [
      step(of('a'), { undo: [part('x'), step(of('y'), { undoTimeoutMs: 0 })] }),
      step(of('b'), { undo: [part('hangs')], undoTimeoutMs: 60 }),
      step(of('c', 'fail')),
    ];
    const running = start(plan(name, steps));
    await running.until('the undo of a', ({ steps: [one] }) => one!.state === 'undoing');
    await touch('go-x');
    const report = await running.done;
    expect(report.rollback!.failures.map((one) => one.why)).toEqual([
      expect.stringContaining('undoing step hangs was not done within'),
    ]);
    expect(await logOf(folder)).toEqual(['+a', '+b', '+x', '+y']);
  });

  test('gives what a group has not finished of a stream back once, however many drains brought it there', async () => {
    const { start, name, of, folder, options } = stage();
    const back = { stream: 's', group: 'g', to: 'jobs' };
    const drained = (text: string) => step({ ...of(text, undefined, 'return'), resource: returnOf(back) });
    const returned: string[] = [];
    const returnMessages = async ({ stream }: { stream: string }) => {
      returned.push(stream);
      return { text: 'given back' };
    };
    const returns = [back, { ...back, stream: 'other' }];
    const rollback = { ...plan('', []).rollback, returns };
    const steps = [drained('first'), drained('rest'), step(of('c', 'fail'))];
    const parts = { ...options.parts, returnMessages };
    const report = await start(plan(name, steps, { rollback }), { parts }).done;
    expect(report.ending).toBe('rolledBack');
    expect(report.steps.slice(0, 2).map(({ text }) => text)).toEqual([
      'given back with rest',
      'rest is undone',
    ]);
    expect(await logOf(folder)).toEqual(['+first', '+rest', '-rest']);
    expect(returned).toEqual(['other']);
  });

  test('gives no message back where no step was begun', async () => {
    const { start, name, of, host, options } = stage();
    const given: string[] = [];
    const returnMessages = async ({ stream }: { stream: string }) => {
      given.push(stream);
      return { text: 'given back' };
    };
    const parts = { ...options.parts, returnMessages };
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const window = { notBefore: later, notAfter: null, timezone: null, jitterMs: 0 };
    const rollback = {
      ...plan('', []).rollback,
      ...{ health: ['lag'], returns: [{ stream: 's', group: 'g', to: 'jobs' }] },
    };
    const checks = [
      {
        ...{ name: 'lag', metric: 'm', with: {}, success: 'value == 0', failure: null, intervalMs: 20 },
        ...{ initialDelayMs: 0, count: null, failureLimit: 0, errorLimit: 0, inconclusiveLimit: 0 },
        ...{ timeoutMs: 1000, dryRun: false, from: 'never', until: null, allowFailing: false },
        onFailure: 'rollback' as const,
      },
    ];
    const running = start(plan(name, [step(of('a'))], { window, rollback, checks }), { parts });
    const { run } = await running.until('the window', ({ waitingFor }) => waitingFor !== null);
    await abortCutover(host, run, ME);
    expect((await running.done).ending).toBe('rolledBack');
    expect(given).toEqual([]);
  });

  test('gives no message back while the new side is not shown to be stopped', async () => {
    const { start, name, of, options } = stage();
    let returned = 0;
    const returnMessages = async () => {
      returned += 1;
      return { text: 'given back' };
    };
    const rollback = { ...plan('', []).rollback, returns: [{ stream: 's', group: 'g', to: 'jobs' }] };
    const steps = [step(of('new', 'badUndo', 'lower')), step(of('c', 'fail'))];
    const parts = { ...options.parts, returnMessages };
    const report = await start(plan(name, steps, { rollback }), { parts }).done;
    expect(report.ending).toBe('rollbackFailed');
    expect(report.rollback!.failures.map((one) => one.step)).toEqual(['new', 'rollback.returns/1']);
    expect(report.left).toEqual(['undo new', expect.stringContaining('qctl drain redis --stream s')]);
    expect(returned).toBe(0);
  });
});
