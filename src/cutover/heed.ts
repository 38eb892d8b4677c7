import { notify } from './notify.ts';
import { type Controls, readControls, reasonOf, type Said } from './said.ts';
import type { Session } from './session.ts';

/** Takes over what operators have said since the last look. */
export function heed(session: Session, controls: Controls): void {
  const before = session.controls;
  session.controls = controls;
  const { abort, go, pause } = controls;
  if (abort && !session.goingBack && !session.folded.rollback) obeyAbort(session, abort, before.abort);
  const approved = controls.approvals.size !== before.approvals.size;
  if (approved || go?.at !== before.go?.at || pause?.at !== before.pause?.at) session.tell();
}

/** Whoever gave the order may not have known yet that the point of no return is passed: then it is held, and told. */
function obeyAbort(session: Session, abort: Said, before: Said | null): void {
  const why = `aborted by ${abort.by}${abort.why ? `: ${abort.why}` : ''}`;
  if (!session.pastNoReturn || abort.force) {
    session.stop({ kind: 'rollback', by: abort.by, why, since: abort.at });
    return;
  }
  if (abort.at === before?.at) return;
  const text = `${why}; it is past its point of no return: abort --force goes back as far as there is a way`;
  hold(session, abort.by, text).catch(() => undefined);
}

/**
 * Holds the run, for a check, a failure or an operator, until somebody says that it goes on. Resolves at once
 * where the run is to end.
 *
 * @param more goes into the journal
 */
export async function hold(
  session: Session,
  by: string,
  why: string,
  more: { dataLost?: true } = {},
): Promise<void> {
  if (session.cause) return;
  if (!session.folded.paused) {
    await session.write({ event: 'paused', by, why: session.redact(why), ...more });
    void notify(session, 'paused');
  }
  const heard = session.controls.go?.at;
  session.waiting('pause', `paused by ${by}: ${why}`);
  while (!session.cause && session.folded.paused) {
    if (session.hands.options.leaveWhenHeld) session.stop({ kind: 'held' });
    else if (session.controls.go && session.controls.go.at !== heard) {
      session.assume = session.controls.go.assume;
      await session.write({ event: 'resumed', by: session.controls.go.by });
    } else await session.nextChange();
  }
  session.waiting('pause', null);
}

/**
 * Holds the run where Redis has lost data and something that this run has done stood there: going on might give up the
 * only other place where messages are.
 */
export async function holdAfterLoss(session: Session): Promise<void> {
  await session.guard(session.signal).catch((error) => {
    session.throwIfLost();
    if (!session.cause) throw error;
  });
  if (session.cause || !session.folded.dataLost) return;
  const steps = session.inRedis.map(({ id }) => id).join(', ');
  const lost = `redis has lost data, and what these steps have done stood there: ${steps}`;
  const ways = `qctl cutover resume ${session.run} goes on, qctl rollback ${session.run} goes back`;
  await hold(session, 'qctl', `${lost}; look what is missing, then ${ways}`, { dataLost: true });
}

/** Holds the run where an operator wants it held. */
export async function holdIfAsked(session: Session): Promise<void> {
  // What was said before a step begins counts for it; without Redis no step begins anyway.
  const { host } = session.hands;
  await readControls(host, session.run).then(
    (controls) => heed(session, controls),
    () => undefined,
  );
  const { pause } = session.controls;
  if (pause) await hold(session, pause.by, reasonOf(pause));
}
