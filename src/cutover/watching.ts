import { QctlError } from '../errors.ts';
import { hold } from './heed.ts';
import { isWatched } from './place.ts';
import type { PlannedCheck } from './plan-types.ts';
import type { Session } from './session.ts';
import type { StepClock } from './timed.ts';
import { checksNamed, passOnce, watchOnce } from './watch-once.ts';

/** A measurement that takes longer is told of as what the run waits for. */
const TOLD_MS = 500;

/** A check that is watched beside the steps. */
interface Watched {
  check: PlannedCheck;
  beganAt: number;
  over: AbortController;
  stop: AbortController;
  done: Promise<void>;
}

/** Watches checks beside the steps, and does what they are there for. */
export class Watching {
  private readonly session: Session;
  private readonly watched = new Map<string, Watched>();

  constructor(session: Session) {
    this.session = session;
  }

  /** Begins and ends what is to be watched during the step of that index. */
  async during(at: number): Promise<void> {
    const { plan } = this.session.hands;
    for (const check of plan.checks) {
      const wanted = isWatched(check, plan.steps, at);
      if (wanted && !this.watched.has(check.name)) this.begin(check);
      if (!wanted) await this.conclude(check.name);
    }
  }

  /** Ends in good order all that is still watched. */
  async over(): Promise<void> {
    for (const name of [...this.watched.keys()]) await this.conclude(name);
  }

  /** Ends all at once. */
  async stop(): Promise<void> {
    const all = [...this.watched.values()];
    for (const { stop } of all) stop.abort();
    await Promise.all(all.map(({ done }) => done));
  }

  private begin(check: PlannedCheck): void {
    const over = new AbortController();
    const stop = new AbortController();
    const done = this.watch(check, over.signal, stop.signal).catch((error) => {
      if (!stop.signal.aborted)
        this.session.note(`check ${check.name} is not watched: ${(error as Error).message}`);
    });
    this.watched.set(check.name, { check, beganAt: performance.now(), over, stop, done });
  }

  private async watch(check: PlannedCheck, over: AbortSignal, signal: AbortSignal): Promise<void> {
    const { session } = this;
    do {
      const outcome = await watchOnce(session, [check], null, signal, over);
      // What has been decided by the time it ends counts; only what has not is broken off.
      if (session.cause || outcome.outcome !== 'reacted') return;
      const why = outcome.why ?? 'it failed';
      await react(session, check.name, outcome.reaction ?? 'rollback', why);
      // After a pause it begins anew.
    } while (!over.aborted);
  }

  /** Ends a check in good order. No data is never a pass: what has not passed by then is measured once more. */
  private async conclude(name: string): Promise<void> {
    const one = this.watched.get(name);
    if (!one) return;
    const { session } = this;
    const telling = setTimeout(() => session.waiting(`check ${name}`, `check ${name} is measured`), TOLD_MS);
    try {
      one.over.abort();
      await one.done;
      this.watched.delete(name);
      await this.lastChance(one);
    } finally {
      clearTimeout(telling);
      session.waiting(`check ${name}`, null);
    }
  }

  private async lastChance({ check, beganAt }: Watched): Promise<void> {
    const { session } = this;
    const { name } = check;
    const passed = session.summaries.get(name)?.passed ?? 0;
    const tooSoon = performance.now() - beganAt < check.initialDelayMs;
    if (session.cause || check.dryRun || passed > 0 || tooSoon) return;
    const [missed] = await passOnce(session, [name], session.signal, true);
    if (!missed || session.cause) return;
    const why = `it never passed while it was watched: ${missed.why}`;
    if (check.onFailure === 'warn') session.note(checkText(name, why));
    else await hold(session, `check ${name}`, why);
  }
}

/** Does what a check asks for: holds the run, until it goes on, or sends it back. Past the point of no return it only holds. */
export async function react(session: Session, check: string, reaction: string, why: string): Promise<void> {
  const by = `check ${check}`;
  if (reaction === 'pause') return hold(session, by, why);
  await goBack(session, by, checkText(check, why), lastFailure(session, check));
}

/** `check lag failed 3 times: 7 is not 0`. */
function checkText(check: string, why: string): string {
  return `check ${check} ${why.replace(/^it /, '')}`;
}

/** Sends the run back, or holds it where that is not to be done without being asked. */
export async function goBack(session: Session, by: string, why: string, since?: string): Promise<void> {
  if (session.pastNoReturn)
    return hold(session, by, `${why}; past the point of no return nothing goes back by itself`);
  session.stop({
    kind: 'rollback',
    by,
    why: session.redact(why),
    since: since ?? session.hands.host.now().toISOString(),
  });
}

/** When the last measurement that was no pass was made. */
function lastFailure(session: Session, check: string): string | undefined {
  return session.summaries.get(check)?.last.findLast(({ outcome }) => outcome !== 'pass')?.at;
}

/**
 * Watches checks of the plan for a step. A pause that one asks for is waited out, while the clock of the step
 * stands still, and they are watched anew. Throws `threshold` CHECK_FAILED.
 */
export async function watchInStep(
  session: Session,
  names: readonly string[] | 'all',
  forMs: number,
  signal: AbortSignal,
  clock?: StepClock,
): Promise<void> {
  const checks = checksNamed(session, names);
  for (;;) {
    const outcome = await watchOnce(session, checks, forMs, signal);
    signal.throwIfAborted();
    if (outcome.outcome === 'passed') return;
    const { check = '', reaction, why = 'it failed' } = outcome;
    if (outcome.outcome === 'reacted' && reaction === 'pause' && !session.goingBack) {
      clock?.pause();
      await hold(session, `check ${check}`, why).finally(() => clock?.go());
      signal.throwIfAborted();
      continue;
    }
    throw new QctlError('threshold', checkText(check, why), {
      code: 'CHECK_FAILED',
      hint: [`what was measured stands in qctl cutover status ${session.run}`],
      details: { check, reaction: reaction ?? null, since: lastFailure(session, check) ?? null },
    });
  }
}
