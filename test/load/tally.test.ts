import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK_SIZE } from '../../src/load/tally/chunk.ts';
import { Tally } from '../../src/load/tally/tally.ts';

const GROUPS = 2;
const KEYS = 3;
const GOOD = Buffer.from('good');
const BAD = Buffer.from('bad');

/** One thing that happens to a message. */
const happening = fc.record({
  seq: fc.nat(7),
  group: fc.nat(GROUPS - 1),
  what: fc.constantFrom('confirm', 'fail', 'deliver', 'damage', 'again', 'process', 'bury', 'doubt'),
});

type Happening = Parameters<Parameters<typeof happening.map>[0]>[0];

/** The same book, kept in the plainest way. */
class PlainBook {
  readonly confirmed = new Set<number>();
  readonly failed = new Set<number>();
  readonly finished = new Set<string>();
  readonly seen: number[][] = [[], []];
  readonly damaged = new Set<string>();
  counts = { doubled: 0, outOfOrder: 0, corrupted: 0, redelivered: 0, deadLettered: 0 };

  deliver(seq: number, group: number, bad: boolean, attempt: number | null): void {
    const cell = `${seq}/${group}`;
    const seen = this.seen[group]!;
    if (bad && !this.damaged.has(cell)) {
      this.damaged.add(cell);
      this.counts.corrupted += 1;
    }
    if (!seen.includes(seq)) {
      if (seen.some((other) => other > seq && other % KEYS === seq % KEYS)) this.counts.outOfOrder += 1;
      seen.push(seq);
    } else if (!this.finished.has(cell) && attempt !== 1) this.counts.redelivered += 1;
  }
}

function replay(happenings: readonly Happening[]): { tally: Tally; book: PlainBook; planned: number } {
  const tally = new Tally('run', GROUPS, KEYS);
  const book = new PlainBook();
  const planned = 8;
  for (let seq = 0; seq < planned; seq += 1) {
    tally.plan(seq, seq, crc32(GOOD), seq % KEYS);
    tally.sent(seq, seq);
  }
  const doubts = new Set<string>();
  for (const { seq, group, what } of happenings) {
    const cell = `${seq}/${group}`;
    const known = book.confirmed.has(seq) || book.failed.has(seq);
    const delivered = book.seen[group]!.includes(seq);
    if (what === 'confirm' && !known) {
      book.confirmed.add(seq);
      tally.confirmed(seq, 100);
    } else if (what === 'fail' && !known) {
      book.failed.add(seq);
      tally.failed(seq);
    } else if (what === 'deliver' || what === 'damage' || what === 'again') {
      const attempt = what === 'again' ? null : 1;
      const body = what === 'damage' ? BAD : GOOD;
      book.deliver(seq, group, what === 'damage', attempt);
      tally.delivered(group, { id: tally.idOf(seq), body, attempt, token: '' });
    } else if (what === 'process' && delivered) {
      if (book.finished.has(cell)) book.counts.doubled += 1;
      book.finished.add(cell);
      doubts.delete(cell);
      tally.processed(group, seq);
    } else if (what === 'bury' && delivered) {
      book.counts.deadLettered += 1;
      book.finished.add(cell);
      doubts.delete(cell);
      tally.buried(group, seq);
    } else if (what === 'doubt' && delivered) {
      if (!book.finished.has(cell)) doubts.add(cell);
      tally.doubted(group, seq);
    }
  }
  tally.resolveDoubts();
  for (const cell of doubts) book.finished.add(cell);
  return { tally, book, planned };
}

describe('the book of a load test', () => {
  test('says of any course of things what a plain book says', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 200, size: 'max' }), (happenings) => {
        const { tally, book, planned } = replay(happenings);
        const missing = [...book.confirmed].flatMap((seq) =>
          [0, 1].filter((group) => !book.finished.has(`${seq}/${group}`)),
        ).length;
        expect(tally.counts(true)).toMatchObject({
          ...book.counts,
          planned,
          confirmed: book.confirmed.size,
          failed: book.failed.size,
          lost: missing,
        });
        // Where the queue may hold more, what is missing is not called lost.
        const open = tally.counts(false);
        expect([open.lost, open.unprocessed]).toEqual(missing === 0 ? [0, 0] : [null, missing]);
        const settled = (seq: number) =>
          book.failed.has(seq) || [0, 1].every((group) => book.finished.has(`${seq}/${group}`));
        const first =
          Array.from({ length: planned }, (_, seq) => seq).find((seq) => !settled(seq)) ?? planned;
        expect(tally.settledBelow(first)).toBe(true);
        if (first < planned) expect(tally.settledBelow(first + 1)).toBe(false);
      }),
    );
  });

  test('a copy that comes long after everything was processed is still counted', () => {
    const tally = new Tally('run', 1, 0);
    for (let seq = 0; seq < CHUNK_SIZE + 1; seq += 1) {
      tally.plan(seq, 0, crc32(GOOD), -1);
      tally.sent(seq, 0);
      tally.confirmed(seq, 1);
      tally.delivered(0, { id: tally.idOf(seq), body: GOOD, attempt: 1, token: '' });
      tally.processed(0, seq);
    }
    tally.delivered(0, { id: tally.idOf(7), body: GOOD, attempt: 1, token: '' });
    tally.processed(0, 7);
    expect(tally.counts(true)).toMatchObject({ lost: 0, doubled: 1, processed: CHUNK_SIZE + 2 });
  });

  test('what is not of this run is foreign, however its id looks', () => {
    const tally = new Tally('run', 1, 0);
    tally.plan(0, 0, crc32(GOOD), -1);
    for (const id of ['', 'run-1', 'run-x', 'run-00000000000000000000', 'other-0', 'run--0', 'run-0.5'])
      expect(tally.delivered(0, { id, body: GOOD, attempt: 1, token: '' }).seq).toBe(-1);
    expect(tally.counts(true)).toMatchObject({ foreign: 7, corrupted: 0 });
  });

  test('nothing is said to be lost where nothing consumes', () => {
    const tally = new Tally('run', 0, 0);
    tally.plan(0, 0, 0, -1);
    tally.sent(0, 0);
    tally.confirmed(0, 1);
    expect(tally.counts(true)).toMatchObject({ lost: null, unprocessed: 0, confirmed: 1 });
    expect(tally.settledBelow(1)).toBe(true);
  });
});
