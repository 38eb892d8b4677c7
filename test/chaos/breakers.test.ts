import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { lookAtBreakers, readEvents } from '../../src/breaker/index.ts';
import { tieToThisProcess } from '../support/orphans.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';

const PROCESSES = 50;
const NAMES = Array.from({ length: 10 }, (_, at) => `api-${at}`);
const EVERY_MS = 250;
const FLUSH_MS = 500;
const OPTIONS = {
  ...{ failureThreshold: 20, openTime: 1500, maxOpenTime: 2000, successThreshold: 3, halfOpenProbes: 2 },
  flushIntervalMs: FLUSH_MS,
};

interface Answer {
  state: {
    name: string;
    state: string;
    local: boolean;
    away: boolean;
    ok: number;
    failed: number;
    rejected: number;
  }[];
  told: { name: string; version: number; from: string; to: string; cause: string }[];
  probes: { name: string; from: number; to: number }[];
}

let state: TestRedis;
let dependency: TestRedis;
let redis: RedisConnection;
let children: ChildProcess[];

beforeAll(async () => {
  [state, dependency] = await Promise.all([startRedis(), startRedis()]);
  redis = await connectRedis({ url: state.url });
  const given = {
    redis: state.url,
    port: dependency.port,
    names: NAMES,
    everyMs: EVERY_MS,
    options: OPTIONS,
  };
  children = Array.from({ length: PROCESSES }, () => start(JSON.stringify(given)));
  await Promise.all(children.map((child) => answerOf(child)));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await redis.close();
  await Promise.all([state.stop(), dependency.stop()]);
});

function start(given: string): ChildProcess {
  const script = fileURLToPath(new URL('./breaker-process.mjs', import.meta.url));
  const child = fork(script, [given], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env.PATH },
  });
  tieToThisProcess(child.pid);
  return child;
}

function answerOf(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`a process ended with code ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as Answer);
    });
  });
}

function ask(question: 'look' | 'stop'): Promise<Answer[]> {
  return Promise.all(
    children.map((child) => {
      const answer = answerOf(child);
      child.send(question);
      return answer;
    }),
  );
}

/** Waits until every process sees every breaker so, by what all share. */
function allSee(wanted: string): Promise<Answer[]> {
  const seen = async () => {
    const answers = await ask('look');
    const agreed = answers.every(({ state: all }) => all.every((one) => one.state === wanted && !one.away));
    return agreed ? answers : null;
  };
  return waitFor(seen, { timeoutMs: 30_000, everyMs: 250, what: `all breakers ${wanted} in all processes` });
}

test('a dependency dies and returns under 50 processes and 10 breakers, and Redis loses everything meanwhile', async () => {
  const before = await allSee('closed');
  await dependency.kill9();
  const opened = await allSee('open');
  // What a process lets through until it knows: calls of two flush intervals, were it as slow as that.
  const most = Math.ceil((2 * FLUSH_MS) / EVERY_MS) + OPTIONS.failureThreshold;
  for (const [at, { state: all }] of opened.entries()) {
    for (const [nth, { failed }] of all.entries())
      expect(failed - before[at]!.state[nth]!.failed).toBeLessThanOrEqual(most);
  }

  // Nothing of it is on the disk: the processes bring back what they know.
  await state.kill9();
  await state.restart();
  const views = await waitFor(async () => {
    const all = await lookAtBreakers(redis, NAMES);
    return all.every(({ version }) => version > 0) ? all : null;
  });
  for (const view of views) expect(view.state, view.name).not.toBe('closed');

  await dependency.restart();
  await allSee('closed');
  const answers = await ask('stop');

  const events = await readEvents(redis, { wanted: null, limit: 10_000 });
  expect(
    events
      .filter(({ type }) => type === 'restore')
      .map(({ breaker }) => breaker)
      .sort(),
  ).toEqual(NAMES);
  for (const name of NAMES) {
    const told = answers.flatMap((answer) => answer.told.filter((one) => one.name === name));
    const versions = told.map(({ version }) => version).sort((a, b) => a - b);
    expect(versions, name).toEqual(versions.map((_, at) => at + 1));
    expect(told.find(({ version }) => version === 1)).toMatchObject({
      from: 'closed',
      to: 'open',
      cause: 'failures',
    });
    expect(told.find(({ version }) => version === versions.at(-1))).toMatchObject({
      to: 'closed',
      cause: 'recovered',
    });
    const probes = answers.flatMap((answer) => answer.probes.filter((one) => one.name === name));
    expect(probes.length, name).toBeGreaterThanOrEqual(OPTIONS.successThreshold);
    expect(mostAtOnce(probes), name).toBeLessThanOrEqual(OPTIONS.halfOpenProbes);
  }
});

/** How many of these were under way at the same time. */
function mostAtOnce(spans: readonly { from: number; to: number }[]): number {
  return Math.max(
    0,
    ...spans.map(({ from }) => spans.filter((one) => one.from <= from && from < one.to).length),
  );
}
