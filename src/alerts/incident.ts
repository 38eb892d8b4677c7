import { formatDuration } from '../model/duration.ts';
import type { AlertRule } from './rule.ts';
import type { Delivery, Incident, IncidentKind, LastMeasurement, MessageKind, RuleState } from './state.ts';

/** What an incident is about to be told with. */
type Seen = Pick<LastMeasurement, 'value' | 'baseline' | 'why'>;

/** The beginning of an incident. */
export function begin(rule: AlertRule, kind: IncidentKind, nowMs: number, seen: Seen): Incident {
  return {
    id: `${rule.name}${kind === 'blind' ? '-blind' : ''}-${nowMs.toString(36)}`,
    kind,
    state: 'pending',
    severity: rule.severity,
    sinceMs: nowMs,
    firedMs: null,
    clearMs: null,
    resolvedMs: null,
    messages: 0,
    lastMessageMs: null,
    ...seen,
    told: {},
    owed: [],
  };
}

/** It goes on: it fires once it has held for long enough, and is told of again once that is due. */
export function goOn(incident: Incident, rule: AlertRule, nowMs: number, seen: Seen): Incident {
  // A clock that was set back must not put off what is to be told.
  const sinceMs = Math.min(incident.sinceMs, nowMs);
  const next: Incident = { ...incident, ...seen, sinceMs, clearMs: null, severity: rule.severity };
  const forMs = next.kind === 'blind' ? 0 : rule.forMs;
  if (next.state === 'pending') {
    if (nowMs - next.sinceMs < forMs) return next;
    return withMessage({ ...next, state: 'firing', firedMs: nowMs }, 'firing', rule.to, nowMs);
  }
  return withRepeat(next, rule, nowMs);
}

/** Told of again where that is due, whatever the last measurement was. */
export function withRepeat(incident: Incident, rule: AlertRule, nowMs: number): Incident {
  const { state, lastMessageMs } = incident;
  if (state !== 'firing' || rule.repeatMs === null || lastMessageMs === null) return incident;
  if (nowMs - lastMessageMs < rule.repeatMs) return incident;
  // Who is still owed the last one gets that.
  const waiting = new Set(incident.owed.map(({ channel }) => channel));
  const to = rule.to.filter((channel) => !waiting.has(channel));
  return withMessage(incident, 'repeat', to, nowMs);
}

/** It is good again: over at once, or once it has stayed so. Null: it never fired, and is forgotten. */
export function clear(incident: Incident, rule: AlertRule, nowMs: number, silent: boolean): Incident | null {
  if (incident.state === 'pending') return null;
  const clearMs = incident.clearMs ?? nowMs;
  const keepMs = incident.kind === 'blind' ? 0 : rule.keepFiringForMs;
  if (nowMs - clearMs < keepMs) return withRepeat({ ...incident, clearMs }, rule, nowMs);
  return resolve({ ...incident, clearMs }, nowMs, silent);
}

/**
 * Over. Those are told that were told of its beginning, and those whom somebody tried to tell; who was to hear nothing
 * hears nothing of the end either. What was not sent yet is not sent any more: it would be wrong.
 */
function resolve(incident: Incident, nowMs: number, silent: boolean): Incident {
  const { owed, told } = incident;
  const sending = owed.filter(({ claim }) => claim !== null && claim.untilMs > nowMs);
  const missed = owed.filter(({ attempts }) => attempts > 0 || !silent);
  const to = [...new Set([...Object.keys(told), ...missed.map(({ channel }) => channel)])];
  const over = { ...incident, state: 'resolved' as const, resolvedMs: nowMs, owed: sending };
  return withMessage(over, 'resolved', to, nowMs);
}

function withMessage(incident: Incident, kind: MessageKind, to: readonly string[], nowMs: number): Incident {
  const n = incident.messages + 1;
  const owed: Delivery[] = to.map((channel) => ({
    ...{ n, kind, channel, attempts: 0, nextMs: nowMs },
    claim: null,
    error: null,
  }));
  return { ...incident, messages: n, lastMessageMs: nowMs, owed: [...incident.owed, ...owed] };
}

/** How long it lasted, or lasts: from the first failure to the first measurement that was good. */
export function lastedMs(
  { sinceMs, clearMs, resolvedMs }: Pick<Incident, 'sinceMs' | 'clearMs' | 'resolvedMs'>,
  nowMs: number,
): number {
  return Math.max(0, (resolvedMs === null ? nowMs : (clearMs ?? resolvedMs)) - sinceMs);
}

/** As a person reads it. */
export function lastedText(incident: Incident, nowMs: number): string {
  return formatDuration(lastedMs(incident, nowMs));
}

/** Nobody who was to be told waits for longer; what is over is no news then. */
const GIVE_UP_MS = 86_400_000;

/** Drops what needs not be kept: incidents that are over, and of which everybody was told, or nobody ever will be. */
export function withoutSettled(state: RuleState, nowMs: number): RuleState {
  const done = (one: Incident): boolean =>
    one.state === 'resolved' && (one.owed.length === 0 || nowMs - one.resolvedMs! > GIVE_UP_MS);
  const over = state.incidents.filter((one) => one.state === 'resolved');
  const newest = over.toSorted((a, b) => b.resolvedMs! - a.resolvedMs!)[0];
  const lastResolved =
    newest && newest.resolvedMs! >= (state.lastResolved?.resolvedMs ?? 0)
      ? { id: newest.id, kind: newest.kind, sinceMs: newest.sinceMs, resolvedMs: newest.resolvedMs! }
      : state.lastResolved;
  return { ...state, lastResolved, incidents: state.incidents.filter((one) => !done(one)) };
}
