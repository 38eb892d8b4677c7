import { describe, expect, test } from 'vitest';
import { lagText, percentText, rateText } from '../../web/lib/format.ts';
import { hexDump } from '../../web/lib/hex.ts';
import { placeHash, readPlace } from '../../web/lib/place.ts';
import { quantileOf } from '../../web/lib/quantile.ts';
import { reindent } from '../../web/lib/reindent.ts';
import { inOrder, sortRows } from '../../web/lib/sort.ts';
import { retryAfterMs } from '../../web/live/backoff.ts';

describe('a body as JSON', () => {
  test('is laid out, and stays letter for letter what it was: great numbers, repeated names, escapes', () => {
    const text = '{"id":12345678901234567890,"a":[1.0,{},[ ]],"a":"\\u0041{\\"}"}';
    const shown = reindent(text)!;
    expect(shown).toBe(
      '{\n  "id": 12345678901234567890,\n  "a": [\n    1.0,\n    {},\n    []\n  ],\n  "a": "\\u0041{\\"}"\n}',
    );
    expect(shown.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
  });

  test('is none where it is not whole', () => {
    expect(reindent('{"a":')).toBeUndefined();
    expect(reindent('')).toBeUndefined();
  });

  test('of a thousand levels takes no more room than it must', () => {
    const text = '['.repeat(1000) + ']'.repeat(1000);
    expect(reindent(text)!.length).toBeLessThan(200_000);
  });
});

test('bytes are shown by offset, as hex, and as what of them can be printed', () => {
  const bytes = new Uint8Array([0, 0xff, 65, 66, ...Array(13).fill(0x2e)]);
  expect(hexDump(bytes)).toBe(
    '00000000  00 ff 41 42 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e  ..AB............\n' +
      `00000010  2e${' '.repeat(45)}  .`,
  );
});

test('any name comes back out of the address', () => {
  const odd = ['stream', 'a/b?c#d %', '<img src=x>', 'ключ', '{tag}:1'];
  expect(readPlace(placeHash(odd, { q: 'x&y', page: undefined }))).toEqual({
    path: odd,
    query: { q: 'x&y' },
  });
  expect(readPlace(placeHash(['stream', '\ud800']))).toEqual({ path: ['stream', '\ufffd'], query: {} });
  expect(readPlace('#/stream/%')).toEqual({ path: ['stream', '%'], query: {} });
  expect(readPlace('')).toEqual({ path: ['overview'], query: {} });
});

test('a quantile lies inside of its bucket, and beyond the greatest bound only that is known', () => {
  const buckets = [
    { atMostMs: 10, count: 50 },
    { atMostMs: 100, count: 90 },
    { atMostMs: null, count: 100 },
  ];
  expect(quantileOf(buckets, 0.5)).toEqual({ ms: 10, fromMs: 0, toMs: 10 });
  expect(quantileOf(buckets, 0.7)).toEqual({ ms: 55, fromMs: 10, toMs: 100 });
  expect(quantileOf(buckets, 0.99)).toEqual({ ms: null, fromMs: 100, toMs: null });
  expect(quantileOf([{ atMostMs: null, count: 0 }], 0.5)).toBeNull();
});

test('numbers that are not known stand last, whichever way they are sorted', () => {
  const rows = [{ n: null }, { n: 2 }, { n: 1 }];
  const sorted = (down: boolean) => sortRows(rows, ({ n }) => n, down, String).map(({ n }) => n);
  expect([sorted(false), sorted(true)]).toEqual([
    [1, 2, null],
    [2, 1, null],
  ]);
});

test('rows keep their places while somebody is about to choose one; new ones come last', () => {
  const rows = ['a', 'b', 'c'];
  expect(inOrder(rows, ['c', 'gone', 'a'], (row) => row)).toEqual(['c', 'a', 'b']);
});

test('numbers are written as the terminal writes them, and nothing rounds to all or nothing', () => {
  const lag = (lag: number | null, lagAtLeast: number | null = null, lagAtMost = lagAtLeast) =>
    lagText({ lag, lagAtLeast, lagAtMost });
  expect([lag(1200), lag(null), lag(null, 1000), lag(null, 1, 1200)]).toEqual([
    '1,200',
    null,
    '≥1,000',
    '1..1,200',
  ]);
  expect([0.9999, 1, 0.00001, 0, 0.25].map(percentText)).toEqual(['>99.9%', '100%', '<0.1%', '0%', '25%']);
  expect([0, 0.01, 4.25, 1234.4].map(rateText)).toEqual(['0.0', '<0.1', '4.3', '1,234']);
});

test('attempts to connect come further and further apart, never at the same instant, never too far', () => {
  expect([0, 1, 2, 20].map((attempt) => retryAfterMs(attempt, 0))).toEqual([500, 1000, 2000, 15_000]);
  expect(retryAfterMs(20, 0.999)).toBeGreaterThanOrEqual(7500);
});
