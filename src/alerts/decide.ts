import { judgeOf, type Measured } from '../checks/index.ts';
import { baselineOf, withSample } from './against.ts';
import { begin, clear, goOn, withoutSettled, withRepeat } from './incident.ts';
import type { AlertRule } from './rule.ts';
import { isSilent } from './silence.ts';
import { type IncidentKind, type LastMeasurement, openIncident, type RuleState } from './state.ts';

/** What came of a measurement; `away`: it needs Redis, and Redis does not answer, which says nothing of the rule. */
export type Found = Measured | { away: string };

/**
 * The state of a rule after a measurement: which incidents begin, go on and end, and who is owed a message. A pure
 * function: whoever comes second with an older state decides again. An error, and what is inconclusive, neither
 * begins a breach nor ends one.
 */
export function decide(state: RuleState, rule: AlertRule, found: Found, nowMs: number): RuleState {
  const last = judged(state, rule, found, nowMs);
  const away = 'away' in found;
  const errorsInARow = away ? state.errorsInARow : last.outcome === 'error' ? state.errorsInARow + 1 : 0;
  const next: RuleState = {
    ...state,
    severity: rule.severity,
    intervalMs: rule.intervalMs,
    measuring: null,
    lookedMs: nowMs,
    last,
    errorsInARow,
    samples: withSample(state.samples, rule, nowMs, last.outcome === 'error' ? null : last.value),
  };
  const breach = breachStep(last);
  const blind = blindStep(last, away, errorsInARow > rule.errorLimit);
  const judgedBreach = withIncident(next, rule, 'breach', breach, nowMs);
  return withoutSettled(withIncident(judgedBreach, rule, 'blind', blind, nowMs), nowMs);
}

type Step = 'bad' | 'good' | 'unknown';

function breachStep({ outcome }: LastMeasurement): Step {
  if (outcome === 'fail') return 'bad';
  return outcome === 'pass' ? 'good' : 'unknown';
}

function blindStep({ outcome }: LastMeasurement, away: boolean, tooOften: boolean): Step {
  if (outcome !== 'error') return 'good';
  return tooOften && !away ? 'bad' : 'unknown';
}

function judged(state: RuleState, rule: AlertRule, found: Found, atMs: number): LastMeasurement {
  const baseline = baselineOf(state.samples, rule, atMs);
  if ('away' in found) return { atMs, outcome: 'error', value: null, baseline, why: found.away };
  if ('error' in found) return { atMs, outcome: 'error', value: null, baseline, why: found.error };
  const { outcome, why } = judgeOf(rule)(found.value, baseline);
  return { atMs, value: found.value, baseline, outcome, why };
}

function withIncident(
  state: RuleState,
  rule: AlertRule,
  kind: IncidentKind,
  step: Step,
  nowMs: number,
): RuleState {
  const open = openIncident(state, kind);
  const others = state.incidents.filter((one) => one !== open);
  if (step === 'unknown') {
    return open ? { ...state, incidents: [...others, withRepeat(open, rule, nowMs)] } : state;
  }
  if (step === 'good') {
    const cleared = open && clear(open, rule, nowMs, isSilent(state, rule, nowMs));
    return open ? { ...state, incidents: cleared ? [...others, cleared] : others } : state;
  }
  const seen = seenOf(state, kind);
  const incident = goOn(open ?? begin(rule, kind, nowMs, seen), rule, nowMs, seen);
  return { ...state, incidents: [...others, incident] };
}

function seenOf({ last, errorsInARow }: RuleState, kind: IncidentKind) {
  const { value, baseline, why } = last!;
  if (kind === 'breach') return { value, baseline, why };
  const times = errorsInARow === 1 ? '' : ` ${errorsInARow} times in a row`;
  return { value: null, baseline: null, why: `it could not be measured${times}: ${why}` };
}
