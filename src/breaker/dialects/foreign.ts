import { redactText } from '../../config/redact.ts';
import type { BreakerState } from '../view.ts';

/** Libraries whose breakers can be listed, by the name of the flag. */
export const DIALECTS = ['stoplight', 'pybreaker', 'gobreaker'] as const;
/** See {@link DIALECTS}. */
export type Dialect = (typeof DIALECTS)[number];

/** A circuit breaker that another library keeps in Redis. Times are ms since 1970; null is what nobody can know here. */
export interface ForeignBreaker {
  dialect: Dialect;
  name: string;
  /**
   * What the next call would meet, as far as Redis tells: pybreaker does not keep how long it stays open. Unknown where
   * the library's own values cannot be read; `note` says why.
   */
  state: BreakerState | 'unknown';
  /** Held there by somebody, until it is unlocked. */
  locked: boolean;
  /** As the library counts: in a row (stoplight, pybreaker), or since the state began (gobreaker). */
  failures: number | null;
  sinceMs: number | null;
  /** When it lets a probe through; of a locked one, when the lock is lost. */
  nextChangeMs: number | null;
  /** Kind and first line. */
  lastError: string | null;
  lastErrorAtMs: number | null;
  note: string | null;
}

/** A breaker of which nothing is known but its name. */
export function unknownBreaker(dialect: Dialect, name: string, note: string | null): ForeignBreaker {
  return {
    ...{ dialect, name, state: 'unknown', locked: false, failures: null, note },
    ...{ sinceMs: null, nextChangeMs: null, lastError: null, lastErrorAtMs: null },
  };
}

/** A number that is 0 or more; null for anything else. */
export function amountOf(text: string | null | undefined): number | null {
  if (!text || !/^\d{1,15}(\.\d+)?(e[+-]?\d{1,2})?$/i.test(text)) return null;
  return Number(text);
}

/** Seconds since 1970, whole or not, as ms; null where there are none. */
export function secondsToMs(text: string | null | undefined): number | null {
  const seconds = amountOf(text);
  return seconds === null ? null : Math.round(seconds * 1000);
}

const MOST_ERROR_TEXT = 200;

/** An error as operators see it: one line, no secrets in URLs. */
export function errorText(kind: string, message: string): string | null {
  const line = [kind, message.split('\n')[0]!.trim()].filter(Boolean).join(': ');
  return redactText(line).slice(0, MOST_ERROR_TEXT) || null;
}
