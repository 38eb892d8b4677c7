import { QctlError } from '../../errors.ts';
import type { ConditionResult, LoadComparison } from './types.ts';

/** The error of a comparison that is no pass; undefined for one that is. */
export function compareError({ conditions }: LoadComparison): QctlError | undefined {
  const of = (outcome: ConditionResult['outcome']) => conditions.filter((one) => one.outcome === outcome);
  const [failed, unclear] = [of('failed'), of('inconclusive')];
  if (failed.length > 0)
    return new QctlError('threshold', `the candidate fails: ${told(failed)}`, {
      code: 'LOAD_COMPARE_FAILED',
      hint: ['the comparison has all numbers: -o table'],
      details: { failed, inconclusive: unclear },
    });
  if (unclear.length === 0) return undefined;
  return new QctlError('partial', `it cannot be told: ${told(unclear)}`, {
    code: 'LOAD_COMPARE_INCONCLUSIVE',
    hint: [...new Set(unclear.flatMap(({ remedy }) => remedy ?? []))],
    details: { inconclusive: unclear },
  });
}

function told(conditions: readonly ConditionResult[]): string {
  return conditions.map(({ text, why }) => `${text} (${why})`).join(', ');
}
