import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resumeCutover, rollbackCutover, startCutover } from '../../src/cutover/index.ts';
import { startRedis } from '../support/redis.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { buildDriver, drive } from './driven.ts';
import { type Task, tinyPlan } from './driver.ts';
import { hostOf, logOf, optionsOf } from './tiny.ts';

let [folder, script] = ['', ''];
beforeAll(async () => {
  folder = ownFolder('kills');
  script = await buildDriver(folder);
});
afterAll(() => removeFolder(folder));

const STEPS = 10;
const FORWARD = Array.from({ length: STEPS }, (_, at) => `+s${at}`);

async function world(): Promise<Task> {
  const name = uniqueName('k');
  const own = join(folder, name);
  await mkdir(own);
  return { url: sharedRedisUrl(), folder: own, name, verb: 'start', steps: STEPS };
}

async function runIn(own: string): Promise<string> {
  const files = await readdir(join(own, 'state'));
  return files.find((file) => file.endsWith('.jsonl'))!.slice(0, -'.jsonl'.length);
}

/** Each effect once, and each undone once where it went back. */
async function expectOnce(own: string, back: boolean): Promise<void> {
  const log = await logOf(own);
  expect(log.filter((line) => line.startsWith('+')).sort()).toEqual(
    back ? FORWARD.slice(0, log.filter((line) => line.startsWith('+')).length) : FORWARD,
  );
  const undone = log.filter((line) => line.startsWith('-')).sort();
  expect(undone).toEqual(
    back
      ? log
          .filter((line) => line.startsWith('+'))
          .map((line) => `-${line.slice(1)}`)
          .sort()
      : [],
  );
}

/** Killed at a line, then taken up by another process: every third goes back, which is killed once more and goes on. */
async function killedAt(line: number, when: 'before' | 'after'): Promise<void> {
  const task = await world();
  const first = await drive(script, { ...task, die: { line, when } }).ended;
  expect(first.killed).toBe(true);
  const run = await runIn(task.folder);
  const back = line % 3 === 0;
  if (back) {
    const die = { line: 2 + (line % 5), when };
    const again = await drive(script, { ...task, verb: 'rollback', run, die }).ended;
    if (!again.killed) return expectOnce(task.folder, true);
  }
  expect(await takenUp(task, back ? rollbackCutover : resumeCutover, run)).toBe(
    back ? 'rolledBack' : 'completed',
  );
  await expectOnce(task.folder, back);
}

/** By this process, which knows nothing of it but what is on the disk and in Redis. */
async function takenUp(task: Task, verb: typeof resumeCutover, run: string): Promise<string> {
  const host = hostOf(task.url);
  try {
    const options = optionsOf(join(task.folder, 'state'));
    return (await verb(run, tinyPlan(task), host, options, {}, new AbortController().signal)).ending;
  } finally {
    await host.close();
  }
}

test('killed before and after any line of its journal, another process brings it to its end or back', async () => {
  // One for the run, two for each step, one for the end. Before the first line there is no run yet.
  const kills = Array.from({ length: 2 * STEPS + 2 }, (_, at) => at + 1).flatMap((line) =>
    (['before', 'after'] as const)
      .filter((when) => line > 1 || when === 'after')
      .map((when) => ({ line, when })),
  );
  expect(kills.length).toBeGreaterThanOrEqual(40);
  const todo = [...kills];
  const worker = async (): Promise<void> => {
    for (let next = todo.pop(); next; next = todo.pop()) {
      try {
        await killedAt(next.line, next.when);
      } catch (error) {
        throw new Error(`killed ${next.when} line ${next.line}`, { cause: error });
      }
    }
  };
  await Promise.all([worker(), worker(), worker()]);
});

test('killed before its first line, it has not begun: the next run begins', async () => {
  const task = await world();
  expect((await drive(script, { ...task, die: { line: 1, when: 'before' } }).ended).killed).toBe(true);
  expect(await drive(script, task).ended).toMatchObject({ ending: 'completed' });
  await expectOnce(task.folder, false);
});

test('a process that stood still, and was replaced meanwhile, changes nothing any more', {
  timeout: 40_000,
}, async () => {
  const task: Task = { ...(await world()), slow: true, leaseMs: 900 };
  const { child, ended } = drive(script, task);
  await waitFor(
    async () => (await readdir(join(task.folder, 'state'))).some((file) => file.endsWith('.jsonl')),
    {
      what: 'a journal',
    },
  );
  const run = await runIn(task.folder);
  // Its first step is in hand: it waits for a file.
  await waitFor(
    async () => (await readFile(join(task.folder, 'state', `${run}.jsonl`), 'utf8')).includes('intent'),
    {
      what: 'an intent',
    },
  );
  child.kill('SIGSTOP');
  const replaced = await drive(script, { ...task, verb: 'rollback', run }).ended;
  expect(replaced).toMatchObject({ ending: 'rolledBack' });
  await writeFile(join(task.folder, 'go-s0'), '');
  child.kill('SIGCONT');
  expect(await ended).toMatchObject({ code: 'FENCED' });
  expect(await logOf(task.folder)).toEqual([]);
});

test('while Redis is away it waits, and goes back all the same where it must', {
  timeout: 40_000,
}, async () => {
  const redis = await startRedis({ aof: 'always' });
  const task = { ...(await world()), url: redis.url, slow: true };
  const host = hostOf(redis.url);
  try {
    const wanted = { ...tinyPlan(task), freezes: [{ name: 'f', from: 's0', to: 's9', maxPauseMs: 2000 }] };
    const waits: string[] = [];
    let reached = '';
    const events = {
      status: (status: { waitingFor: string | null; step: string | null }) => {
        if (status.waitingFor) waits.push(status.waitingFor);
        reached = status.step ?? reached;
      },
    };
    const options = optionsOf(join(task.folder, 'state'), { leaseMs: 1200 });
    const done = startCutover(wanted, host, options, events, new AbortController().signal);
    await waitFor(() => reached === 's0', { what: 'the first step' });
    await redis.kill9();
    await writeFile(join(task.folder, 'go-s0'), '');
    await waitFor(() => waits.some((why) => /^redis does not answer/.test(why)), {
      what: 'a wait for Redis',
    });
    await waitFor(async () => (await logOf(task.folder)).length === 0, { what: 'nothing done' });
    const report = await done;
    expect(report).toMatchObject({ ending: 'rolledBack', why: 'freeze f lasted longer than 2 s' });
    expect(report.notes.join()).toMatch(/redis does not know how run/);
    await redis.restart();
    const signal = new AbortController().signal;
    await waitFor(async () => (await host.redis()).client.ping());
    const told = await rollbackCutover(report.run, wanted, host, options, {}, signal);
    expect(told.ending).toBe('rolledBack');
    expect(await (await host.redis()).client.hget(`qctl:{cutover:${report.run}}`, 'state')).toBe(
      'rolledBack',
    );
  } finally {
    await host.close();
    await redis.stop();
  }
});
