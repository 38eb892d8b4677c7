import type { RedisConnection } from '../backends/redis/index.ts';
import { isQctlError, type QctlError } from '../errors.ts';
import type { PreparedReplay } from './dlq-replay-plan.ts';
import { Replay } from './dlq-replay-run.ts';
import type { Work } from './work.ts';

/** What a replay has done. Its counts are exact, also where connections broke on the way. */
export interface ReplayReport {
  /** As planned. */
  chosen: number;
  replayed: number;
  targets: { stream: string; replayed: number }[];
  /** Somebody else had replayed or deleted them by the time they were due. */
  gone: number;
  /** Replayed with their retry counter as it was, since it is no number. */
  retryCountKept: number;
  /** Still there: they have too many fields for a script. */
  tooManyFields: number;
  /** The first of them. */
  tooManyFieldsIds: string[];
  /** Of the ids asked for: they were not there from the start. */
  missing: number;
  /** Chosen and still there. */
  left: number;
  /** Where chosen ids have gone; null where none were named. */
  moves: { stream: string; id: string; to: string; newId: string }[] | null;
  /** True where the operator stopped it before the end. */
  stopped: boolean;
  elapsedMs: number;
  /** What ended it early; null where nothing did. Thrown by whoever prints the report. */
  failure: QctlError | null;
}

/**
 * Puts the chosen dead letters back, each appended and deleted in one step: a killed or a second replay
 * loses and doubles nothing. What dies again meanwhile is not taken up. Never throws for what happened on
 * the way, see {@link ReplayReport.failure}.
 */
export async function replayDeadLetters(
  redis: RedisConnection,
  prepared: PreparedReplay,
  work: Work,
  onProgress?: (report: Readonly<ReplayReport>) => void,
): Promise<ReplayReport> {
  const startedAt = performance.now();
  const run = new Replay(redis, prepared, work, onProgress);
  const { report } = run;
  try {
    for (const share of prepared.survey.shares) await run.share(share);
  } catch (error) {
    if (isQctlError(error)) report.failure = error;
    else if (work.signal.aborted) report.stopped = true;
    else throw error;
  }
  // What was planned and never came up was gone before its page was looked at.
  const unseen = report.chosen - report.replayed - report.tooManyFields - report.gone;
  if (report.stopped || report.failure) report.left = unseen;
  else report.gone += unseen;
  report.left += report.tooManyFields;
  report.elapsedMs = Math.round(performance.now() - startedAt);
  return report;
}
