import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutLength } from '../../src/drain/back/postgres/columns.ts';
import { Feed } from '../../src/drain/back/sqs/feed.ts';
import type { Letter } from '../../src/drain/back/sqs/letter.ts';

const letter = (entry: number, group: string | null, bytes: number): Letter => ({
  entry: String(entry),
  name: String(entry),
  group,
  request: { MessageBody: 'x' },
  bytes,
  unmarked: false,
  clipped: false,
});

const letters = fc
  .array(
    fc.record({
      group: fc.option(fc.constantFrom('a', 'b', 'c')),
      bytes: fc.constantFrom(10, 100_000, 300_000),
    }),
    { maxLength: 60 },
  )
  .map((rows) => rows.map(({ group, bytes }, i) => letter(i, group, bytes)));

test('batches hold ten letters and 256 KiB at most, one of a group, and each letter goes once and in the order of its group', async () => {
  await fc.assert(
    fc.asyncProperty(letters, fc.integer({ min: 1, max: 4 }), async (all, senders) => {
      const feed = new Feed(all);
      const sent: Letter[] = [];
      const sender = async () => {
        for (let batch = await feed.take(); batch.length > 0; batch = await feed.take()) {
          expect(batch.length).toBeLessThanOrEqual(10);
          if (batch.length > 1)
            expect(batch.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(262_144);
          const groups = batch.flatMap(({ group }) => group ?? []);
          expect(new Set(groups).size).toBe(groups.length);
          await Promise.resolve();
          sent.push(...batch);
          feed.release(batch);
        }
      };
      await Promise.all(Array.from({ length: senders }, sender));
      expect(sent.map(({ entry }) => Number(entry)).sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
      for (const name of ['a', 'b', 'c']) {
        const order = sent.filter(({ group }) => group === name).map(({ entry }) => Number(entry));
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
    }),
  );
});

test.each([
  ['character varying(3)', 'character varying'],
  ['character(3)', 'bpchar'],
  ['bit(8)', 'bit varying'],
  ['bit varying(8)', 'bit varying'],
  ['numeric(10,2)', 'numeric'],
  ['timestamp(3) with time zone', 'timestamp with time zone'],
  ['character varying(3)[]', 'character varying[]'],
  ['jsonb', 'jsonb'],
  ['"My Type"', '"My Type"'],
])('%s is cast to %s, which cuts nothing off', (type, cast) => {
  expect(withoutLength(type)).toBe(cast);
});
