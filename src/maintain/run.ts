import { isQctlError } from '../errors.ts';
import type { StreamSettings } from '../streams/index.ts';
import { isAway } from './ask.ts';
import { maintainBreakers } from './breakers.ts';
import { type Budget, budgetOf } from './budget.ts';
import { Lease } from './lease.ts';
import { findLeftovers } from './leftovers.ts';
import { type HeldLock, releaseLock, takeLock } from './lock.ts';
import type { Part } from './parts.ts';
import { emptyReport, type MaintainReport } from './report.ts';
import { BUDGET_MS, type MaintainEvents, type MaintainRequest, REAP_AFTER_MS } from './request.ts';
import { moveScheduled } from './scheduled.ts';
import { maintainStream, streamPartsOf } from './stream-parts.ts';
import { streamsToMaintain } from './streams.ts';

/**
 * Does what there is to do, once, and for as long as the budget allows. One at a time over all hosts, unless it only moves
 * scheduled messages: any number may do that. Throws `locked` MAINTAIN_LOCKED before anything is done, and what Redis
 * answers about the lock. What goes wrong on the way stands in the report.
 */
export async function runMaintenance(
  request: MaintainRequest,
  events: MaintainEvents,
): Promise<MaintainReport> {
  const report = emptyReport(request.parts);
  const startedAt = performance.now();
  if (!needsLock(request)) await doParts(request, events, report);
  else await underLock(request, events, report);
  report.elapsedMs = Math.round(performance.now() - startedAt);
  return report;
}

function needsLock({ parts }: MaintainRequest): boolean {
  return [...parts].some((part) => part !== 'scheduled');
}

async function underLock(
  request: MaintainRequest,
  events: MaintainEvents,
  report: MaintainReport,
): Promise<void> {
  const { redis, operator, parts, leaseMs } = request;
  const held = await takeLock(redis, operator, `maintain ${[...parts].join(', ')}`, leaseMs);
  const lease = new Lease(redis, held, leaseMs);
  report.lostHolder = held.lostHolder;
  let next = held.next;
  try {
    next = await doParts(request, events, report, { held, lease });
  } finally {
    lease.stop();
    // A lock that cannot be given back runs out by itself.
    await releaseLock(redis, held, next).catch(() => undefined);
  }
  report.lockLost = lease.lost;
}

/** Returns the stream with which the next run begins; null: with the first. */
async function doParts(
  request: MaintainRequest,
  events: MaintainEvents,
  report: MaintainReport,
  lock?: { held: HeldLock; lease: Lease },
): Promise<string | null> {
  const { budgetMs = BUDGET_MS } = request;
  const signals = [events.signal, ...(lock ? [lock.lease.signal] : [])];
  const budget = budgetOf(budgetMs, signals, events.waiting);
  const look = { redis: request.redis, dryRun: false, signal: budget.work.signal, leftOut: events.leftOut };
  const whole = { request, report, budget };
  try {
    await doPart(whole, 'scheduled', () => move(whole, events, lock ? budgetMs / 2 : budgetMs));
    await doPart(whole, 'breakers', async () => {
      report.breakers = await maintainBreakers(look);
    });
    await doPart(whole, 'leftovers', async () => {
      report.leftovers = await findLeftovers(look);
    });
    return await doStreams(whole, events, lock?.held.next ?? null);
  } finally {
    budget.dispose();
  }
}

/** One run: what is wanted, what was done so far, and how long it may go on. */
interface Whole {
  request: MaintainRequest;
  report: MaintainReport;
  budget: Budget;
}

/** One that fails as a whole keeps no other waiting, unless Redis is away. */
async function doPart(whole: Whole, part: Part, work: () => Promise<void>): Promise<void> {
  const { request, report, budget } = whole;
  if (!request.parts.has(part) || budget.over || isStopped(whole)) return;
  try {
    await work();
    report.reached.add(part);
  } catch (error) {
    if (isQctlError(error)) report.failed.push({ part, failure: error });
    // What a wait throws when the time is over.
    else if (!budget.over) throw error;
  }
}

/** A server that is away is away for all. */
function isStopped({ request, report: { failed, scheduled, streams } }: Whole): boolean {
  return [...failed, ...scheduled, ...streams].some(({ failure }) => isAway(failure, request.redis));
}

/** What is due goes first, and leaves half of the time to the others. */
async function move(
  { request, report, budget }: Whole,
  events: MaintainEvents,
  mostMs: number,
): Promise<void> {
  const own = budgetOf(mostMs, [budget.work.signal], events.waiting);
  try {
    const { reports, left } = await moveScheduled(request, own.work, ({ stream, moved }) =>
      events.doing?.(`move into ${stream}: ${moved}`),
    );
    report.scheduled = reports;
    report.left.push(...left);
  } catch (error) {
    if (isQctlError(error) || !own.over) throw error;
  } finally {
    own.dispose();
  }
}

async function doStreams(whole: Whole, events: MaintainEvents, first: string | null): Promise<string | null> {
  const { request, report, budget } = whole;
  const [part] = streamPartsOf(request);
  if (part === undefined) return null;
  let next: string | null = first;
  await doPart(whole, part, async () => {
    const all = await streamsToMaintain(request.redis, request.streams, request.named);
    const turns = inTurn(all, first);
    for (const [at, settings] of turns.entries()) {
      next = settings.stream;
      if (budget.over || isStopped(whole)) {
        report.left.push(...turns.slice(at).map(({ stream }) => stream));
        return;
      }
      await doStream(whole, events, settings);
    }
    next = null;
  });
  if (report.reached.has(part)) for (const one of streamPartsOf(request)) report.reached.add(one);
  return next;
}

/** The stream that had to wait the last time goes first, so that a large one never keeps the others waiting for ever. */
function inTurn(all: readonly StreamSettings[], first: string | null): StreamSettings[] {
  const at = all.findIndex(({ stream }) => stream === first);
  return at < 0 ? [...all] : [...all.slice(at), ...all.slice(0, at)];
}

async function doStream(
  { request, report, budget: { work } }: Whole,
  { doing }: MaintainEvents,
  settings: StreamSettings,
): Promise<void> {
  const { redis, streams, parts, reapAfterMs = REAP_AFTER_MS } = request;
  const done = await maintainStream({ redis, streams, parts, reapAfterMs, settings, work }, doing);
  report.streams.push(...done);
  if (done.some(({ left }) => left)) report.left.push(settings.stream);
}
