import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type FieldValue,
  packIds,
  packRows,
  rowCount,
  rowField,
  rowFields,
  selectRows,
  unpackIds,
} from '../../src/model/packed.ts';

const field = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const rows = fc.array(fc.array(field, { maxLength: 12 }), { maxLength: 30 });

const bytesOf = (value: FieldValue): Buffer | null =>
  typeof value === 'string' ? Buffer.from(value) : value;

describe('packed rows', () => {
  test('come out as they went in', () => {
    fc.assert(
      fc.property(rows, (given) => {
        const packed = packRows([], given);
        expect(rowCount(packed)).toBe(given.length);
        expect(given.map((_, i) => rowFields(packed, i))).toEqual(given.map((row) => row.map(bytesOf)));
      }),
    );
  });

  test('give the same field alone as with its row', () => {
    fc.assert(
      fc.property(rows, (given) => {
        const packed = packRows([], given);
        for (const [i, row] of given.entries())
          for (const [j, value] of row.entries()) expect(rowField(packed, i, j)).toEqual(bytesOf(value));
      }),
    );
  });

  test('can be chosen from, in any order and repeatedly', () => {
    const chosen = rows
      .filter((given) => given.length > 0)
      .chain((given) => fc.tuple(fc.constant(given), fc.array(fc.nat(given.length - 1), { maxLength: 40 })));
    fc.assert(
      fc.property(chosen, ([given, indexes]) => {
        const packed = selectRows(packRows([], given), indexes);
        expect(indexes.map((_, i) => rowFields(packed, i))).toEqual(
          indexes.map((index) => given[index]!.map(bytesOf)),
        );
        expect(packed.data).toEqual(
          packRows(
            [],
            indexes.map((index) => given[index]!),
          ).data,
        );
      }),
    );
  });
});

test('a list of ids comes out of its packed form as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (ids) => {
      expect(unpackIds(packIds(ids))).toEqual(ids);
    }),
  );
});

test('packed lists of ids may be put one behind the other', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
      expect(unpackIds(Buffer.concat([packIds(a), packIds(b)]))).toEqual([...a, ...b]);
    }),
  );
});
