import { randomUUID } from 'node:crypto';
import { newRunId } from '../model/run-id.ts';
import { conduct, pastWindow } from './conduct.ts';
import { askRedis } from './door.ts';
import type { CutoverHost } from './host.ts';
import { giveUpLock, type HeldLock } from './lock.ts';
import { type Call, draftSession, lockFor, newSession } from './open-session.ts';
import type { CutoverEvents, CutoverOptions, CutoverReport } from './options.ts';
import type { CutoverPlan } from './plan-types.ts';
import { preflight } from './preflight.ts';
import { enterRun, findRun } from './store.ts';
import { openingOf } from './window.ts';

/** What was seen before so long a wait for the lock counts for nothing. */
const STALE_MS = 250;

/**
 * Runs a plan from its beginning, to its end or back.
 *
 * Throws `refused` where something speaks against it (nothing was changed), `locked` where somebody else is at
 * work, `refused` OUTCOME_UNKNOWN, `locked` FENCED where another process has taken the run over.
 *
 * @param signal the first Ctrl-C: the run is left to be resumed, or goes back where the plan says so
 */
export async function startCutover(
  plan: CutoverPlan,
  host: CutoverHost,
  options: CutoverOptions,
  events: CutoverEvents,
  signal: AbortSignal,
): Promise<CutoverReport> {
  const call: Call = { plan, host, options, events, signal };
  const run = newRunId(plan.name, host.now(), randomUUID());
  // Away, or locked to us: told as that, before steps that want it, too, tell it as what speaks against them.
  await requireRedis(host);
  await lookFirst(call, run);
  const lookedAt = performance.now();
  const lock = await lockFor(call, run, 0, true);
  try {
    // Whoever had the lock may have left things another way.
    if (performance.now() - lookedAt > STALE_MS) await lookFirst(call, run);
    // Who goes back at night without naming a run must not come upon somebody's rehearsal.
    if (!options.rehearsal) await enterRun(host, run, host.now().getTime());
    const session = await newSession(call, run, lock);
    return await conduct(session, { kind: 'forward' }, signal);
  } catch (error) {
    // A run that has a record is left to be resumed, or has let go of the lock itself.
    await giveUpUnbegun(call, run, lock);
    throw error;
  }
}

/** Throws as any command does where Redis cannot be reached or lets nobody in. */
export async function requireRedis(host: CutoverHost): Promise<void> {
  await askRedis(host, 'begin a run', ({ client }) => client.ping());
}

/** What speaks against the plan is told before anybody waits for a lock or a window. */
export async function lookFirst(call: Call, run: string): Promise<void> {
  const { plan, host, signal } = call;
  const opening = openingOf(plan.window, host.now().getTime(), 0);
  if (opening.kind === 'past') throw pastWindow(opening.notAfter);
  await preflight(await draftSession(call, run), signal);
}

async function giveUpUnbegun({ host }: Call, run: string, lock: HeldLock): Promise<void> {
  const begun = await findRun(host, run).catch(() => true);
  if (!begun) await giveUpLock(host, lock, 'free').catch(() => undefined);
}
