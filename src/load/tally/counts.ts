import type { LoadCounts } from '../result.ts';

/** Counts of nothing. */
export function emptyCounts(): LoadCounts {
  return {
    planned: 0,
    sent: 0,
    confirmed: 0,
    failed: 0,
    dropped: 0,
    late: 0,
    delivered: 0,
    processed: 0,
    unprocessed: 0,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    corrupted: 0,
    redelivered: 0,
    deadLettered: 0,
    foreign: 0,
    errors: 0,
  };
}
