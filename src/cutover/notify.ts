import { pause } from '../model/patience.ts';
import type { PlannedNotification } from './plan-types.ts';
import { errorText } from './redact.ts';
import type { Session } from './session.ts';
import { timed } from './timed.ts';
import { worldOf } from './world.ts';

/** What others are told of. */
export type Occasion = PlannedNotification['on'][number];

/** Tells whoever the plan names. Never fails: that nobody could be told is noted. */
export async function notify(session: Session, on: Occasion): Promise<void> {
  const wanted = session.hands.plan.notify.filter((one) => one.on.includes(on));
  // The journal is longer at the next occasion of this kind.
  const occasion = `${on}-${session.hands.journal.lines.length}`;
  const telling = Promise.all(wanted.map(({ step }) => tellOne(session, step, on, occasion)));
  session.telling.add(telling);
  await telling;
  session.telling.delete(telling);
}

/** So long a process that is done waits for those who are still being told. */
const LAST_MS = 5000;

/** Resolves once everybody has been told who is being told now: with the process that would end, too. */
export async function untilTold({ telling }: Session): Promise<void> {
  const late = new AbortController();
  await Promise.race([Promise.all(telling), pause(LAST_MS, late.signal)]);
  late.abort();
}

async function tellOne(
  session: Session,
  step: PlannedNotification['step'],
  on: Occasion,
  occasion: string,
): Promise<void> {
  const limits = { timeoutMs: step.timeoutMs, graceMs: 0, signal: new AbortController().signal };
  try {
    await timed({ ...limits, what: `telling of ${on}` }, async (signal) => {
      const world = worldOf(session, step, signal);
      const variables = { ...world.variables, QCTL_EVENT: on, QCTL_WHY: whyOf(session) };
      const told = { ...world, variables, occasion };
      if (session.folded.rehearsal && step.kind.rehearse) return step.kind.rehearse(step.params, told);
      return step.kind.apply(step.params, told, null);
    });
  } catch (error) {
    session.note(`nobody was told by ${step.id} (${on}): ${errorText(error, session.redact)}`);
  }
}

function whyOf({ status }: Session): string {
  return status.why ?? status.waitingFor ?? '';
}
