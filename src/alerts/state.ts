import type { CheckOutcome, CheckValue } from '../checks/index.ts';
import type { Severity } from './rule.ts';

/** `breach`: the check fails. `blind`: it could not be measured again and again. */
export type IncidentKind = 'breach' | 'blind';

/** What a message is about. */
export type MessageKind = 'firing' | 'repeat' | 'resolved';

/** A message that is owed to one channel. Times are ms, by the clock of the store. */
export interface Delivery {
  /** Of the message within its incident, from 1. */
  n: number;
  kind: MessageKind;
  channel: string;
  /** Attempts that were begun. */
  attempts: number;
  /** Not before. */
  nextMs: number;
  /** Who is sending it, and until when nobody else does. */
  claim: { token: string; untilMs: number } | null;
  /** Why the last attempt failed. */
  error: string | null;
}

/** From the first failure to the last message about it. */
export interface Incident {
  id: string;
  kind: IncidentKind;
  state: 'pending' | 'firing' | 'resolved';
  severity: Severity;
  /** The first measurement that failed. */
  sinceMs: number;
  firedMs: number | null;
  /** Since when it has been good again, where it has to stay so for a while. */
  clearMs: number | null;
  resolvedMs: number | null;
  /** Newest message that was made, from 1; 0: none. */
  messages: number;
  lastMessageMs: number | null;
  value: CheckValue;
  baseline: number | null;
  why: string;
  /** Channel -> the newest message that it got. */
  told: Record<string, number>;
  owed: Delivery[];
}

/** Somebody wants to hear nothing for a while. */
export interface Silence {
  /** 0: it was taken back. */
  untilMs: number;
  reason: string;
  by: string;
  changedMs: number;
}

/** The last measurement. */
export interface LastMeasurement {
  atMs: number;
  outcome: CheckOutcome;
  value: CheckValue;
  baseline: number | null;
  why: string;
}

/** All that is kept of one rule. */
export interface RuleState {
  v: 1;
  /** Goes up with each change. */
  seq: number;
  /** Of the plan that looks at it; see {@link AlertPlan.id}, without its files. */
  owner: string;
  severity: Severity;
  intervalMs: number;
  /** When it is to be measured again. */
  dueMs: number;
  /** Who is measuring. */
  measuring: { token: string; untilMs: number } | null;
  lookedMs: number;
  errorsInARow: number;
  last: LastMeasurement | null;
  /** Values over time for `against`, the oldest first: ms and value. */
  samples: [number, number][];
  /** One of a kind may be pending or firing; those that are resolved are kept until everybody was told. */
  incidents: Incident[];
  /** The newest that is over, for whoever looks. */
  lastResolved: { id: string; kind: IncidentKind; sinceMs: number; resolvedMs: number } | null;
  silence: Silence | null;
}

/** Of a rule that was never looked at. */
export function freshState(owner: string): RuleState {
  return {
    v: 1,
    seq: 0,
    owner,
    severity: 'warning',
    intervalMs: 0,
    dueMs: 0,
    measuring: null,
    lookedMs: 0,
    errorsInARow: 0,
    last: null,
    samples: [],
    incidents: [],
    lastResolved: null,
    silence: null,
  };
}

/** The incident of a kind that is not over. */
export function openIncident(state: Pick<RuleState, 'incidents'>, kind: IncidentKind): Incident | undefined {
  return state.incidents.find((one) => one.kind === kind && one.state !== 'resolved');
}

/** A state as it was kept; undefined where it is none of ours. */
export function parseState(text: string): RuleState | undefined {
  try {
    const state = JSON.parse(text) as RuleState;
    return state?.v === 1 && Array.isArray(state.incidents) ? state : undefined;
  } catch {
    return undefined;
  }
}
