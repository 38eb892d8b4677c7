import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch } from '../../src/model/batch.ts';
import type { Message } from '../../src/model/message.ts';
import { type FieldValue, packRows, rowCount, rowFields } from '../../src/model/packed.ts';
import { packer } from '../../src/transform/pack.ts';

const NOW = Date.UTC(2026, 10, 21);
const NAMES = ['id', 'body', 'key', 'notBefore'];

const time = fc.oneof(
  fc.constant(null),
  fc.constant('never'),
  fc.integer({ min: -3, max: 3 }).map((step) => new Date(NOW + step).toISOString().replace('Z', '000Z')),
);
const row = fc.tuple(
  fc.option(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))),
  fc.option(fc.string({ maxLength: 4 })),
  time,
);

/** The rows as Postgres packs them, with a column behind the fields that is no field. */
function batchOf(rows: FieldValue[][], packed: boolean): Batch {
  const messages = (): Message[] =>
    rows.map(([id, body, key, notBefore]) => ({
      id: id as string,
      body: body as Buffer | null,
      ...(key !== null && { key: key as string }),
      ...(notBefore !== null && { notBefore: notBefore as string }),
    }));
  const withMore = rows.map((fields) => [...fields, 'position']);
  return {
    count: rows.length,
    bytes: 10,
    rows: packed ? packRows(NAMES, withMore) : null,
    messages,
    mark: { kind: 'ledger', deadlineMs: 0 },
  };
}

const textsOf = (packed: ReturnType<typeof packRows>) =>
  Array.from({ length: rowCount(packed) }, (_, i) => {
    const fields = rowFields(packed, i).map((field) => field?.toString('latin1') ?? null);
    if (packed.names.length === 0) return fields;
    return packed.names.flatMap((name, at) => (fields[at] === null ? [] : [name, fields[at]!]));
  });

test.each([
  ['as Postgres packs them', true],
  ['one by one', false],
])('of rows taken %s those that are not due wait as they are, and the others are appended', (_, packed) => {
  const pack = packer({ maxBodyBytes: 1000, withKeys: true, targetNow: () => NOW });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 12 }), (some) => {
      const rows = some.map((fields, i): FieldValue[] => [`m${i}`, ...fields]);
      const entries = pack(batchOf(rows, packed));
      const isLater = ([, , , at]: FieldValue[]) => Date.parse(String(at)) > NOW;
      const asEntry = (fields: FieldValue[]) =>
        NAMES.flatMap((name, i) =>
          fields[i] === null ? [] : [name, Buffer.from(fields[i]!).toString('latin1')],
        );
      const due = rows.filter((fields) => !isLater(fields));
      const later = rows.filter(isLater);
      expect(entries.ids).toEqual(due.map(([id]) => id));
      expect(entries.count).toBe(due.length);
      expect(textsOf(entries.rows)).toEqual(due.map(asEntry));
      expect(entries.keys?.map((key) => key?.toString() ?? null)).toEqual(due.map(([, , key]) => key));
      const { delayed } = entries;
      expect(delayed?.ids ?? []).toEqual(later.map(([id]) => id));
      expect(delayed?.dueMs ?? []).toEqual(later.map(([, , , at]) => Date.parse(String(at))));
      expect(delayed ? textsOf(delayed.rows) : []).toEqual(later.map(asEntry));
      expect(delayed?.keys?.map((key) => key?.toString() ?? null) ?? []).toEqual(
        later.map(([, , key]) => key),
      );
    }),
  );
});

test('without a clock every message is due', () => {
  const rows = [['m1', Buffer.from('x'), null, '2999-01-01T00:00:00Z']];
  for (const packed of [true, false]) {
    const entries = packer({ maxBodyBytes: 1000, withKeys: false })(batchOf(rows, packed));
    expect(entries).toMatchObject({ count: 1, delayed: undefined });
  }
});

test('a message that is set aside in quarantine does not wait', () => {
  const rows = [['m1', Buffer.from('too large'), null, '2999-01-01T00:00:00Z']];
  const entries = packer({ maxBodyBytes: 3, withKeys: false, targetNow: () => NOW })(batchOf(rows, true));
  expect(entries).toMatchObject({ count: 0, quarantinedIds: ['m1'], delayed: undefined });
});
