import { basename } from 'node:path';
import { type RunOutcome, runProgram } from '../backends/process/index.ts';
import { redactText } from '../config/redact.ts';
import { QctlError } from '../errors.ts';
import type { Measuring } from './metric.ts';

/** The time of the check ends it sooner. */
const MOST_MS = 3_600_000;
const GRACE_MS = 1000;

/** Runs a program to measure something; its process group is gone when this returns, also where the signal ends it. */
export function measureProgram(
  argv: readonly string[],
  { doors, signal }: Measuring,
  cwd?: string,
): Promise<RunOutcome> {
  return runProgram({ argv, cwd, env: doors.env, timeoutMs: MOST_MS, graceMs: GRACE_MS, signal });
}

const ENDED: Record<RunOutcome['ended'], string> = {
  ok: 'it gave nothing',
  failed: 'it failed',
  missing: 'it was not found',
  notExecutable: 'it may not be executed',
  timedOut: 'it took too long',
  aborted: 'it took too long',
  leftOpen: 'something that it started went on',
};

/** The error for a program that measured nothing: with the end of what it printed, and none of its arguments. */
export function programFailed(argv: readonly string[], { ended, code, tail }: RunOutcome): QctlError {
  const how = ended === 'failed' && code !== null ? `exit ${code}` : ENDED[ended];
  const last = firstWords(redactText(tail.trim().split('\n').at(-1) ?? ''));
  return new QctlError('failed', `${basename(argv[0]!)}: ${how}${last && ` (${last})`}`, {
    code: 'METRIC_COMMAND_FAILED',
    hint: ['run it by hand as the same user, with the same environment'],
  });
}

const MOST_TOLD = 200;

/** No part of a word: nobody would know a secret by its beginning. */
function firstWords(text: string): string {
  return text.length <= MOST_TOLD ? text : `${text.slice(0, MOST_TOLD).replace(/\S*$/, '')}…`;
}
