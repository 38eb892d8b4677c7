import fc from 'fast-check';
import { expect, test } from 'vitest';
import { breaches, type Operand, parseRange } from '../../src/checks/index.ts';

const { POSITIVE_INFINITY: INF, NEGATIVE_INFINITY: MINUS_INF } = Number;

test.each([
  ['10', 0, 10, false],
  ['0', 0, 0, false],
  ['10:', 10, INF, false],
  ['~:10', MINUS_INF, 10, false],
  ['~:', MINUS_INF, INF, false],
  ['10:20', 10, 20, false],
  [':20', 0, 20, false],
  ['10:10', 10, 10, false],
  ['-10:-5', -10, -5, false],
  ['1.5:2.', 1.5, 2, false],
  ['.5', 0, 0.5, false],
  ['@10:20', 10, 20, true],
  ['@10', 0, 10, true],
  ['@~:20', MINUS_INF, 20, true],
])('%s alerts as the guidelines of the plugins say', (text, start, end, inside) => {
  expect(parseRange(text)).toEqual({ text, start, end, inside });
});

test.each([
  '',
  ':',
  '@',
  '@:',
  '~',
  '10~',
  '~10',
  '20:10',
  '1:2:3',
  '1,000',
  '1e3',
  'inf',
  'NaN',
  ' 10',
  '10 ',
  '5m',
  '80%',
  '@@1',
  '-',
  '.',
  '9'.repeat(400),
])('%j is refused', (text) => {
  expect(parseRange(text)).toBeUndefined();
});

test.each([
  ['5m', 0, 300_000],
  ['300', 0, 300_000],
  ['1.5', 0, 1500],
  ['32.169', 0, 32_169],
  ['0.0005', 0, 0.5],
  ['30s:1h30m', 30_000, 5_400_000],
  ['@500ms:2', 500, 2000],
  ['1d:', 86_400_000, INF],
])('of ages %s is in milliseconds, a bare number in seconds', (text, start, end) => {
  expect(parseRange(text, 'duration')).toMatchObject({ start, end });
});

test('percentages are plain, or with their sign', () => {
  expect(parseRange('80', 'percent')).toMatchObject({ start: 0, end: 80 });
  expect(parseRange('20%:80%', 'percent')).toMatchObject({ start: 20, end: 80 });
  expect(parseRange('80%%', 'percent')).toBeUndefined();
});

test.each([
  ['10', [0, 10], [-1, 10.5, 11]],
  ['10:', [10, 1e12], [9, 0, -1]],
  ['~:10', [-1e12, 10], [11]],
  ['10:20', [10, 15, 20], [9, 21]],
  ['@10:20', [9, 21], [10, 15, 20]],
])('%s: the ends are no alert, with @ they are', (text, fine, bad) => {
  const range = parseRange(text)!;
  expect(fine.filter((value) => breaches(range, value))).toEqual([]);
  expect(bad.filter((value) => !breaches(range, value))).toEqual([]);
});

const whole = fc.integer({ min: -1000, max: 1000 });

test('what is written from two ends is read as these two ends', () => {
  const start = fc.oneof(whole, fc.constantFrom('~', '', undefined));
  const end = fc.option(whole, { nil: undefined });
  fc.assert(
    fc.property(fc.boolean(), start, end, whole, (inside, from, to, value) => {
      const low = from === '~' ? MINUS_INF : typeof from === 'number' ? from : 0;
      const high = to ?? INF;
      fc.pre(low <= high && !(to === undefined && (from === '' || from === undefined)));
      const text = `${inside ? '@' : ''}${from === undefined ? '' : `${from}:`}${to ?? ''}`;
      const range = parseRange(text)!;
      expect(range).toEqual({ text, start: low, end: high, inside });
      const within = low <= value && value <= high;
      expect(breaches(range, value)).toBe(inside ? within : !within);
    }),
  );
});

test('whatever is written, it is a range with its start before its end, or refused', () => {
  const parts = fc.array(
    fc.constantFrom('@', '~', ':', '-', '.', '0', '7', '42', '%', 'm', 's', 'ms', 'h', ' ', 'e'),
  );
  const operands = fc.constantFrom<Operand>('number', 'duration', 'percent');
  const texts = fc.oneof(
    fc.string(),
    parts.map((list) => list.join('')),
  );
  let accepted = 0;
  fc.assert(
    fc.property(texts, operands, (text, operand) => {
      const range = parseRange(text, operand);
      if (!range) return;
      accepted += 1;
      expect(range.text).toBe(text);
      expect(range.start <= range.end).toBe(true);
      expect(range.inside).toBe(text.startsWith('@'));
    }),
    { numRuns: 2000 },
  );
  expect(accepted).toBeGreaterThan(20);
});
