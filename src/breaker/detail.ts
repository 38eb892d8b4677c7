import type { BreakerSettings } from '../model/breaker-settings.ts';
import type { CallCounts, Cause } from './view.ts';

/** Why it opens, in the words of the scripts: `5 of 5 calls failed in 60s, threshold 5`; null for other causes. */
export function detailOf(cause: Cause, settings: BreakerSettings, counts: CallCounts): string | null {
  const { failureThreshold, failureRate, slowCallRate, windowMs } = settings;
  const calls = counts.ok + counts.failed;
  const window = `in ${windowMs / 1000}s`;
  switch (cause) {
    case 'failures':
      return `${counts.failed} of ${calls} calls failed ${window}, threshold ${failureThreshold}`;
    case 'failure-rate':
      return `${counts.failed} of ${calls} calls failed ${window}, threshold ${failureRate}%`;
    case 'slow-calls':
      return `${counts.slow} of ${calls} calls were slow ${window}, threshold ${slowCallRate}%`;
    default:
      return null;
  }
}
