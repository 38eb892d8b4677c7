import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareStreamIds,
  formatStreamId,
  nextStreamId,
  parseStreamId,
  streamIdAgeMs,
  streamIdTimeMs,
} from '../../src/model/stream-id.ts';

const MAX = 2n ** 64n - 1n;
const LAST = `${MAX}-${MAX}`;

describe('an id', () => {
  test.each([
    ['0-0', { ms: 0n, seq: 0n }],
    ['1763721600000-12', { ms: 1763721600000n, seq: 12n }],
    ['1763721600000', { ms: 1763721600000n, seq: 0n }],
    [LAST, { ms: MAX, seq: MAX }],
  ])('%s is read', (text, id) => {
    expect(parseStreamId(text)).toEqual(id);
  });

  test.each([
    '',
    '-',
    '+',
    '$',
    '*',
    '5-*',
    '5-',
    '-5',
    '5-1-1',
    '5.0',
    ' 5',
    '5\n',
    '(5-0',
    '18446744073709551616',
    '0-18446744073709551616',
    '99999999999999999999-0',
  ])('%j is none', (text) => {
    expect(parseStreamId(text)).toBeUndefined();
  });
});

const part = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX }),
  fc.bigInt({ min: 0n, max: 1000n }),
  fc.constantFrom(0n, 1n, 9n, 10n, 1_763_721_600_000n, 10n ** 19n - 1n, 10n ** 19n, MAX - 1n, MAX),
);
const anyId = fc.record({ ms: part, seq: part });

describe('ids beyond what a number holds', () => {
  test('come back as they were written', () => {
    fc.assert(fc.property(anyId, (id) => void expect(parseStreamId(formatStreamId(id))).toEqual(id)));
  });

  test('are in the order of their parts', () => {
    fc.assert(
      fc.property(anyId, anyId, fc.boolean(), (a, other, inOneMs) => {
        const b = inOneMs ? { ...other, ms: a.ms } : other;
        const wanted = a.ms === b.ms ? a.seq - b.seq : a.ms - b.ms;
        const sign = wanted === 0n ? 0 : wanted < 0n ? -1 : 1;
        expect(compareStreamIds(formatStreamId(a), formatStreamId(b))).toBe(sign);
      }),
    );
  });

  test('have nothing between themselves and the next', () => {
    fc.assert(
      fc.property(anyId, ({ ms, seq }) => {
        const next = nextStreamId(`${ms}-${seq}`);
        if (ms === MAX && seq === MAX) expect(next).toBeUndefined();
        else expect(next).toBe(seq === MAX ? `${ms + 1n}-0` : `${ms}-${seq + 1n}`);
      }),
    );
    expect(nextStreamId(LAST)).toBeUndefined();
    expect(nextStreamId(`5-${MAX}`)).toBe('6-0');
  });

  test('a text that is no id cannot be compared', () => {
    expect(() => compareStreamIds('1-0', 'end')).toThrow(new RangeError('end is no stream id'));
  });
});

describe('the time of an id', () => {
  test.each([
    ['1763721600000-5', 1763721600000],
    ['1-0', null],
    ['999999999999-0', null],
    ['1000000000000-0', 1000000000000],
    ['9999999999999-0', 9999999999999],
    ['10000000000000-0', null],
    ['1763721600000000-0', null],
    [LAST, null],
  ])('%s: %j', (id, ms) => {
    expect(streamIdTimeMs(id)).toBe(ms);
  });

  test('is as old as the clock says, and never of the future', () => {
    expect(streamIdAgeMs('1763721600000-5', 1763721660000)).toBe(60_000);
    expect(streamIdAgeMs('1763721600000-5', 1763721500000)).toBe(0);
    expect(streamIdAgeMs('7-0', 1763721500000)).toBeNull();
    expect(streamIdAgeMs(null, 1763721500000)).toBeNull();
  });
});
