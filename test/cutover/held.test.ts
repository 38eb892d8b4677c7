import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  abortCutover,
  approveCutover,
  cutoverStatus,
  type PlannedNotification,
  type PlannedStep,
  pauseCutover,
  planResume,
  unpauseCutover,
} from '../../src/cutover/index.ts';
import { http } from '../../src/cutover/steps/http.ts';
import { notify } from '../../src/cutover/steps/notify.ts';
import { cutoverKeys } from '../../src/model/keys.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { at, openStage, type Stage } from './stage.ts';
import { logOf, plan, step, tiny } from './tiny.ts';

const ME = { by: 'day@desk', reason: 'test' };
const cleanups: (() => Promise<unknown>)[] = [];
function stage(url?: string): Stage {
  const one = openStage(undefined, url);
  cleanups.unshift(() => one.close());
  one.host.env = { PATH: process.env.PATH };
  return one;
}
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Writes what it is told into a file; `more` may let it fail. */
function telling(folder: string, on: PlannedNotification['on'], more = {}): PlannedNotification {
  const command = ['/bin/sh', '-c', `sleep 0.1; cat >> ${folder}/told.log`];
  const params = notify.schema.parse({ text: '{{state}}: {{why}}', command, ...more });
  return { on, step: { ...step({ folder, name: 'x' }), id: 'notify-1', kind: notify, params } };
}

const toldIn = async (folder: string) =>
  (await readFile(join(folder, 'told.log'), 'utf8').catch(() => '')).split('\n').filter(Boolean);

describe('who is to be told', () => {
  test('hears of the start and of the way back, with no secret in it', async () => {
    const { start, name, of, folder } = stage();
    const told = [telling(folder, ['started']), telling(folder, ['rollingBack', 'rolledBack', 'failed'])];
    const steps = [step(of('a')), step(of('s3cret', 'fail'))];
    const report = await start(plan(name, steps, { notify: told })).done;
    expect(report.ending).toBe('rolledBack');
    const lines = await toldIn(folder);
    expect(lines.toSorted()).toEqual([
      'rolledBack: step *** failed: *** is broken',
      'rollingBack: step *** failed: *** is broken',
      'running: ',
    ]);
    expect(await readFile(report.journal, 'utf8')).not.toMatch(/"why":"[^"]*s3cret/);
  });

  test('and cannot be told changes nothing, but is noted', async () => {
    const { start, name, of, folder } = stage();
    const all = ['started', 'rollingBack', 'rolledBack'] as const;
    const failing = telling(folder, all, { command: ['/bin/false'], required: true });
    const running = start(plan(name, [step(of('a')), step(of('b', 'fail'))], { notify: [failing] }));
    expect((await running.done).ending).toBe('rolledBack');
    expect(running.notes).toContainEqual(
      expect.stringMatching(/^nobody was told by notify-1 \(rolledBack\)/),
    );
    expect(await logOf(folder)).toEqual(['+a', '-a']);
  });

  test('has heard of it before a process ends that does not wait for an approval', async () => {
    const { start, name, of, folder } = stage();
    const steps = [step(of('gate', 'ask')), step(of('b'))];
    const wanted = plan(name, steps, { notify: [telling(folder, ['waiting'])] });
    await start(wanted, { leaveWhenHeld: true }).done;
    expect(await toldIn(folder)).toEqual([expect.stringContaining('approval')]);
  });
});

test('what a step takes from the environment shows neither in the journal nor in the status', async () => {
  const server = createServer((request, response) =>
    response.writeHead(500).end(`${request.url}: ${request.headers.authorization}`),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => server.close());
  const { start, name, of, host } = stage();
  const { port } = server.address() as AddressInfo;
  host.env = { ...host.env, HOOK: `http://127.0.0.1:${port}/hidden-path`, AUTH: 'Bearer hidden-token' };
  const params = http.schema.parse({ url: { env: 'HOOK' }, headers: { Authorization: { env: 'AUTH' } } });
  const call = { ...step(of('call')), kind: http, params };
  const report = await start(plan(name, [step(of('a')), call])).done;
  expect(report.ending).toBe('rolledBack');
  const journal = await readFile(report.journal, 'utf8');
  expect(journal).toContain('"tail":"***: ***"');
  expect(JSON.stringify([journal, report, await cutoverStatus(host, report.run)])).not.toContain('hidden');
});

test('a server that knows repetitions by their key is told of each occasion', async () => {
  const keys: unknown[] = [];
  const server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key']);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => server.close());
  const { start, resume, name, of } = stage();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/told`;
  const told = {
    ...step(of('x')),
    ...{ id: 'notify-1', kind: http, params: http.schema.parse({ url, method: 'POST' }) },
  };
  const wanted = plan(name, [step(of('gate', 'ask'))], {
    notify: [{ on: ['started', 'waiting'], step: told }],
  });
  const { run } = await start(wanted, { leaveWhenHeld: true }).done;
  const again = resume(run, wanted);
  await again.until('it waits', ({ state }) => state === 'waiting');
  await waitFor(() => keys.length === 3, { what: 'who is told that it waits again' });
  again.interrupt();
  await again.done;
  const key = (event: string) => expect.stringMatching(new RegExp(`^${run}/notify-1/${event}-\\d+$`));
  expect(keys.toSorted()).toEqual([key('started'), key('waiting'), key('waiting')]);
  expect(new Set(keys).size).toBe(3);
});

describe('without waiting for people', () => {
  test('it is left at an approval, and goes on where that was given', async () => {
    const { start, name, of, folder, host, resume } = stage();
    const wanted = plan(name, [step(of('a')), step(of('gate', 'ask')), step(of('b'))]);
    const report = await start(wanted, { leaveWhenHeld: true }).done;
    expect(report).toMatchObject({ ending: 'stopped', state: 'waiting', why: 'approval' });
    expect(await cutoverStatus(host, report.run)).toMatchObject({ state: 'waiting', alive: false });
    const again = await resume(report.run, wanted, { leaveWhenHeld: true }).done;
    expect(again).toMatchObject({ ending: 'stopped', state: 'waiting' });
    await approveCutover(host, report.run, 'gate', ME);
    const end = await resume(report.run, wanted, { leaveWhenHeld: true }).done;
    expect(end.ending).toBe('completed');
    expect(await logOf(folder)).toEqual(['+a', '+gate', '+b']);
  });

  test('it is left where a step failed that is to hold it, and the step is tried again', async () => {
    const { start, name, of, folder, resume, touch } = stage();
    const wanted = plan(name, [step(of('a')), step(of('b', 'fail'), { onFailure: 'pause' })]);
    const report = await start(wanted, { leaveWhenHeld: true }).done;
    expect(report).toMatchObject({ ending: 'stopped', state: 'paused' });
    expect(report.why).toMatch(/step b failed: b is broken/);
    await touch('mended-b');
    expect((await resume(report.run, wanted).done).ending).toBe('completed');
    expect(await logOf(folder)).toEqual(['+a', '+b']);
  });
});

test('a step that fails and is to hold the run waits for a word, and is tried again', async () => {
  const { start, name, of, folder, host, touch } = stage();
  const running = start(plan(name, [step(of('a', 'fail'), { onFailure: 'pause' })]));
  const held = await running.until('it held', ({ state }) => state === 'paused');
  expect(held.waitingFor).toBe('paused by step a: step a failed: a is broken');
  await touch('mended-a');
  await waitFor(() => unpauseCutover(host, held.run, ME), { what: 'the record' });
  expect((await running.done).ending).toBe('completed');
  expect(await logOf(folder)).toEqual(['+a']);
});

test('an abort of a run that nobody is at work on is refused, and says nothing to it', async () => {
  const { start, name, of, folder, host, resume, touch } = stage();
  const wanted = plan(name, [step(of('a', 'slow'))]);
  const running = start(wanted);
  const { run } = await running.until('the step', at('a'));
  running.interrupt();
  const { journal } = await running.done;
  const before = await readFile(journal, 'utf8');
  await expect(abortCutover(host, run, ME)).rejects.toMatchObject({ code: 'NOT_AT_WORK', kind: 'refused' });
  const { client } = await host.redis();
  expect([await client.exists(cutoverKeys(run).control), await readFile(journal, 'utf8')]).toEqual([
    0,
    before,
  ]);
  await touch('go-a');
  expect((await resume(run, wanted).done).ending).toBe('completed');
  expect(await logOf(folder)).toEqual(['+a']);
});

test('a freeze that was over while nobody was at work sends it back, and no step begins', async () => {
  const { start, name, of, folder, resume, host } = stage();
  const freezes = [{ name: 'flip', from: 'a', to: 'c', maxPauseMs: 60_000 }];
  const wanted = plan(name, [step(of('a')), step(of('b', 'slow')), step(of('c'))], { freezes });
  const running = start(wanted);
  const { run } = await running.until('the step', at('b'));
  running.interrupt();
  await running.done;
  host.now = () => new Date(Date.now() + 60_000);
  expect(await resume(run, wanted).done).toMatchObject({
    ending: 'rolledBack',
    why: 'freeze flip lasted longer than 60 s',
  });
  expect(await logOf(folder)).toEqual(['+a', '-a']);
});

describe('a step of which nobody knows whether it was done', () => {
  /** Never to be repeated, and broken off in the middle. */
  async function brokenOff() {
    const all = stage();
    const { folder, name, of, start } = all;
    const blind: Partial<PlannedStep> = {
      kind: { ...tiny, check: async () => 'unknown' },
      repeatable: false,
    };
    const wanted = plan(name, [
      step(of('a')),
      step({ folder, name: 'b', mode: 'slow' }, blind),
      step(of('c')),
    ]);
    const running = start(wanted);
    const { run } = await running.until('the step', at('b'));
    running.interrupt();
    await running.done;
    return { ...all, wanted, run };
  }
  const unknown = { code: 'OUTCOME_UNKNOWN', kind: 'refused', hint: expect.any(Array) };

  test('is not done again, until somebody says that it was not', async () => {
    const { run, wanted, resume, touch, folder, host, options } = await brokenOff();
    await expect(planResume(run, wanted, host, options)).rejects.toMatchObject(unknown);
    await expect(resume(run, wanted).done).rejects.toMatchObject(unknown);
    // Asked twice it says the same: the first answer has broken nothing.
    await expect(resume(run, wanted).done).rejects.toMatchObject(unknown);
    expect((await cutoverStatus(host, run)).steps[1]).toMatchObject({ id: 'b', state: 'unknown' });
    expect(await logOf(folder)).toEqual(['+a']);
    await touch('go-b');
    expect((await resume(run, wanted, { assume: 'undone' }).done).ending).toBe('completed');
    expect(await logOf(folder)).toEqual(['+a', '+b', '+c']);
  });

  test('is passed over where somebody says that it was done, and is undone like any other', async () => {
    const { run, wanted, resume, back, folder } = await brokenOff();
    const report = await resume(run, wanted, { assume: 'done' }).done;
    expect(report.ending).toBe('completed');
    expect(report.steps[1]).toMatchObject({
      state: 'applied',
      text: 'taken to be done, as the operator says',
    });
    expect(await logOf(folder)).toEqual(['+a', '+c']);
    expect((await back(run, wanted)).ending).toBe('rolledBack');
    expect(await logOf(folder)).toEqual(['+a', '+c', '-c', '-a']);
  });
});

describe('a step that failed, and that nobody can see whether it was done', () => {
  const blind: Partial<PlannedStep> = { kind: { ...tiny, check: async () => 'unknown' }, repeatable: false };
  const needed = (run: string) => `it may not be repeated: qctl cutover resume ${run} --assume done|undone`;
  function failing(more: Partial<PlannedStep>) {
    const all = stage();
    const { name, of } = all;
    const steps = [step(of('a')), step(of('b', 'fail'), { ...blind, ...more }), step(of('c'))];
    return { ...all, wanted: plan(name, steps) };
  }
  const PAUSE = { onFailure: 'pause' } as const;
  const PAST = { undo: 'none', pointOfNoReturn: true } as const;

  test.each([
    ['is held by the plan', PAUSE],
    ['is past the point of no return', PAST],
  ])('and %s: the run goes on with the word that it was done', async (_, more) => {
    const { start, wanted, resume, folder, host, options } = failing(more);
    const held = await start(wanted, { leaveWhenHeld: true }).done;
    expect(held).toMatchObject({
      ending: 'stopped',
      state: 'paused',
      why: expect.stringContaining('--assume'),
    });
    const { run } = held;
    const unknown = { code: 'OUTCOME_UNKNOWN', kind: 'refused' };
    await expect(planResume(run, wanted, host, options)).rejects.toMatchObject(unknown);
    await expect(resume(run, wanted).done).rejects.toMatchObject(unknown);
    const foreseen = await planResume(run, wanted, host, { ...options, assume: 'done' });
    expect(foreseen).toMatchObject({ inFlight: { step: 'b', found: 'done' }, steps: ['c'] });
    const end = await resume(run, wanted, { assume: 'done' }).done;
    expect(end.ending).toBe('completed');
    expect(end.steps[1]).toMatchObject({ state: 'applied', text: 'taken to be done, as the operator says' });
    expect(await logOf(folder)).toEqual(['+a', '+c']);
  });

  test('is tried again with the word that it was not: once, and when it fails again it is asked again', async () => {
    const { start, wanted, resume, folder, host, touch } = failing(PAUSE);
    const { run } = await start(wanted, { leaveWhenHeld: true }).done;
    const again = resume(run, wanted, { assume: 'undone' });
    await again.until('the second failure', ({ waitingFor }) => !!waitingFor?.startsWith('paused by'));
    await waitFor(() => unpauseCutover(host, run, ME).catch(() => undefined), { what: 'the record' });
    const asked = await again.until(
      'the question',
      ({ waitingFor }) => !!waitingFor?.includes('nobody knows'),
    );
    expect(asked.waitingFor).toBe(
      `paused by step b: nobody knows whether step b was done: do b; ${needed(run)}`,
    );
    await touch('mended-b');
    await waitFor(() => unpauseCutover(host, run, ME, 'undone').catch(() => undefined), {
      what: 'the record',
    });
    expect((await again.done).ending).toBe('completed');
    expect(await logOf(folder)).toEqual(['+a', '+b', '+c']);
  });

  test('holds the process at work until the word comes from another terminal', async () => {
    const { start, wanted, folder, host } = failing(PAUSE);
    const running = start(wanted);
    const { run, waitingFor } = await running.until('it held', ({ state }) => state === 'paused');
    expect(waitingFor).toBe(`paused by step b: step b failed: b is broken; ${needed(run)}`);
    await waitFor(() => unpauseCutover(host, run, ME).catch(() => undefined), { what: 'the record' });
    await running.until('the question', (one) => !!one.waitingFor?.includes('nobody knows'));
    await waitFor(() => unpauseCutover(host, run, ME, 'done').catch(() => undefined), { what: 'the record' });
    expect((await running.done).ending).toBe('completed');
    expect(await logOf(folder)).toEqual(['+a', '+c']);
  });

  test('and a word on a run where no step failed is refused', async () => {
    const { start, name, of, host } = stage();
    const running = start(plan(name, [step(of('a', 'slow')), step(of('b'))]));
    const { run } = await running.until('the step', at('a'));
    await waitFor(() => pauseCutover(host, run, ME).catch(() => undefined), { what: 'the record' });
    const said = unpauseCutover(host, run, ME, 'done');
    await expect(said).rejects.toMatchObject({ code: 'NOTHING_TO_ASSUME', kind: 'refused' });
    running.interrupt();
    await running.done;
  });
});

describe('Redis that loses all it had', () => {
  test('gets it back from the journal, of a run at work, one to be resumed, and one that is complete', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const { start, resume, back, name, of, folder, host, touch } = stage(server.url);
    const wanted = plan(name, [step(of('a')), step(of('b', 'slow')), step(of('c', 'slow')), step(of('d'))]);
    const running = start(wanted);
    const { run } = await running.until('the second step', at('b'));
    const { client } = await host.redis();
    const forget = async () => {
      await client.flushall();
    };
    await forget();
    await touch('go-b');
    await running.until('the third step', at('c'));
    await waitFor(async () => (await client.llen(cutoverKeys(run).journal)) >= 6, { what: 'the journal' });
    running.interrupt();
    const { journal } = await running.done;
    const lines = async () => (await readFile(journal, 'utf8')).trim().split('\n');
    expect(await client.lrange(cutoverKeys(run).journal, 0, -1)).toEqual(await lines());
    await forget();
    await touch('go-c');
    expect((await resume(run, wanted).done).ending).toBe('completed');
    expect(await client.lrange(cutoverKeys(run).journal, 0, -1)).toEqual(await lines());
    await forget();
    expect((await back(run, wanted)).ending).toBe('rolledBack');
    expect(await logOf(folder)).toEqual(['+a', '+b', '+c', '+d', '-d', '-c', '-b', '-a']);
    expect(await cutoverStatus(host, run)).toMatchObject({ state: 'rolledBack', alive: false });
  });
});
