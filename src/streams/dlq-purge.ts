import { randomBytes } from 'node:crypto';
import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { purgePage } from '../backends/redis/scripts/purge-page.ts';
import { isQctlError, type QctlError } from '../errors.ts';
import { streamKeys } from '../model/keys.ts';
import type { DeadLetterChoice } from './dlq-filter.ts';
import { chooseDeadLetters } from './dlq-scan.ts';
import type { ChosenShare, Survey } from './dlq-survey.ts';
import { page, type Work } from './work.ts';
import { requireWritable } from './writable.ts';

/** What a purge has done. Its counts are exact, also where connections broke on the way. */
export interface PurgeReport {
  /** As planned. */
  chosen: number;
  purged: number;
  streams: { stream: string; purged: number }[];
  /** Somebody else had replayed or deleted them by the time they were due. */
  gone: number;
  /** Of the ids asked for: they were not there from the start. */
  missing: number;
  /** Chosen and still there. */
  left: number;
  /** True where the operator stopped it before the end. */
  stopped: boolean;
  elapsedMs: number;
  /** What ended it early; null where nothing did. Thrown by whoever prints the report. */
  failure: QctlError | null;
}

/** Throws what `requireWritable` does where this user may not delete what is chosen, or make a note of it. */
export async function checkPurgeRights(redis: RedisConnection, { shares }: Survey): Promise<void> {
  const commands = shares
    .filter(({ chosen }) => chosen > 0)
    .slice(0, 10)
    .flatMap(({ dead: { stream } }) => [
      { command: 'xdel', args: [stream, '0-1'] },
      { command: 'set', args: [streamKeys(stream).operation('x'), 'x'] },
    ]);
  await requireWritable(redis, 'delete dead letters', commands);
}

/**
 * Deletes what a survey has chosen, page by page, and nothing that died after it. Never throws for what
 * happened on the way, see {@link PurgeReport.failure}.
 */
export async function purgeDeadLetters(
  redis: RedisConnection,
  survey: Survey,
  choice: DeadLetterChoice,
  work: Work,
  onProgress?: (report: Readonly<PurgeReport>) => void,
): Promise<PurgeReport> {
  const startedAt = performance.now();
  const report = emptyReport(survey);
  const operation = randomBytes(8).toString('hex');
  try {
    for (const share of survey.shares)
      await purgeShare(redis, share, { choice, operation, report }, work, onProgress);
  } catch (error) {
    if (isQctlError(error)) report.failure = error;
    else if (work.signal.aborted) report.stopped = true;
    else throw error;
  }
  const rest = report.chosen - report.purged - report.gone;
  if (report.stopped || report.failure) report.left = rest;
  else report.gone += rest;
  report.elapsedMs = Math.round(performance.now() - startedAt);
  return report;
}

interface Purge {
  choice: DeadLetterChoice;
  operation: string;
  report: PurgeReport;
}

async function purgeShare(
  redis: RedisConnection,
  { dead: { stream }, dead, lastId }: ChosenShare,
  { choice, operation, report }: Purge,
  work: Work,
  onProgress?: (report: Readonly<PurgeReport>) => void,
): Promise<void> {
  if (lastId === null) return;
  const log = streamKeys(stream).operation(operation);
  const own = { stream, purged: 0 };
  report.streams.push(own);
  let number = 0;
  for await (const { letters } of chooseDeadLetters(redis, dead, choice, lastId, work)) {
    if (letters.length === 0) continue;
    number += 1;
    const args = [number, ...letters.map(({ id }) => id)];
    const [purged] = (await page(redis, work, `delete from ${stream}`, () =>
      runScript(redis.client, purgePage, [stream, log], args),
    )) as [number];
    own.purged += purged;
    report.purged += purged;
    report.gone += letters.length - purged;
    onProgress?.(report);
  }
  await redis.client.del(log).catch(() => 0);
}

function emptyReport({ chosen, missingIds }: Survey): PurgeReport {
  return {
    chosen,
    purged: 0,
    streams: [],
    gone: 0,
    missing: missingIds.length,
    left: 0,
    stopped: false,
    elapsedMs: 0,
    failure: null,
  };
}
