/**
 * What kind of thing went wrong. The terminal maps a kind to an exit code in
 * one table (`commands/exit-codes.ts`); the library only names the kind.
 */
export type ErrorKind =
  | 'failed'
  | 'usage'
  | 'refused'
  | 'auth'
  | 'config'
  | 'source'
  | 'target'
  | 'partial'
  | 'declined'
  | 'locked'
  | 'paused'
  | 'threshold';

/** What to do about an error, a sentence each: at least one. */
export type Hints = [first: string, ...more: string[]];

/** Everything of a {@link QctlError} besides its kind and message. */
export interface ErrorDetails {
  /** Stable UPPER_SNAKE name that scripts may match on. */
  code: string;
  /** What to do next, one sentence a line; at least one. */
  hint: string[];
  /** Ids and numbers that the message is about; never a secret, never a body. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** An expected failure: lower-case text that names the thing, and hints that say what to do. */
export class QctlError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string[];
  readonly details: Record<string, unknown>;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'QctlError';
    this.kind = kind;
    this.code = details.code;
    this.hint = details.hint;
    this.details = details.details ?? {};
  }
}

/** True for an error that qctl itself raised and that is fit to be shown as it is. */
export function isQctlError(error: unknown): error is QctlError {
  return error instanceof QctlError;
}
