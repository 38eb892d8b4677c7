import type { RedisConnection } from '../backends/redis/index.ts';
import type { CheckOutcome, CheckValue } from '../checks/index.ts';
import { alertKey } from '../model/keys.ts';
import { serverTimeMs } from '../streams/index.ts';
import { FileAlertStore } from './file-store.ts';
import { lastedMs } from './incident.ts';
import { askRedis, hostStates } from './redis-store.ts';
import { type AlertPlan, type AlertRule, isOwnView, type Severity } from './rule.ts';
import { activeSilence } from './silence.ts';
import { type Incident, type IncidentKind, parseState, type RuleState } from './state.ts';

/** An incident as anybody sees it. Times are RFC 3339. */
export interface AlertIncident {
  incident: string;
  /** `blind`: the rule could not be measured. */
  kind: IncidentKind;
  state: 'pending' | 'firing' | 'resolved';
  /** The host that sees it so; null: all of them share one view. */
  host: string | null;
  severity: Severity;
  why: string;
  value: CheckValue;
  since: string;
  firedAt: string | null;
  resolvedAt: string | null;
  lastedMs: number;
  lastMessageAt: string | null;
  /** Channels that were told. */
  told: string[];
  /** Channels that are still to be told, and why that failed so far. */
  owed: { channel: string; attempts: number; error: string | null }[];
}

/** One rule and how it stands. */
export interface AlertRow {
  rule: string;
  metric: string;
  severity: Severity;
  /** The worst of its incidents; without one `ok`, or `unknown` where it was not measured, or said nothing. */
  state: 'ok' | 'pending' | 'firing' | 'unknown';
  outcome: CheckOutcome | null;
  value: CheckValue;
  baseline: number | null;
  why: string | null;
  measuredAt: string | null;
  /** Nobody has looked at it for long, though somebody should. */
  stale: boolean;
  errorsInARow: number;
  silence: { until: string; reason: string; by: string | null } | null;
  to: string[];
  incidents: AlertIncident[];
  lastResolved: { incident: string; since: string; at: string } | null;
}

interface View {
  host: string | null;
  state: RuleState;
}

/** How every rule of a plan stands, the worst first. Reads only. Throws `target` ALERTS_REDIS_AWAY, or what Redis says. */
export async function listAlerts(redis: RedisConnection, plan: AlertPlan): Promise<AlertRow[]> {
  const [nowMs, ...kept] = await askRedis(
    async () => redis,
    'list the alerts',
    () =>
      Promise.all([
        serverTimeMs(redis),
        ...plan.rules.map(({ name }) => redis.client.hgetall(alertKey(name))),
      ]),
  );
  const rows = plan.rules.map((rule, at) =>
    rowOf(rule, viewsOf(rule, kept[at]!), silenceIn(kept[at]!), nowMs),
  );
  return rows.toSorted(byUrgency);
}

/**
 * As {@link listAlerts}, from what this host has noted; for when Redis is away.
 *
 * @param note told where that cannot be read
 */
export async function listAlertsOfHost(
  stateFolder: string,
  host: string,
  plan: AlertPlan,
  note: (text: string) => void,
): Promise<AlertRow[]> {
  const files = new FileAlertStore(stateFolder, plan.id, note);
  const rows = plan.rules.map(async (rule) => {
    const { state, nowMs } = await files.read(rule.name);
    const views = state ? [{ host: isOwnView(rule) ? host : null, state }] : [];
    return rowOf(rule, views, state, nowMs);
  });
  return (await Promise.all(rows)).toSorted(byUrgency);
}

function viewsOf(rule: AlertRule, fields: Record<string, string>): View[] {
  if (isOwnView(rule)) return hostStates(fields);
  const state = parseState(fields.state ?? '');
  return state ? [{ host: null, state }] : [];
}

function silenceIn(fields: Record<string, string>): Pick<RuleState, 'silence'> | null {
  return parseState(fields.state ?? '') ?? null;
}

function rowOf(
  rule: AlertRule,
  views: readonly View[],
  silenced: Pick<RuleState, 'silence'> | null,
  nowMs: number,
): AlertRow {
  const newest = views.toSorted((a, b) => b.state.lookedMs - a.state.lookedMs)[0]?.state;
  const incidents = views.flatMap(({ host, state }) => state.incidents.map((one) => shown(one, host, nowMs)));
  const last = newest?.last ?? null;
  const silence = activeSilence({ silence: silenced?.silence ?? null }, rule, nowMs);
  const over = newest?.lastResolved ?? null;
  return {
    rule: rule.name,
    metric: rule.metric,
    severity: rule.severity,
    state: stateOf(incidents, last?.outcome ?? null),
    outcome: last?.outcome ?? null,
    value: last?.value ?? null,
    baseline: last?.baseline ?? null,
    why: last?.why ?? null,
    measuredAt: timeOf(last?.atMs ?? null),
    stale: nowMs - (newest?.lookedMs ?? 0) > 3 * rule.intervalMs + rule.timeoutMs + STALE_MS,
    errorsInARow: newest?.errorsInARow ?? 0,
    silence: silence && { until: timeOf(silence.untilMs)!, reason: silence.reason, by: silence.by },
    to: rule.to,
    incidents,
    lastResolved: over && { incident: over.id, since: timeOf(over.sinceMs)!, at: timeOf(over.resolvedMs)! },
  };
}

/** Cron looks once a minute, whatever the interval. */
const STALE_MS = 120_000;

function stateOf(incidents: readonly AlertIncident[], outcome: CheckOutcome | null): AlertRow['state'] {
  if (incidents.some(({ state }) => state === 'firing')) return 'firing';
  if (incidents.some(({ state }) => state === 'pending')) return 'pending';
  return outcome === 'pass' ? 'ok' : 'unknown';
}

function shown(incident: Incident, host: string | null, nowMs: number): AlertIncident {
  const { id, kind, state, severity, why, value, sinceMs, firedMs, resolvedMs, lastMessageMs } = incident;
  return {
    incident: id,
    kind,
    state,
    host,
    severity,
    why,
    value,
    since: timeOf(sinceMs)!,
    firedAt: timeOf(firedMs),
    resolvedAt: timeOf(resolvedMs),
    lastedMs: lastedMs(incident, nowMs),
    lastMessageAt: timeOf(lastMessageMs),
    told: Object.keys(incident.told),
    owed: incident.owed.map(({ channel, attempts, error }) => ({ channel, attempts, error })),
  };
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

const STATES = ['firing', 'pending', 'unknown', 'ok'];
const WORST = ['critical', 'warning', 'info'];

function byUrgency(a: AlertRow, b: AlertRow): number {
  return (
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    WORST.indexOf(a.severity) - WORST.indexOf(b.severity) ||
    a.rule.localeCompare(b.rule)
  );
}
