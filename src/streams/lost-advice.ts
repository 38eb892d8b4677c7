import type { Finding } from '../model/finding.ts';
import { plural } from '../model/plural.ts';
import { shellWord } from '../model/shell-word.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import type { GroupFacts, StreamFacts } from './facts.ts';

/** What is said of entries that a group never got, or no longer can: the lag does not show them. */
export function adviseOnLoss(facts: StreamFacts, group: GroupFacts): Finding[] {
  return [lostUndelivered(facts, group), lostPending(facts, group)].filter((one) => one !== undefined);
}

/**
 * The greatest number of entries that can have been removed before a group got them. Of all that were ever
 * added the group read some, and where it stands before the first entry all that are left wait for it: what
 * remains was removed. It is no more than a bound, since what was deleted one by one counts too, and what
 * a group had already got when it was set back. Null where the facts do not tell.
 */
export function mostLost(facts: StreamFacts, { lastDeliveredId, entriesRead }: GroupFacts): number | null {
  const { length, firstId, entriesAdded } = facts;
  if (entriesAdded === null || entriesRead === null) return null;
  const before = firstId === null || compareStreamIds(lastDeliveredId, firstId) < 0;
  return before ? Math.max(0, entriesAdded - length - entriesRead) : null;
}

function lostUndelivered(facts: StreamFacts, group: GroupFacts): Finding | undefined {
  const lost = mostLost(facts, group);
  if (lost === null || lost === 0) return undefined;
  const removed = facts.maxDeletedId === '0-0' ? 'trimmed' : 'trimmed or deleted';
  const entries = `${lost} ${plural(lost, 'entry')} ${lost === 1 ? 'was' : 'were'}`;
  const them = lost === 1 ? 'it' : 'them';
  return {
    level: 'warning',
    code: 'UNDELIVERED_TRIMMED',
    text: `up to ${entries} ${removed} before group ${group.group} got ${them}`,
    remedy: `see who trims the stream; 'qctl stream trim ${shellWord(facts.stream)}' leaves what a group still needs`,
  };
}

function lostPending(facts: StreamFacts, { group, oldestPendingId }: GroupFacts): Finding | undefined {
  const { stream, firstId } = facts;
  if (oldestPendingId === null) return undefined;
  if (firstId !== null && compareStreamIds(oldestPendingId, firstId) >= 0) return undefined;
  return {
    level: 'warning',
    code: 'PENDING_TRIMMED',
    text: `group ${group}: the oldest pending entries were trimmed away`,
    remedy: `'qctl pending ${shellWord(stream)} ${shellWord(group)}' shows which`,
  };
}
