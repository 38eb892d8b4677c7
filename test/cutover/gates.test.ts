import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  abortCutover,
  approveCutover,
  type CutoverOptions,
  type CutoverStatus,
  type PlannedStep,
  resumeCutover,
  startCutover,
  unpauseCutover,
} from '../../src/cutover/index.ts';
import { approve } from '../../src/cutover/steps/approve.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { hostOf, logOf, optionsOf, plan, step } from './tiny.ts';

const ME = { by: 'day@desk', reason: null };
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function stage(given: { timeout?: string } = {}, ask?: (question: string) => Promise<boolean>) {
  const folder = ownFolder('gates');
  const host = { ...hostOf(sharedRedisUrl()), ask };
  cleanups.push(
    () => host.close(),
    () => removeFolder(folder),
  );
  const params = approve.schema.parse({ text: 'the flip', ...given });
  const outline = approve.outline(params, String);
  const gate: PlannedStep = {
    ...step({ folder, name: 'gate' }),
    ...{ kind: approve, params, outline, timeoutMs: outline.timeoutMs, repeatable: true },
  };
  const name = uniqueName('gates');
  const wanted = plan(name, [step({ folder, name: 'a' }), gate, step({ folder, name: 'b' })]);
  const options = optionsOf(join(folder, 'state'));
  let last: CutoverStatus | undefined;
  const events = {
    status: (one: CutoverStatus) => {
      last = one;
    },
  };
  return {
    host,
    folder,
    wanted,
    until: (fits: (status: CutoverStatus) => boolean) =>
      waitFor(() => (last && fits(last) ? last : undefined), { what: 'a status' }),
    start: (more: Partial<CutoverOptions> = {}) =>
      startCutover(wanted, host, { ...options, ...more }, events, new AbortController().signal),
    resume: (run: string, more: Partial<CutoverOptions> = {}) =>
      resumeCutover(run, wanted, host, { ...options, ...more }, events, new AbortController().signal),
  };
}

test('a no at the gate holds the run; once it is resumed it is asked again', async () => {
  const answers = [false, true];
  const { start, until, host, folder } = stage({}, async () => answers.shift()!);
  const done = start();
  const { run, waitingFor } = await until(({ state }) => state === 'paused' || state === 'rolledBack');
  expect(waitingFor).toContain('not approved by night@host: the flip');
  await waitFor(() => unpauseCutover(host, run, ME).catch(() => undefined), { what: 'the end of the pause' });
  expect((await done).ending).toBe('completed');
  expect(await logOf(folder)).toEqual(['+a', '+b']);
});

test('a gate that nobody answers in time holds the run; once it is resumed it is asked anew', async () => {
  const { start, until, host, folder } = stage({ timeout: '150ms' });
  const done = start();
  const { run } = await until(({ state }) => state === 'paused' || state === 'rolledBack');
  await waitFor(() => unpauseCutover(host, run, ME).catch(() => undefined), { what: 'the end of the pause' });
  // It is asked, not held at once.
  await until(
    ({ state, waitingFor }) => state === 'waiting' && /^approval \(the flip\)/.test(waitingFor ?? ''),
  );
  await until(({ state }) => state === 'paused');
  await approveCutover(host, run, 'next', ME);
  await waitFor(() => unpauseCutover(host, run, ME).catch(() => undefined), { what: 'the end of the pause' });
  expect((await done).ending).toBe('completed');
  expect(await logOf(folder)).toEqual(['+a', '+b']);
});

test('a gate at which a run is sent back is not told as running once that is back', async () => {
  const { start, until, host } = stage();
  const done = start();
  const { run } = await until(({ waitingFor }) => /^approval/.test(waitingFor ?? ''));
  await waitFor(() => abortCutover(host, run, ME).catch(() => undefined), { what: 'the abort' });
  const { ending, steps } = await done;
  const told = steps.map(({ state, text }) => `${state}: ${text}`);
  expect([ending, told]).toEqual([
    'rolledBack',
    expect.arrayContaining(['undone: broken off; nothing is to be undone']),
  ]);
  expect(told.join()).not.toContain('running');
});

test('in CI an approval that was given meanwhile lets it through', async () => {
  const { start, resume, host, folder } = stage();
  const left = await start({ leaveWhenHeld: true });
  expect(left).toMatchObject({ ending: 'stopped', state: 'waiting' });
  await approveCutover(host, left.run, 'next', ME);
  expect(await resume(left.run, { leaveWhenHeld: true })).toMatchObject({ ending: 'completed' });
  expect(await logOf(folder)).toEqual(['+a', '+b']);
});
