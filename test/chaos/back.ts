import type { Redis } from 'ioredis';
import { expect } from 'vitest';
import { lockKey, partitionKeys } from '../../src/model/keys.ts';
import { laneKeys } from '../../src/sources/redis-stream/index.ts';
import { type QctlProcess, type QctlResult, spawnQctl } from '../support/qctl.ts';
import { seededRandom } from '../support/random.ts';
import { sharedRedisUrl } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { hasEnded, unbraked } from './harness.ts';

/** One way back under test: the very same command again and again. */
export interface BackScenario {
  /** All words behind `qctl drain redis`. */
  command: string[];
  stream: string;
  partitions?: number;
  group: string;
  target: Redis;
}

/** What a test looks at in a report. */
export interface BackOutcome {
  run: string;
  state: string;
  problems: string[];
  notes: string[];
  returned: number;
  alreadyThere: number;
  knownBefore: number;
  acknowledged: number;
  doubtful: number;
  doubtfulEntries: { entry: string }[];
  left: number;
  inHand: number;
  destinationCount: number | null;
}

/** The words that every way back of a test needs: nobody has to be waited for. */
export function backWords(stream: string, group: string): string[] {
  const place = ['--stream', stream, '--group', group, '--redis-url', sharedRedisUrl()];
  return [...place, '--active-within', '0s', '--min-idle', '0s'];
}

export function startBack({ command }: BackScenario, env: Record<string, string> = {}): QctlProcess {
  return spawnQctl(['drain', 'redis', ...command, '--yes', '-o', 'ndjson'], { env, timeoutMs: 180_000 });
}

/** Entries that the run has acknowledged so far; 0 before there is a run. */
export async function acknowledged({ target, stream, partitions = 1, group }: BackScenario): Promise<number> {
  const run = await target.hget(lockKey(`back:${stream}/${group}`), 'holder');
  if (!run) return 0;
  const counts = partitionKeys(stream, partitions).map((key) =>
    target.hget(laneKeys(key, run).state, 'acked'),
  );
  return (await Promise.all(counts)).reduce((sum, count) => sum + Number(count ?? 0), 0);
}

export async function untilReturned(
  scenario: BackScenario,
  process: QctlProcess,
  moreThan: number,
): Promise<void> {
  await waitFor(async () => hasEnded(process) || (await acknowledged(scenario)) > moreThan, {
    what: `more than ${moreThan} acknowledged`,
    timeoutMs: 30_000,
    everyMs: 8,
  }).catch((cause) => {
    throw new Error(`no progress:\n${process.stderr()}`, { cause });
  });
}

/** Kills the way back again and again while it works, then lets the same command finish, as fast as it can. */
export async function backThroughKills(
  scenario: BackScenario,
  {
    kills,
    seed = Date.now() % 1_000_000,
    withinMs = 120,
  }: { kills: number; seed?: number; withinMs?: number },
): Promise<{ report: BackOutcome; landed: number; seed: number }> {
  const random = seededRandom(seed);
  let landed = 0;
  for (let life = 0; life < kills; life += 1) {
    const before = await acknowledged(scenario);
    const process = startBack(scenario);
    await untilReturned(scenario, process, before);
    await new Promise((resolve) => setTimeout(resolve, random() * withinMs));
    process.child.kill('SIGKILL');
    const { signal, code, stderr } = await process.done;
    if (signal === 'SIGKILL') landed += 1;
    else expect(code, `seed ${seed}, life ${life}: ${stderr}`).toBe(0);
  }
  return { report: outcomeOf(await startBack(unbraked(scenario)).done, `seed ${seed}`), landed, seed };
}

/** The report of a way back that ended by itself: with nothing left, doubtful ones at most. */
export function outcomeOf({ code, stdout, stderr }: QctlResult, what = ''): BackOutcome {
  expect([0, 8], `${what}\n${stderr}\n${stdout}`).toContain(code);
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as BackOutcome;
  expect(
    report.problems.filter((text) => !/may stand in the queue twice/.test(text)),
    `${what}\n${stdout}`,
  ).toEqual([]);
  expect(code, report.problems.join()).toBe(report.doubtful > 0 ? 8 : 0);
  expect(report, what).toMatchObject({ state: 'done', left: 0, inHand: 0 });
  return report;
}

/**
 * Consumes the first half: most of it is finished, some of it stays pending. Returns the message ids that are
 * finished and those that were delivered and not finished.
 */
export async function consumeHalf(
  { target, stream, partitions = 1, group }: BackScenario,
  { take, pending }: { take: number; pending: number },
): Promise<{ finished: string[]; delivered: string[] }> {
  const result = { finished: [] as string[], delivered: [] as string[] };
  const share = Math.floor(take / partitions);
  for (const key of partitionKeys(stream, partitions)) {
    const reply = (await target.xreadgroup(
      'GROUP',
      group,
      'worker-1',
      'COUNT',
      share,
      'STREAMS',
      key,
      '>',
    )) as [string, [string, string[]][]][] | null;
    const entries = reply?.[0]?.[1] ?? [];
    const stays = Math.floor(pending / partitions);
    // Not those at the end alone: consumers finish out of order.
    const unfinished = new Set(
      entries.filter((_, n) => n % Math.ceil(entries.length / stays) === 0).map(([id]) => id),
    );
    const done = entries.filter(([id]) => !unfinished.has(id));
    for (let at = 0; at < done.length; at += 1000)
      await target.xack(key, group, ...done.slice(at, at + 1000).map(([id]) => id));
    for (const [id, flat] of entries)
      (unfinished.has(id) ? result.delivered : result.finished).push(flat[flat.indexOf('id') + 1]!);
  }
  return result;
}
