import type { ErrorKind } from '../src/errors.ts';

/** One exit code as `qctl help exit-codes` explains it. */
export interface ExitCode {
  code: number;
  name: string;
  description: string;
}

/** Every exit code of qctl. Scripts depend on these numbers: they are added to, never changed. */
export const EXIT_CODES: readonly ExitCode[] = [
  { code: 0, name: 'ok', description: 'done, and shown to be done' },
  { code: 1, name: 'failed', description: 'failed for a reason that no other code names' },
  { code: 2, name: 'usage', description: 'wrong command, argument or flag; nothing was done' },
  {
    code: 3,
    name: 'refused',
    description: 'a check before the start said no, the context changed, or --yes is missing',
  },
  { code: 4, name: 'auth', description: 'credentials or permissions are missing or not accepted' },
  { code: 5, name: 'config', description: 'the configuration or an environment variable is wrong' },
  { code: 6, name: 'source', description: 'the source (SQS, PostgreSQL) cannot be reached or failed' },
  { code: 7, name: 'target', description: 'the target (Redis) cannot be reached or failed' },
  {
    code: 8,
    name: 'partial',
    description: 'something was quarantined or left over; it is safe to run again',
  },
  { code: 9, name: 'declined', description: 'the question was answered with no; nothing was done' },
  { code: 10, name: 'locked', description: 'another run holds the lock' },
  { code: 11, name: 'paused', description: 'paused, or waiting for approval' },
  { code: 12, name: 'rolled-back', description: 'rolled back; the old side is healthy' },
  { code: 13, name: 'rollback-failed', description: 'the rollback failed; act now' },
  { code: 99, name: 'threshold', description: 'a threshold or criterion was not met' },
  { code: 130, name: 'sigint', description: 'stopped by SIGINT (Ctrl-C)' },
  { code: 143, name: 'sigterm', description: 'stopped by SIGTERM' },
];

/** Codes that a command returns although no error was thrown. */
export const ROLLED_BACK = 12;
/** See {@link ROLLED_BACK}. */
export const ROLLBACK_FAILED = 13;

/** What the commands that monitoring calls (`qctl check …`) end with, in place of the codes above. */
export const CHECK_EXIT = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;

const CODE_OF_KIND: Record<ErrorKind, number> = {
  failed: 1,
  usage: 2,
  refused: 3,
  auth: 4,
  config: 5,
  source: 6,
  target: 7,
  partial: 8,
  declined: 9,
  locked: 10,
  paused: 11,
  threshold: 99,
};

/** The exit code of a kind of error. A kind from elsewhere counts as plain failure. */
export function exitCodeOf(kind: ErrorKind): number {
  return CODE_OF_KIND[kind] ?? 1;
}

/** The exit code of a run that a signal ended: 128 plus the signal's number. */
export function exitCodeOfSignal(signal: 'SIGINT' | 'SIGTERM'): 130 | 143 {
  return signal === 'SIGINT' ? 130 : 143;
}
