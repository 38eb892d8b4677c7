import type { Finding } from '../../model/finding.ts';

/** An action that the caller needs and may not do: `sqs:DeleteMessage`. */
export function missingRight(action: string): Finding {
  return {
    level: 'blocker',
    code: 'MISSING_RIGHT',
    text: `SQS refuses ${action}`,
    remedy: `allow ${action} in the IAM policy of the caller and in the policy of the queue`,
  };
}
