import { QctlError } from '../../src/errors.ts';
import { plural } from '../../src/model/plural.ts';
import type { Failure } from './change.ts';

/** One that failed alone speaks for itself; where others went well the command ends as partly done. */
export function failedChanges(done: number, failures: readonly Failure[]): QctlError {
  const [{ name, error }] = failures as [Failure];
  if (done === 0 && failures.length === 1) return error;
  const total = done + failures.length;
  const text = `${failures.length} of ${total} ${plural(total, 'breaker')} could not be changed`;
  return new QctlError(done === 0 ? error.kind : 'partial', `${text}; ${name}: ${error.message}`, {
    code: done === 0 ? error.code : 'BREAKERS_PARTIAL',
    hint: error.hint,
    details: { breakers: failures.map((failure) => failure.name) },
    cause: error,
  });
}
