import type { Changes } from './live.ts';
import type { DeadLetterRow, GroupRow, Snapshot, StreamRow } from './snapshot.ts';

/*
 * The page runs this too: it imports types alone.
 *
 * Ages grow by themselves: with thousands of quiet streams nearly all rows would be sent again each second for them.
 * So those of rows that are not named in the changes are let grow on both sides.
 */

/** What is different between two looks of one process. */
export function changesBetween(before: Snapshot, after: Snapshot): Changes {
  const elapsedMs = Date.parse(after.at) - Date.parse(before.at);
  const old = new Map(before.streams.map((row) => [row.stream, row]));
  const now = new Set(after.streams.map(({ stream }) => stream));
  const { streams: _, ...rest } = after;
  const older = { ...before, deadLetters: before.deadLetters.map((row) => agedLetters(row, elapsedMs)) };
  const parts = Object.entries(rest).filter(([name, part]) => !same(older[name as keyof typeof older], part));
  return {
    epoch: after.epoch,
    seq: after.seq,
    since: before.seq,
    streams: after.streams.filter((row) => {
      const known = old.get(row.stream);
      return !known || !same(agedStream(known, elapsedMs), row);
    }),
    gone: before.streams.flatMap(({ stream }) => (now.has(stream) ? [] : [stream])),
    parts: Object.fromEntries(parts),
  };
}

/** The snapshot with what has changed since. The changes must be those since its `seq`, of its `epoch`. */
export function applyChanges(before: Snapshot, { streams, gone, parts }: Changes): Snapshot {
  const elapsedMs = Date.parse(parts.at ?? before.at) - Date.parse(before.at);
  const changed = new Map(streams.map((row) => [row.stream, row]));
  const left = new Set(gone);
  const kept = before.streams
    .filter(({ stream }) => !changed.has(stream) && !left.has(stream))
    .map((row) => agedStream(row, elapsedMs));
  const deadLetters = before.deadLetters.map((row) => agedLetters(row, elapsedMs));
  return { ...before, deadLetters, ...parts, streams: byName([...kept, ...streams]) };
}

function byName(rows: StreamRow[]): StreamRow[] {
  return rows.sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : 0));
}

function agedStream(row: StreamRow, ms: number): StreamRow {
  return {
    ...row,
    oldestAgeMs: aged(row.oldestAgeMs, ms),
    lastAddedAgeMs: aged(row.lastAddedAgeMs, ms),
    oldestPendingAgeMs: aged(row.oldestPendingAgeMs, ms),
    groups: row.groups.map((group) => agedGroup(group, ms)),
  };
}

function agedGroup(group: GroupRow, ms: number): GroupRow {
  return {
    ...group,
    oldestPendingAgeMs: aged(group.oldestPendingAgeMs, ms),
    oldestUndeliveredAgeMs: aged(group.oldestUndeliveredAgeMs, ms),
  };
}

function agedLetters(row: DeadLetterRow, ms: number): DeadLetterRow {
  return { ...row, newestAgeMs: aged(row.newestAgeMs, ms), oldestAgeMs: aged(row.oldestAgeMs, ms) };
}

function aged(age: number | null, ms: number): number | null {
  return age === null ? null : age + ms;
}

/** Of values as JSON has them. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every(
    (name) => Object.hasOwn(b, name) && same(a[name as keyof typeof a], b[name as keyof typeof b]),
  );
}
