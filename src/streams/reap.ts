import { randomBytes } from 'node:crypto';
import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { deleteConsumer } from '../backends/redis/scripts/delete-consumer.ts';
import { isQctlError, type QctlError } from '../errors.ts';
import { streamKeys } from '../model/keys.ts';
import { Interrupted } from '../model/patience.ts';
import { type ClaimEvents, type ClaimReport, type ClaimRequest, claimPending } from './claim.ts';
import type { Consumer } from './consumers.ts';
import { page, type Work } from './work.ts';

/** How a dead consumer ended. */
export type ReapOutcome = 'deleted' | 'alive' | 'pending' | 'gone' | 'stopped' | 'failed';

/** What became of one consumer and its entries. */
export interface ReapReport {
  stream: string;
  group: string;
  consumer: string;
  idleMs: number;
  /**
   * `deleted`; `alive`: it was seen again and was left alone; `pending`: something stayed or became
   * pending, so it was left; `gone`: somebody else deleted it.
   */
  outcome: ReapOutcome;
  /** What was pending with it when the work began. */
  pending: number;
  claimed: number;
  deadLettered: number;
  removed: number;
  removedIds: string[];
  kept: number;
  /** Null where nothing had to be taken over. */
  to: string | null;
  failure: QctlError | null;
}

/** A claim from one consumer, whatever the idle time of its entries: the consumer's own decides. */
export type ReapRequest = Omit<ClaimRequest, 'to' | 'from' | 'ids' | 'minIdleMs' | 'ownerIdleMs'> & {
  /** Null where nobody takes entries over: a consumer that turns out to have some is left alone. */
  to: string | null;
};

/** A consumer may get new entries while it is being emptied; after so many rounds it is left alone. */
const MOST_ROUNDS = 5;

/**
 * Empties a consumer and deletes it. The deletion looks once more in the same step: a consumer that
 * has entries, or was seen again, is never deleted, so that none of its entries can be lost.
 *
 * @param minIdleMs a consumer that was seen more lately is alive
 */
export async function reapConsumer(
  redis: RedisConnection,
  request: ReapRequest,
  { consumer, idleMs, pending }: Consumer,
  minIdleMs: number,
  work: Work,
  events: ClaimEvents = {},
): Promise<ReapReport> {
  const report = nothingReaped(request, { consumer, idleMs, pending }, 'pending');
  try {
    await emptyAndDelete(redis, request, report, minIdleMs, work, events);
  } catch (error) {
    if (!(error instanceof Interrupted) && !isQctlError(error)) throw error;
    report.outcome = error instanceof Interrupted ? 'stopped' : 'failed';
    if (isQctlError(error)) report.failure = error;
  }
  return report;
}

/** The report of a consumer that was left as it is. */
export function nothingReaped(
  { stream, group, to }: Pick<ReapRequest, 'stream' | 'group' | 'to'>,
  { consumer, idleMs, pending }: Pick<Consumer, 'consumer' | 'idleMs' | 'pending'>,
  outcome: ReapOutcome,
): ReapReport {
  return {
    ...{ stream, group, consumer, idleMs, pending, outcome, to: pending > 0 ? to : null },
    ...{ claimed: 0, deadLettered: 0, removed: 0, removedIds: [], kept: 0, failure: null },
  };
}

async function emptyAndDelete(
  redis: RedisConnection,
  { to, ...request }: ReapRequest,
  report: ReapReport,
  minIdleMs: number,
  work: Work,
  events: ClaimEvents,
): Promise<void> {
  const { stream, group, consumer } = report;
  const operation = streamKeys(stream).operation(randomBytes(8).toString('hex'));
  for (let round = 0; round < MOST_ROUNDS && report.outcome === 'pending'; round += 1) {
    if (to !== null && (round > 0 || report.pending > 0)) {
      const claim = { ...request, to, from: consumer, minIdleMs: 0, ownerIdleMs: minIdleMs };
      if (!addClaim(report, await claimPending(redis, claim, work, events))) return;
    }
    const [outcome] = (await page(redis, work, `delete consumer ${consumer} of ${stream} ${group}`, () =>
      runScript(redis.client, deleteConsumer, [stream, operation], [round, group, consumer, minIdleMs]),
    )) as [ReapOutcome];
    report.outcome = outcome;
    if (report.kept > 0 || to === null) break;
  }
  await redis.client.del(operation).catch(() => 0);
}

/** False where the claim did not come to its end. */
function addClaim(report: ReapReport, claim: ClaimReport): boolean {
  report.to = claim.to;
  report.claimed += claim.claimed;
  report.deadLettered += claim.deadLettered;
  report.removed += claim.removed;
  report.removedIds.push(...claim.removedIds);
  report.kept = claim.kept;
  report.failure = claim.failure;
  if (claim.ownerAlive) report.outcome = 'alive';
  if (claim.stopped) report.outcome = 'stopped';
  if (claim.failure) report.outcome = 'failed';
  return report.outcome === 'pending';
}
