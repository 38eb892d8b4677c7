import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyChanges, changesBetween } from '../../src/overview/index.ts';
import type { DeadLetterRow, GroupRow, Snapshot, StreamRow } from '../../src/overview/snapshot.ts';

const BEGAN = Date.parse('2026-11-22T02:00:00.000Z');
const age = fc.option(fc.nat(5000));
const few = fc.constantFrom(0, 1, 2);
const group: fc.Arbitrary<Partial<GroupRow>> = fc.record({
  group: fc.constantFrom('a', 'b'),
  pending: few,
  lag: fc.option(few),
  oldestPendingAgeMs: age,
  oldestUndeliveredAgeMs: age,
});
const stream: fc.Arbitrary<Partial<StreamRow>> = fc.record({
  stream: fc.constantFrom('x', 'Y', 'ä', '__proto__', '7', 'x:{0}'),
  length: few,
  oldestAgeMs: age,
  lastAddedAgeMs: age,
  oldestPendingAgeMs: age,
  groups: fc.array(group, { maxLength: 2 }) as fc.Arbitrary<GroupRow[]>,
});
const letters: fc.Arbitrary<Partial<DeadLetterRow>> = fc.record({
  stream: fc.constantFrom('x:dead'),
  newestAgeMs: age,
  oldestAgeMs: age,
});

function byName(a: { stream?: string }, b: { stream?: string }): number {
  return a.stream! < b.stream! ? -1 : 1;
}

function snapshot(seq: number): fc.Arbitrary<Snapshot> {
  return fc
    .record({
      epoch: fc.constant('e'),
      seq: fc.constant(seq),
      at: fc.nat(2000).map((ms) => new Date(BEGAN + seq * 1000 + ms).toISOString()),
      tookMs: few,
      missing: fc.constantFrom([], [{ part: 'runs', why: 'NOPERM' }]),
      redis: fc.record({ clients: few, hitRatio: fc.option(few) }),
      streams: fc.uniqueArray(stream, { selector: (row) => row.stream }).map((rows) => rows.sort(byName)),
      deadLetters: fc.array(letters, { maxLength: 1 }),
      runs: fc.constantFrom([], [{ run: 'r', brakes: [] }], [{ run: 'r', brakes: [{ brake: 'lag' }] }]),
    })
    .map((made) => made as unknown as Snapshot);
}

/** The same rows some ms later: nothing has happened. */
function later(before: Snapshot, ms: number): Snapshot {
  const at = new Date(Date.parse(before.at) + ms).toISOString();
  const grown = JSON.parse(JSON.stringify(before), (name, value) =>
    name.endsWith('AgeMs') && value !== null ? value + ms : value,
  );
  return { ...grown, at, seq: before.seq + 1 };
}

test('what has changed makes the new snapshot of the old one', () => {
  fc.assert(
    fc.property(snapshot(1), snapshot(2), (before, after) => {
      const changes = JSON.parse(JSON.stringify(changesBetween(before, after)));
      expect(applyChanges(before, changes)).toEqual(after);
    }),
  );
});

test('rows in which nothing has happened are not sent for their ages alone', () => {
  fc.assert(
    fc.property(snapshot(1), fc.nat(3000), (before, ms) => {
      const after = later(before, ms);
      const changes = changesBetween(before, after);
      expect(changes).toMatchObject({ seq: 2, since: 1, streams: [], gone: [] });
      expect(Object.keys(changes.parts).filter((name) => !['seq', 'at'].includes(name))).toEqual([]);
      expect(applyChanges(before, changes)).toEqual(after);
    }),
  );
});

test('neither side is changed', () => {
  fc.assert(
    fc.property(snapshot(1), snapshot(2), (before, after) => {
      const text = JSON.stringify([before, after]);
      applyChanges(before, changesBetween(before, after));
      expect(JSON.stringify([before, after])).toBe(text);
    }),
  );
});
