import type { AlertRule } from './rule.ts';
import { isSilent } from './silence.ts';
import type { Delivery, Incident, RuleState } from './state.ts';

/** A message that one process has taken on. */
export interface ClaimedDelivery {
  incident: Incident;
  delivery: Delivery;
}

/** How sending is timed, in ms. */
export interface SendTimes {
  /** So long after the time limit of an attempt its process counts as gone. */
  graceMs: number;
  /** Before a second attempt; twice that before each further one. */
  retryMs: number;
}

/** Default of {@link SendTimes}. */
export const SEND_TIMES: SendTimes = { graceMs: 10_000, retryMs: 5000 };

const LONGEST_RETRY_MS = 300_000;

/**
 * Takes the first message on that may be sent now. Messages of one incident go to a channel one after the other; while
 * a rule is silent none goes. Undefined where there is none.
 *
 * @param leaseOf how long an attempt may take on a channel; undefined: there is no such channel any more
 */
export function claimNext(
  state: RuleState,
  rule: AlertRule,
  token: string,
  nowMs: number,
  leaseOf: (channel: string) => number | undefined,
): { state: RuleState; claimed: ClaimedDelivery } | undefined {
  if (isSilent(state, rule, nowMs)) return undefined;
  for (const whole of state.incidents) {
    const incident = withoutObsolete(whole, nowMs);
    for (const delivery of incident.owed) {
      const leaseMs = leaseOf(delivery.channel);
      if (leaseMs === undefined || !isFree(incident, delivery, nowMs)) continue;
      const attempts = delivery.attempts + 1;
      const claim = { token, untilMs: nowMs + leaseMs };
      const taken = { ...delivery, attempts, claim };
      const changed = { ...incident, owed: incident.owed.map((one) => (one === delivery ? taken : one)) };
      return { state: replace(state, changed), claimed: { incident: changed, delivery: taken } };
    }
  }
  return undefined;
}

/** A process that was to tell of it is gone, and so is the incident. */
function withoutObsolete(incident: Incident, nowMs: number): Incident {
  if (incident.state !== 'resolved') return incident;
  const owed = incident.owed.filter(
    ({ kind, claim }) => kind === 'resolved' || (claim !== null && claim.untilMs > nowMs),
  );
  return { ...incident, owed };
}

function isFree(incident: Incident, delivery: Delivery, nowMs: number): boolean {
  const { claim, nextMs, channel, n } = delivery;
  if (nextMs > nowMs || (claim && claim.untilMs > nowMs)) return false;
  return !incident.owed.some((one) => one.channel === channel && one.n < n);
}

/** Notes what became of an attempt. A claim that somebody else has taken over meanwhile is left alone. */
export function noteOutcome(
  state: RuleState,
  { incident: { id }, delivery }: ClaimedDelivery,
  token: string,
  outcome: { error: string | null; retryAfterMs?: number },
  nowMs: number,
  { retryMs }: SendTimes = SEND_TIMES,
): RuleState {
  const incident = state.incidents.find((one) => one.id === id);
  const owed = incident?.owed.find(({ n, channel }) => n === delivery.n && channel === delivery.channel);
  if (!incident || !owed) return state;
  const { channel, n } = owed;
  if (outcome.error === null) {
    const told = { ...incident.told, [channel]: Math.max(n, incident.told[channel] ?? 0) };
    return replace(state, { ...incident, told, owed: incident.owed.filter((one) => one !== owed) });
  }
  if (owed.claim?.token !== token) return state;
  const obsolete = incident.state === 'resolved' && owed.kind !== 'resolved';
  const waitMs = Math.max(outcome.retryAfterMs ?? 0, backoff(owed.attempts, retryMs));
  const failed = { ...owed, claim: null, error: outcome.error, nextMs: nowMs + waitMs };
  const rest = incident.owed.flatMap((one) => (one !== owed ? [one] : obsolete ? [] : [failed]));
  return replace(state, { ...incident, owed: rest });
}

function backoff(attempts: number, retryMs: number): number {
  return Math.min(retryMs * 2 ** Math.min(attempts - 1, 20), LONGEST_RETRY_MS);
}

function replace(state: RuleState, incident: Incident): RuleState {
  return { ...state, incidents: state.incidents.map((one) => (one.id === incident.id ? incident : one)) };
}

/** When the next message may be sent; Infinity: none is owed to a channel that is known. */
export function nextDeliveryMs({ incidents }: RuleState, isKnown: (channel: string) => boolean): number {
  const times = incidents.flatMap(({ owed }) =>
    owed
      .filter(({ channel }) => isKnown(channel))
      .map(({ nextMs, claim }) => Math.max(nextMs, claim?.untilMs ?? 0)),
  );
  return Math.min(...times, Number.POSITIVE_INFINITY);
}
