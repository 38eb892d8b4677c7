import type { Measurement, WatchOutcome } from '../checks/index.ts';
import { QctlError } from '../errors.ts';
import { eitherSignal } from '../model/either-signal.ts';
import { pause } from '../model/patience.ts';
import { hold } from './heed.ts';
import { isWatched } from './place.ts';
import type { PlannedCheck } from './plan-types.ts';
import type { Session } from './session.ts';
import type { StepClock } from './timed.ts';

const LAST_KEPT = 10;
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
      details: { check, reaction: reaction ?? null, since: lastFailure(session, check) ?? null },
    });
  }
}

/** The checks of a plan by their names. Throws `config` NO_SUCH_CHECK. */
export function checksNamed(session: Session, names: readonly string[] | 'all'): PlannedCheck[] {
  const { checks } = session.hands.plan;
  if (names === 'all') return [...checks];
  return names.map((name) => {
    const check = checks.find((one) => one.name === name);
    if (check) return check;
    throw new QctlError('config', `the plan has no check ${name}`, { code: 'NO_SUCH_CHECK' });
  });
}

async function watchOnce(
  session: Session,
  checks: PlannedCheck[],
  forMs: number | null,
  signal: AbortSignal,
  over?: AbortSignal,
): Promise<WatchOutcome> {
  const { options } = session.hands;
  // Forward, the end of the run ends it; on the way back it is the step's own signal alone.
  const either = session.goingBack ? undefined : eitherSignal(signal, session.signal);
  try {
    const outcome = await options.parts.watchChecks(checks, session.measure, {
      forMs,
      baselines: session.folded.baseline ?? {},
      signal: either?.signal ?? signal,
      ...(over && { over }),
      on: (event) => event.type === 'measured' && noteMeasurement(session, event.measurement),
    });
    // What was measured is counted already; that a check was there counts, too, where nothing was.
    for (const summary of outcome.summaries)
      if (!session.summaries.has(summary.check)) session.summaries.set(summary.check, summary);
    return outcome;
  } finally {
    either?.dispose();
  }
}

/**
 * Measures each check until it has passed once, as often as the signal lasts; `once`: but once. Returns what
 * did not pass, and why.
 */
export async function passOnce(
  session: Session,
  names: readonly string[],
  signal: AbortSignal,
  once = false,
): Promise<{ check: string; why: string }[]> {
  const wanted = checksNamed(session, names);
  const results = await Promise.all(wanted.map((check) => passes(session, check, signal, once)));
  return results.flatMap((why, at) => (why === null ? [] : [{ check: wanted[at]!.name, why }]));
}

/** At the most this long after a measurement that was no pass the next one is made. */
const SOON_MS = 1000;

async function passes(
  session: Session,
  check: PlannedCheck,
  signal: AbortSignal,
  once: boolean,
): Promise<string | null> {
  const single: PlannedCheck = {
    ...check,
    ...{ count: 1, initialDelayMs: 0, failureLimit: 0, errorLimit: 0, inconclusiveLimit: 0 },
    ...{ onFailure: 'rollback', dryRun: false },
  };
  for (let why = 'it was not measured in time'; ; ) {
    const outcome = await watchOnce(session, [single], null, signal);
    if (outcome.outcome === 'passed') return null;
    if (outcome.outcome === 'reacted') why = outcome.why ?? 'it failed';
    if (once || signal.aborted) return why;
    await pause(Math.min(check.intervalMs, SOON_MS), signal);
    if (signal.aborted) return why;
  }
}

const COUNTED = { pass: 'passed', fail: 'failed', error: 'errors', inconclusive: 'inconclusive' } as const;

/** Counts a measurement; into the journal goes what is another outcome than the last one. */
function noteMeasurement(session: Session, measurement: Measurement): void {
  const { check, outcome } = measurement;
  const dryRun = session.hands.plan.checks.find(({ name }) => name === check)?.dryRun ?? false;
  const known = session.summaries.get(check) ?? {
    ...{ check, dryRun, passed: 0, failed: 0, errors: 0, inconclusive: 0, last: [] },
  };
  const changed = known.last.at(-1)?.outcome !== outcome;
  const { value, why } = measurement;
  const shown = {
    ...measurement,
    why: session.redact(why),
    value: typeof value === 'string' ? session.redact(value) : value,
  };
  const last = [...known.last, shown].slice(-LAST_KEPT);
  session.summaries.set(check, { ...known, [COUNTED[outcome]]: known[COUNTED[outcome]] + 1, last });
  // Who cannot write ends the run by itself.
  if (changed) session.write({ event: 'check', measurement: last.at(-1)! }).catch(() => undefined);
  else session.tell();
}
