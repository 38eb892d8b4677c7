import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packRows, rowCount, rowFields } from '../../src/model/packed.ts';
import { RowCutter } from '../../src/sources/postgres/copy-rows.ts';

const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);

const row = fc.array(
  fc.option(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    { nil: null },
  ),
  { minLength: 1, maxLength: 5 },
);

/** Everything that comes out, whatever the pieces in which it went in. */
function cut(whole: Buffer, sizes: number[], maxRows: number, maxBytes: number) {
  const cutter = new RowCutter(['a', 'b'], maxRows, maxBytes);
  const parts = [];
  for (let at = 0, i = 0; at < whole.length; i += 1) {
    const size = sizes[i % sizes.length]!;
    cutter.push(Buffer.from(whole.subarray(at, at + size)));
    at += size;
    for (let part = cutter.cut(); part; part = cutter.cut()) parts.push(part);
  }
  const rest = cutter.rest();
  return rest ? [...parts, rest] : parts;
}

test('rows are the same, in whatever pieces the server sends them', () => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 400 }),
      (rows, sizes, maxRows, maxBytes) => {
        const whole = Buffer.concat([HEADER, packRows([], rows).data, TRAILER]);
        const parts = cut(whole, sizes, maxRows, maxBytes);
        const found = parts.flatMap((part) =>
          Array.from({ length: rowCount(part) }, (_, i) => rowFields(part, i)),
        );
        expect(found).toEqual(rows);
        for (const part of parts) {
          expect(rowCount(part)).toBeLessThanOrEqual(maxRows);
          expect(rowCount(part)).toBeGreaterThan(0);
          // A row may cross the bound; the one after it belongs to the next part.
          expect(part.offsets.at(-2)!).toBeLessThan(maxBytes);
        }
      },
    ),
  );
});

test('parts that were handed out do not change when more arrives', () => {
  const rows = Array.from({ length: 3000 }, (_, i) => [Buffer.from(String(i).repeat(40))]);
  const whole = Buffer.concat([HEADER, packRows([], rows).data, TRAILER]);
  const parts = cut(whole, [65_536], 100, 1_000_000);
  expect(parts.map(rowCount)).toEqual(new Array(30).fill(100));
  expect(parts.flatMap((part) => Array.from({ length: 100 }, (_, i) => rowFields(part, i)))).toEqual(rows);
});
