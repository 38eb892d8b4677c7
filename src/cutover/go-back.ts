import { QctlError } from '../errors.ts';
import { pause } from '../model/patience.ts';
import { conduct, type Way } from './conduct.ts';
import { abortCutover } from './control.ts';
import type { FoldedRun } from './fold.ts';
import type { CutoverHost } from './host.ts';
import { sameRun } from './known-run.ts';
import { lockStatus } from './lock.ts';
import { type Call, draftOf, lockFor, offlineSession, resumedSession } from './open-session.ts';
import type { CutoverEvents, CutoverOptions, CutoverReport } from './options.ts';
import type { CutoverPlan } from './plan-types.ts';
import { reportFrom } from './report.ts';
import type { CutoverStatus } from './run-types.ts';
import type { Session } from './session.ts';
import { findRun, lockRuns } from './store.ts';
import { requireOpen } from './vouch.ts';

const LOOK_MS = 250;

/**
 * Takes a run back: before its end, after it, again after a way back that failed. Where a process is at work on
 * it that one is told to, and followed. A run that is back already is left alone. Throws as `resumeCutover`,
 * `refused` LATER_RUN, and where it is vouched for something that is not to be undone, or by a process at work.
 *
 * @param signal ends it after the undo in hand; the same call goes on
 */
export async function rollbackCutover(
  run: string,
  plan: CutoverPlan,
  host: CutoverHost,
  options: CutoverOptions,
  events: CutoverEvents,
  signal: AbortSignal,
): Promise<CutoverReport> {
  const call: Call = { plan, host, options, events, signal };
  const ordered = host.now().toISOString();
  const { read, folded, offline } = await sameRun(call, run);
  requireOpen(draftOf(call, run, read));
  if (offline) {
    const session = await offlineSession(call, run, read, folded.fence);
    return takeBack(session, ordered, signal);
  }
  const followed = await follow(call, run, read.path);
  if (followed) return followed;
  await requireNoLaterRun(call, folded);
  const lock = await lockFor(call, run, folded.fence, false);
  const session = await resumedSession(call, run, lock);
  return takeBack(session, ordered, signal);
}

async function takeBack(session: Session, ordered: string, signal: AbortSignal): Promise<CutoverReport> {
  if (session.folded.end?.state === 'rolledBack') return conduct(session, { kind: 'tidy' }, signal);
  await session.write({ event: 'resume' });
  const { by } = session.hands.host.operator;
  const { reason } = session.hands.options;
  const why = `ordered by ${by}${reason ? `: ${reason}` : ''}`;
  const way: Way = { kind: 'back', order: { by, why, since: ordered } };
  return conduct(session, way, signal);
}

/** Has the process that is at work on the run take it back; undefined where there is none, or none any more. */
async function follow(call: Call, run: string, journal: string): Promise<CutoverReport | undefined> {
  const { host, options, events, signal } = call;
  let told = false;
  for (;;) {
    const record = await findRun(host, run);
    if (record?.status.state === 'rolledBack')
      return { ...reportFrom(record.status, journal), nothingDone: !told };
    if (!record?.status.alive)
      return told && record?.status.state === 'rollbackFailed'
        ? reportFrom(record.status, journal)
        : undefined;
    if (options.assumeUndone?.length) throw atWork(record.status);
    events.status?.(record.status);
    if (!told && record.status.state !== 'rollingBack') {
      const speaker = { by: host.operator.by, reason: options.reason ?? 'qctl rollback' };
      await abortCutover(host, run, speaker, { force: true }).catch(passing);
    }
    told = true;
    await pause(LOOK_MS, signal);
    signal.throwIfAborted();
  }
}

/** It does not hear of it: what it cannot undo it tells, and then it is time to vouch for it. */
function atWork({ run, pid, host }: CutoverStatus): QctlError {
  return new QctlError(
    'refused',
    `pid ${pid} on ${host} is at work on ${run}: it cannot be vouched for yet`,
    {
      code: 'AT_WORK',
      hint: [
        `it goes back by itself: qctl rollback ${run}`,
        'what it could not undo may be vouched for after that',
      ],
    },
  );
}

/** It has just ended, or begun to go back: the next look says what. */
function passing(error: unknown): void {
  const codes = ['NOT_AT_WORK', 'ROLLING_BACK', 'RUN_CHANGED', 'RUN_FINISHED'];
  if (!(error instanceof QctlError && codes.includes(error.code))) throw error;
}

/** What a later run has found and kept is not what this one has. */
async function requireNoLaterRun(call: Call, { run, startedAt }: FoldedRun): Promise<void> {
  const { host, plan, options } = call;
  if (options.allowLater) return;
  const { lastRun } = await lockStatus(host, plan.lock);
  if (lastRun === null || lastRun === run) return;
  // The last may be back already, and the one before it not.
  const later = (await lockRuns(host, plan.lock)).find(
    ({ run: other, state, startedAt: since }) => other !== run && state !== 'rolledBack' && since > startedAt,
  );
  if (!later) return;
  throw new QctlError('refused', `run ${later.run} came after ${run}, and is ${later.state}`, {
    code: 'LATER_RUN',
    hint: [`take that one back first: qctl rollback ${later.run}`],
    details: { run, later: later.run },
  });
}
