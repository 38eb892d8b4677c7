import type { AlertRule } from './rule.ts';
import type { RuleState, Silence } from './state.ts';

/** Why nobody is told at present. */
export interface ActiveSilence {
  untilMs: number;
  reason: string;
  /** Null: it stands in qctl.yaml. */
  by: string | null;
}

/** The silence that a rule is under; of several the longest. */
export function activeSilence(
  { silence }: Pick<RuleState, 'silence'>,
  rule: Pick<AlertRule, 'silence'> | undefined,
  nowMs: number,
): ActiveSilence | null {
  const windows = (rule?.silence ?? [])
    .filter(({ fromMs, untilMs }) => (fromMs ?? 0) <= nowMs && nowMs < untilMs)
    .map(({ untilMs, reason }) => ({ untilMs, reason, by: null }));
  const asked = silence && silence.untilMs > nowMs ? [{ ...silence }] : [];
  const [longest] = [...windows, ...asked].toSorted((a, b) => b.untilMs - a.untilMs);
  return longest ? { untilMs: longest.untilMs, reason: longest.reason, by: longest.by } : null;
}

/** Whether nobody is told at present. */
export function isSilent(
  state: Pick<RuleState, 'silence'>,
  rule: Pick<AlertRule, 'silence'>,
  nowMs: number,
): boolean {
  return activeSilence(state, rule, nowMs) !== null;
}

/** What was said last. */
export function newerSilence(a: Silence | null, b: Silence | null): Silence | null {
  if (!a || !b) return a ?? b;
  return b.changedMs > a.changedMs ? b : a;
}
