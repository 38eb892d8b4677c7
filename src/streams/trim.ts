import { randomBytes } from 'node:crypto';
import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { trimStream } from '../backends/redis/scripts/trim-stream.ts';
import { isQctlError, QctlError } from '../errors.ts';
import { streamKeys } from '../model/keys.ts';
import { Interrupted } from '../model/patience.ts';
import { plural } from '../model/plural.ts';
import { shellWord } from '../model/shell-word.ts';
import type { TrimPlan } from './trim-plan.ts';
import { page, type Work } from './work.ts';
import { requireWritable } from './writable.ts';

/** How a stream is cut. */
export interface TrimOptions {
  /** Cuts what groups still need, too. */
  force: boolean;
  /** Leaves the last node of entries whole that only a part of would have to go: less work for Redis. */
  approximate: boolean;
}

/** What {@link trimAsPlanned} has done. */
export interface TrimReport {
  /** Entries that went. */
  trimmed: number;
  /** How long the stream is now, with what was added meanwhile; null where nothing was cut. */
  lengthAfter: number | null;
  /** True where the operator stopped it before the end. */
  stopped: boolean;
  /** What ended it early; null where nothing did. Thrown by whoever prints the report. */
  failure: QctlError | null;
}

const CUT_AT_ONCE = 10_000;

/** Throws what `requireWritable` does where Redis would refuse to cut, or to make a note of it. */
export async function checkTrimRights(redis: RedisConnection, plans: readonly TrimPlan[]): Promise<void> {
  const commands = plans
    .filter(({ below }) => below !== null)
    .slice(0, 10)
    .flatMap(({ stream }) => [
      { command: 'xtrim', args: [stream, 'MINID', '0-1'] },
      { command: 'set', args: [streamKeys(stream).operation('x'), 'x'] },
    ]);
  await requireWritable(redis, 'trim', commands);
}

/**
 * Cuts a stream as planned, piece by piece, so that Redis is never blocked for long. Ends with `refused`
 * as soon as a group needs what would go, also where it fell behind since the plan was made: looking and
 * cutting are one step. A piece that has to be sent again is not counted twice, nor lost from the count.
 * Never throws for what happened on the way: see {@link TrimReport.failure}.
 */
export async function trimAsPlanned(
  redis: RedisConnection,
  plan: TrimPlan,
  options: TrimOptions,
  work: Work,
  onPage?: (cut: number) => void,
): Promise<TrimReport> {
  const report: TrimReport = { trimmed: 0, lengthAfter: null, stopped: false, failure: null };
  try {
    if (plan.below !== null) await cutBelow(redis, plan, plan.below, options, work, report, onPage);
  } catch (error) {
    if (error instanceof Interrupted) report.stopped = true;
    else if (isQctlError(error)) report.failure = error;
    else throw error;
  }
  return report;
}

async function cutBelow(
  redis: RedisConnection,
  plan: TrimPlan,
  below: string,
  { force, approximate }: TrimOptions,
  work: Work,
  report: TrimReport,
  onPage?: (cut: number) => void,
): Promise<void> {
  const operation = streamKeys(plan.stream).operation(randomBytes(8).toString('hex'));
  for (let number = 1, exact = false; ; number += 1) {
    if (work.signal.aborted) throw new Interrupted();
    const args = [number, below, CUT_AT_ONCE, force ? '1' : '', exact ? '1' : ''];
    const [gone, needed, group, length] = (await page(redis, work, `trim stream ${plan.stream}`, () =>
      runScript(redis.client, trimStream, [plan.stream, operation], args),
    )) as [number, string, string, number];
    report.lengthAfter = length;
    if (needed !== '') throw stillNeeded(plan, needed, group, report.trimmed);
    report.trimmed += gone;
    onPage?.(report.trimmed);
    if (exact || (gone === 0 && approximate)) break;
    exact = gone === 0;
  }
  await redis.client.del(operation).catch(() => 0);
}

/** The refusal of a plan that takes something from a group, as far as the plan knows. */
export function refuseLoss(plan: TrimPlan): void {
  if (plan.losses.length === 0) return;
  const parts = plan.losses.map(
    ({ group, undelivered, unacknowledged }) =>
      `${group}: ${undelivered} not delivered, ${unacknowledged} not acknowledged`,
  );
  throw new QctlError(
    'refused',
    `of ${plan.cut} ${plural(plan.cut, 'entry')} to cut from ${plan.stream}, groups still need some (${parts.join('; ')})`,
    {
      code: 'TRIM_NEEDED',
      hint: hintsOf(plan.stream),
      details: { stream: plan.stream, cut: plan.cut, neededFrom: plan.neededFrom, losses: plan.losses },
    },
  );
}

function stillNeeded({ stream, below }: TrimPlan, needed: string, group: string, cut: number): QctlError {
  const text = `group ${group} of ${stream} needs entry ${needed}, which lies below ${below}`;
  return new QctlError(
    'refused',
    cut === 0 ? text : `${text}; ${cut} ${plural(cut, 'entry')} before it ${cut === 1 ? 'was' : 'were'} cut`,
    {
      code: 'TRIM_NEEDED',
      hint: hintsOf(stream),
      details: { stream, group, neededFrom: needed, cut },
    },
  );
}

function hintsOf(stream: string): string[] {
  return [
    `'qctl stream trim ${shellWord(stream)} --acknowledged' cuts only what every group has acknowledged`,
    '--force cuts them all the same; they are lost then',
  ];
}
