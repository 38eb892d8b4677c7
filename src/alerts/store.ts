import { QctlError } from '../errors.ts';
import type { RuleState } from './state.ts';

/** What becomes of a state; undefined: it stays as it is. */
export type Change<T> = (
  state: RuleState | null,
  nowMs: number,
) => { state: RuleState; result: T } | undefined;

/** What was changed. */
export interface Changed<T> {
  state: RuleState;
  nowMs: number;
  result: T;
}

/**
 * Keeps the state of rules. A change is made on what stands there at that instant, by one process at a time: where
 * somebody else was first it is asked for again, so that it must have no effect of its own.
 */
export interface AlertStore {
  update<T>(rule: string, change: Change<T>): Promise<Changed<T> | undefined>;
  read(rule: string): Promise<{ state: RuleState | null; nowMs: number }>;
}

/** Redis cannot keep the state of alerts at present; waiting may help. */
export class StoreAway extends QctlError {
  /** It answers, and only cannot be written to: what it holds can be measured. */
  readonly readable: boolean;
  /** As a short clause. */
  readonly reason: string;

  constructor(reason: string, readable: boolean, told?: QctlError) {
    super('target', told?.message ?? `redis does not answer: ${reason}`, {
      code: 'ALERTS_REDIS_AWAY',
      hint: told?.hint ?? ['check that it runs and can be reached from here'],
    });
    this.name = 'StoreAway';
    this.reason = reason;
    this.readable = readable;
  }
}
