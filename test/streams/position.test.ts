import { describe, expect, test } from 'vitest';
import { firstIdOf, type Position, parsePosition } from '../../src/streams/index.ts';

const NOW = Date.parse('2026-11-21T09:00:00Z');
const TEN = { kind: 'time', ms: NOW - 600_000 } as const;

describe('a place in a stream', () => {
  test.each<[string, Position, first: string]>([
    ['start', { kind: 'start' }, '0-0'],
    ['-', { kind: 'start' }, '0-0'],
    ['0', { kind: 'start' }, '0-0'],
    ['end', { kind: 'end' }, '+'],
    ['+', { kind: 'end' }, '+'],
    ['$', { kind: 'end' }, '+'],
    ['1763721600000-7', { kind: 'id', id: '1763721600000-7' }, '1763721600000-7'],
    ['1763721600000', { kind: 'id', id: '1763721600000-0' }, '1763721600000-0'],
    ['10m', TEN, `${NOW - 600_000}-0`],
    ['2026-11-21T08:50:00Z', TEN, `${NOW - 600_000}-0`],
    ['2026-11-21 08:50:00Z', TEN, `${NOW - 600_000}-0`],
    ['2026-11-21T09:50:00+01:00', TEN, `${NOW - 600_000}-0`],
    ['2026-11-21T08:50:00.250Z', { kind: 'time', ms: NOW - 599_750 }, `${NOW - 599_750}-0`],
    ['99999d', { kind: 'time', ms: NOW - 99_999 * 86_400_000 }, '0-0'],
  ])('%s', (text, position, first) => {
    expect(parsePosition(text, NOW)).toEqual(position);
    expect(firstIdOf(parsePosition(text, NOW))).toBe(first);
  });

  test.each(['', 'yesterday', '10 m', '1h30', '-10m', '2026-13-01', '21.11.2026', '5-', '(5-0', '5-*'])(
    '%j is none, and the error says what one looks like',
    (text) => {
      const read = () => parsePosition(text, NOW);
      expect(read).toThrow(
        expect.objectContaining({
          kind: 'usage',
          code: 'BAD_POSITION',
          message: `${text} is no place in a stream`,
          details: { position: text },
          hint: [expect.stringContaining('10m for ten minutes ago')],
        }),
      );
    },
  );

  test('a date without a time of day means its first instant', () => {
    expect(parsePosition('2026-11-21', NOW)).toEqual({
      kind: 'time',
      ms: Date.parse('2026-11-21T00:00:00Z'),
    });
  });
});
