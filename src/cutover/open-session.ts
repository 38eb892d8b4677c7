import { resolve } from 'node:path';
import { askRedis } from './door.ts';
import type { CutoverHost } from './host.ts';
import { Journal, type Writer } from './journal.ts';
import { journalPath, replaceJournalFile } from './journal-file.ts';
import { Lease } from './lease.ts';
import { type HeldLock, type LockWait, takeLock } from './lock.ts';
import { type ReadJournal, readJournal } from './open-journal.ts';
import type { CutoverEvents, CutoverOptions } from './options.ts';
import type { CutoverPlan } from './plan-types.ts';
import type { JournalEvent } from './run-types.ts';
import { Session } from './session.ts';
import { missing, raiseFence } from './store.ts';

/** What every verb is called with. */
export interface Call {
  plan: CutoverPlan;
  host: CutoverHost;
  options: CutoverOptions;
  events: CutoverEvents;
  signal: AbortSignal;
}

export const LEASE_MS = 15_000;

/** The first line of a journal. */
export function firstEvent({ plan, options }: Call, redis?: string): JournalEvent {
  const { name, hash, path, text, variables } = plan;
  const { version, rehearsal = false, profile = null, cwd = process.cwd(), files = [] } = options;
  const place = { profile, cwd, redis, files: files.map((file) => resolve(cwd, file)) };
  return { event: 'run', plan: name, hash, path, text, variables, version, rehearsal, ...place };
}

/** How a journal names its Redis: without user or password. */
export function redisName(host: CutoverHost): Promise<string> {
  return askRedis(host, 'look where it is', async ({ label }) => label);
}

/** A session before a run has begun: it keeps nothing, and is only good for looking. */
export async function draftSession(call: Call, run: string): Promise<Session> {
  const journal = new Journal(call.host, undefined, writerOf(call, run, 0));
  await journal.append(firstEvent(call));
  return new Session({ ...call, journal, lease: undefined, lock: undefined, fence: 0 });
}

/** Takes the lock of the plan for a run. */
export function lockFor(call: Call, run: string, lastFence: number, fresh: boolean): Promise<HeldLock> {
  const { plan, host, options, events, signal } = call;
  const { by, host: where } = host.operator;
  const wait: LockWait = {
    waitMs: options.lockWaitMs ?? 0,
    signal,
    waiting: (reason) => reason && events.note?.(`waiting: ${reason}`),
  };
  const claim = { run, by, host: where, reason: options.reason ?? '', leaseMs: options.leaseMs ?? LEASE_MS };
  return takeLock(host, plan.lock, { ...claim, lastFence, fresh }, wait);
}

/** Begins the journal of a new run. */
export async function newSession(call: Call, run: string, lock: HeldLock): Promise<Session> {
  const { host, options } = call;
  await raiseFence(host, run, lock.fence, options.leaseMs ?? LEASE_MS);
  const first = firstEvent(call, await redisName(host));
  const path = journalPath(options.stateFolder, run);
  const journal = new Journal(host, await replaceJournalFile(path, []), writerOf(call, run, lock.fence));
  await journal.append(first);
  return new Session({ ...call, journal, lock, lease: new Lease(host, lock), fence: lock.fence });
}

/**
 * Takes the journal of a run up again: from here on nobody who had it before can write to it. What stands in
 * it is read after that, and may be more than was seen before.
 */
export async function resumedSession(call: Call, run: string, lock: HeldLock): Promise<Session> {
  const { host, options } = call;
  await raiseFence(host, run, lock.fence, options.leaseMs ?? LEASE_MS);
  const read = (await readJournal(host, options.stateFolder, run)) ?? (await missing(host, run));
  const session = await sessionOf(call, run, read, lock.fence, lock);
  if (!read.mirrored) session.hasLostData();
  return session;
}

/** Takes a journal up that this host alone has in reach. */
export function offlineSession(
  call: Call,
  run: string,
  read: ReadJournal,
  lastFence: number,
): Promise<Session> {
  return sessionOf(call, run, read, lastFence + 1, undefined);
}

async function sessionOf(
  call: Call,
  run: string,
  { path, texts, lines }: ReadJournal,
  fence: number,
  lock: HeldLock | undefined,
): Promise<Session> {
  const file = await replaceJournalFile(path, texts);
  const journal = new Journal(call.host, file, writerOf(call, run, fence), [...texts], [...lines]);
  return new Session({ ...call, journal, lock, lease: lock && new Lease(call.host, lock), fence });
}

function writerOf({ host: { operator } }: Call, run: string, fence: number): Writer {
  return { run, fence, by: operator.by, host: operator.host, pid: process.pid };
}

/** A session over a journal that was read: it keeps nothing, and is only good for looking. */
export function draftOf(call: Call, run: string, { texts, lines }: ReadJournal): Session {
  const journal = new Journal(call.host, undefined, writerOf(call, run, 0), [...texts], [...lines]);
  return new Session({ ...call, journal, lease: undefined, lock: undefined, fence: 0 });
}
