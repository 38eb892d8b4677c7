import type { TakenEntry } from '../../sources/redis-stream/index.ts';
import { digestOfEntry, fromEntry, type OtherShape } from '../../transform/from-entry.ts';
import type { Item } from './destination.ts';

/** A page of entries: those that are messages, and those that are not with the reason. */
export interface Sorted {
  items: Item[];
  left: [id: string, reason: string][];
}

/** Makes messages of entries again. */
export function sortEntries(stream: string, entries: readonly TakenEntry[], other: OtherShape): Sorted {
  const sorted: Sorted = { items: [], left: [] };
  for (const entry of entries) {
    const made = fromEntry(entry.fields, entry.id, other);
    if ('reason' in made) sorted.left.push([entry.id, made.reason]);
    else sorted.items.push(toItem(stream, entry, made));
  }
  return sorted;
}

function toItem(
  stream: string,
  { id, fields, deliveries }: TakenEntry,
  { message, hasId }: { message: Item['message']; hasId: boolean },
): Item {
  return {
    stream,
    entry: id,
    message,
    hasId,
    digest: digestOfEntry(fields),
    attempts: deliveries > 0 ? (message.attempts ?? 0) + deliveries : message.attempts,
  };
}
