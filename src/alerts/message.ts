import type { CheckValue } from '../checks/index.ts';
import { formatDuration } from '../model/duration.ts';
import type { ClaimedDelivery } from './deliveries.ts';
import { lastedMs } from './incident.ts';
import type { AlertRule, Severity } from './rule.ts';
import type { IncidentKind } from './state.ts';
import { fillTemplate } from './template.ts';

/**
 * What a channel is told, the same for all of them; the webhook sends it as it is. Times are RFC 3339. Fields are only
 * ever added.
 */
export interface AlertMessage {
  type: 'alert';
  /** The same each time that this message is sent: whoever got it before may drop it. */
  id: string;
  /** The same for all messages of an incident. */
  incident: string;
  rule: string;
  metric: string;
  /** `blind`: the rule could not be measured. */
  kind: IncidentKind | 'test';
  state: 'firing' | 'resolved' | 'test';
  severity: Severity;
  summary: string;
  description: string | null;
  value: CheckValue;
  baseline: number | null;
  /** As a clause. */
  why: string;
  with: Record<string, unknown>;
  /** The first measurement that failed. */
  since: string;
  resolvedAt: string | null;
  /** How long it lasts, or has lasted. */
  lastedMs: number;
  /** Messages about it before this one. */
  repeats: number;
  at: string;
  host: string;
  profile: string | null;
}

/** Where a message comes from. */
export interface Sender {
  host: string;
  profile: string | null;
}

/** A message as it is at this instant. */
export function messageOf(
  rule: AlertRule,
  { incident, delivery }: ClaimedDelivery,
  { host, profile }: Sender,
  nowMs: number,
): AlertMessage {
  const state = delivery.kind === 'resolved' ? 'resolved' : 'firing';
  const { id, kind, value, baseline, why, severity, sinceMs, resolvedMs } = incident;
  const facts = {
    type: 'alert' as const,
    id: `${id}/${delivery.n}`,
    incident: id,
    rule: rule.name,
    metric: rule.metric,
    kind,
    state: state as AlertMessage['state'],
    severity,
    value,
    baseline,
    why,
    with: rule.with,
    since: new Date(sinceMs).toISOString(),
    resolvedAt: resolvedMs === null ? null : new Date(resolvedMs).toISOString(),
    lastedMs: lastedMs(incident, nowMs),
    repeats: delivery.n - 1,
    at: new Date(nowMs).toISOString(),
    host,
    profile,
  };
  return { ...facts, ...textsOf(rule, facts) };
}

function textsOf(rule: AlertRule, facts: Parameters<typeof placeholderValues>[0]) {
  const values = placeholderValues(facts);
  const blind = facts.kind === 'blind';
  return {
    summary: blind ? `${rule.name} cannot be measured` : fillTemplate(rule.summary, values),
    description: blind || !rule.description ? null : fillTemplate(rule.description, values),
  };
}

/** What placeholders stand for. */
export function placeholderValues(
  message: Omit<AlertMessage, 'summary' | 'description'> & Partial<AlertMessage>,
): Record<string, unknown> {
  const { with: parameters, lastedMs: ms, ...plain } = message;
  const own = Object.entries(parameters).map(([name, value]) => [`with.${name}`, value]);
  return { ...plain, lasted: formatDuration(ms), ...Object.fromEntries(own) };
}

/** A line that says all: `CRITICAL orders-deep: 1204 is > 1000`. */
export function headline({ state, severity, summary, lastedMs: ms }: AlertMessage): string {
  const line = summary.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  if (state === 'test') return `TEST ${line}`;
  if (state === 'resolved') return `RESOLVED after ${formatDuration(ms)}: ${line}`;
  return `${severity.toUpperCase()} ${line}`;
}

/** Lines of name and value, for channels that people read. */
export function factLines(message: AlertMessage): [name: string, value: string][] {
  const { value, why, rule, severity, since, repeats, host, profile, state, resolvedAt, baseline } = message;
  return [
    ['rule', rule],
    ['severity', severity],
    ['why', why],
    ...(value === null ? [] : [['value', String(value)] satisfies [string, string]]),
    ...(baseline === null ? [] : [['baseline', String(baseline)] satisfies [string, string]]),
    ['since', since],
    ...(resolvedAt === null ? [] : [['resolved', resolvedAt] satisfies [string, string]]),
    ...(repeats === 0 || state === 'resolved'
      ? []
      : [['told before', `${repeats}`] satisfies [string, string]]),
    ['host', host],
    ...(profile === null ? [] : [['profile', profile] satisfies [string, string]]),
  ];
}
