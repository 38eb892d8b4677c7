import type { Measurement } from '../checks/index.ts';
import type { Severity } from './rule.ts';
import type { IncidentKind, MessageKind } from './state.ts';

/** What an {@link AlertRunner} tells, each with `type`. What other processes do is not told here. */
export type AlertEvent =
  /** A rule was measured. */
  | ({ type: 'alert-measured'; rule: string } & Omit<Measurement, 'check'>)
  /** An incident has begun, fires, or is over. */
  | {
      type: 'alert-incident';
      rule: string;
      incident: string;
      kind: IncidentKind;
      state: 'pending' | 'firing' | 'resolved';
      severity: Severity;
      why: string;
      at: string;
    }
  /** A message was sent, or could not be: then it is tried again, `error` saying why. */
  | {
      type: 'alert-message';
      rule: string;
      incident: string;
      channel: string;
      message: MessageKind;
      /** Attempts so far, this one among them. */
      attempt: number;
      error: string | null;
      at: string;
    }
  /** A rule is in the configuration no more; its incident was closed, and nobody told. */
  | { type: 'alert-removed'; rule: string; at: string }
  /** Redis cannot keep alerts at present, or can again. */
  | { type: 'alert-store'; away: string | null; at: string }
  /** Something that an operator should know. */
  | { type: 'alert-note'; text: string; at: string };
