import { QctlError } from '../errors.ts';

/** Thrown where another process has taken the run over: this one must not touch anything any more. */
export function fenced(run: string, who: string): QctlError {
  return new QctlError('locked', `run ${run} was taken over${who ? ` by ${who}` : ''}: this process stops`, {
    code: 'FENCED',
    hint: [`qctl cutover status ${run}`],
    details: { run },
  });
}

/** True for what {@link fenced} makes. */
export function isFenced(error: unknown): boolean {
  return error instanceof QctlError && error.code === 'FENCED';
}
