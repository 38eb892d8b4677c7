import type { Measurement, WatchOutcome } from '../checks/index.ts';
import { QctlError } from '../errors.ts';
import { eitherSignal } from '../model/either-signal.ts';
import { pause } from '../model/patience.ts';
import type { PlannedCheck } from './plan-types.ts';
import type { Session } from './session.ts';

const LAST_KEPT = 10;

/** The checks of a plan by their names. Throws `config` NO_SUCH_CHECK. */
export function checksNamed(session: Session, names: readonly string[] | 'all'): PlannedCheck[] {
  const { checks } = session.hands.plan;
  if (names === 'all') return [...checks];
  return names.map((name) => {
    const check = checks.find((one) => one.name === name);
    if (check) return check;
    throw new QctlError('config', `the plan has no check ${name}`, {
      code: 'NO_SUCH_CHECK',
      hint: [`it has ${checks.map((one) => one.name).join(', ') || 'none'}`],
    });
  });
}

/** Watches checks of the plan once, and counts what is measured; ends with the run, and on the way back with the signal alone. */
export async function watchOnce(
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
