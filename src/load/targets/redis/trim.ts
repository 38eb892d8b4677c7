import { compareStreamIds } from '../../../model/stream-id.ts';
import type { GroupFacts } from '../../../streams/index.ts';

/**
 * The first id that a group still needs: its oldest pending entry, or what comes behind its position. What lies below
 * it in all groups is processed. Null where there is no group.
 */
export function neededFrom(groups: readonly GroupFacts[]): string | null {
  const ids = groups.map(({ oldestPendingId, lastDeliveredId }) => oldestPendingId ?? lastDeliveredId);
  return ids.sort(compareStreamIds)[0] ?? null;
}
