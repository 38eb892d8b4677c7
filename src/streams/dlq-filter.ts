import { matchesPattern } from '../config/streams.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import { type DeadLetter, MOST_VALUE_BYTES } from './dlq-letter.ts';
import { firstIdOf, type Position } from './position.ts';

/** Which dead letters are meant: those for which everything holds. Texts may be patterns with `*`, `?`, `[abc]`. */
export interface DeadLetterFilter {
  reason?: string;
  group?: string;
  /** The stream they come from. */
  stream?: string;
  /** The message type. */
  type?: string;
  /** As the field says that `entry.priority` of the configuration names. */
  priority?: string;
  /** Died then or later; an id is that of the dead letter. */
  since?: Position;
  /** Died then or earlier; of several all hold. */
  until?: readonly Position[];
}

/** Dead letters by filter or by id. */
export interface DeadLetterChoice {
  filter: DeadLetterFilter;
  /** These alone. */
  ids?: readonly string[];
  /** So many, the oldest first. */
  limit?: number;
}

/** True where everything may go through. */
export function isOpen(filter: DeadLetterFilter): boolean {
  return Object.values(filter).every((part) => part === undefined);
}

/** @param home where a letter comes from that does not say so */
export function matchesFilter(filter: DeadLetterFilter, letter: DeadLetter, home: string | null): boolean {
  const { reason, group, stream, type, priority, since, until } = filter;
  return (
    matchesText(reason, letter.reason) &&
    matchesText(group, letter.group) &&
    matchesText(stream, letter.originalStream ?? home) &&
    matchesText(type, letter.messageType) &&
    matchesText(priority, letter.priority) &&
    (since === undefined || compareTo(letter, since, -1) >= 0) &&
    (until === undefined || until.every((position) => compareTo(letter, position, 1) <= 0))
  );
}

/** The text itself, also where it looks like a pattern. What was read may have been cut. */
function matchesText(wanted: string | undefined, found: string | null): boolean {
  if (wanted === undefined) return true;
  if (found === null) return false;
  if (found === wanted || matchesPattern(wanted, found)) return true;
  return Buffer.byteLength(found) >= MOST_VALUE_BYTES - 3 && wanted.startsWith(found);
}

/** Where a letter lies; `unknown` where it has no time to be compared. */
function compareTo({ id, deadAt }: DeadLetter, position: Position, unknown: number): number {
  if (position.kind === 'start') return 1;
  if (position.kind === 'end') return -1;
  if (position.kind === 'id') return compareStreamIds(id, position.id);
  return deadAt === null ? unknown : Date.parse(deadAt) - position.ms;
}

/** By so much the clocks of two servers may differ between which dead letters were carried by hand. */
const SKEW_MS = 3_600_000;

/**
 * Where to begin to look: what died at a time cannot have a lower id, give or take the clocks. There is
 * no such end: an imported dead letter has a new id and an old time of death.
 */
export function firstIdToLookAt({ since }: DeadLetterFilter): string {
  if (since === undefined) return '-';
  if (since.kind === 'time') return firstIdOf({ kind: 'time', ms: since.ms - SKEW_MS });
  return firstIdOf(since);
}

/** The last id to look at, within a bound. */
export function lastIdToLookAt({ until = [] }: DeadLetterFilter, bound: string): string {
  return until.reduce(
    (last, position) =>
      position.kind === 'id' && compareStreamIds(position.id, last) < 0 ? position.id : last,
    bound,
  );
}
