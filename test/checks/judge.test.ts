import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  between,
  breaches,
  judge,
  judgeItem,
  known,
  parseRange,
  type Range,
  type Status,
  worstStatus,
} from '../../src/checks/index.ts';

const range = (text: string): Range => parseRange(text)!;
const LIMITS = { warning: range('1000'), critical: range('5000') };
const INF = Number.POSITIVE_INFINITY;

test.each<[number, number, Status]>([
  [0, 0, 'ok'],
  [1000, 1000, 'ok'],
  [1001, 1001, 'warning'],
  [5000, 5000, 'warning'],
  [5001, 5001, 'critical'],
  // Only known between two numbers.
  [1, 999, 'ok'],
  [1, 1000, 'ok'],
  [1, 1001, 'unknown'],
  [999, 9000, 'unknown'],
  [2000, 3000, 'warning'],
  [2000, 9000, 'warning'],
  [6000, 9000, 'critical'],
  [6000, INF, 'critical'],
  [2000, INF, 'warning'],
  [0, INF, 'unknown'],
])('between %d and %d, warning above 1000 and critical above 5000, is %s', (atLeast, atMost, status) => {
  expect(judge({ atLeast, atMost }, LIMITS).status).toBe(status);
});

test('the range that was breached is named, and none where that is not known', () => {
  expect(judge({ atLeast: 6000, atMost: 6000 }, LIMITS).breached).toBe(LIMITS.critical);
  expect(judge({ atLeast: 2000, atMost: 9000 }, LIMITS).breached).toBe(LIMITS.warning);
  expect(judge({ atLeast: 1, atMost: 9000 }, LIMITS).breached).toBeNull();
});

test('without thresholds nothing is judged, whatever is known', () => {
  expect(judge({ atLeast: 0, atMost: INF }, {})).toEqual({ status: 'ok', breached: null });
});

test('bounds are judged as all the values between them, one by one', () => {
  const end = fc.integer({ min: -4, max: 40 }).map((half) => half / 2);
  const ranges = fc
    .tuple(
      fc.boolean(),
      fc.oneof(end, fc.constant(Number.NEGATIVE_INFINITY)),
      fc.oneof(end, fc.constant(INF)),
    )
    .filter(([, start, stop]) => start <= stop)
    .map(([inside, start, stop]): Range => ({ text: '', start, end: stop, inside }));
  const thresholds = fc.record({ warning: ranges, critical: ranges }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.nat(22), fc.nat(22), thresholds, (a, b, { warning, critical }) => {
      const [atLeast, atMost] = [Math.min(a, b), Math.max(a, b)];
      const each = Array.from({ length: atMost - atLeast + 1 }, (_, i) => atLeast + i).map((value) =>
        critical && breaches(critical, value)
          ? 'critical'
          : warning && breaches(warning, value)
            ? 'warning'
            : 'ok',
      );
      const expected = each.every((one) => one === 'ok')
        ? 'ok'
        : each.includes('ok')
          ? 'unknown'
          : each.includes('warning')
            ? 'warning'
            : 'critical';
      expect(judge({ atLeast, atMost }, { warning, critical }).status).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

describe('the worst of several', () => {
  test('CRITICAL stands over WARNING over UNKNOWN over OK', () => {
    expect(worstStatus(['ok', 'unknown', 'critical', 'warning'])).toBe('critical');
    expect(worstStatus(['unknown', 'warning', 'ok'])).toBe('warning');
    expect(worstStatus(['ok', 'unknown'])).toBe('unknown');
    expect(worstStatus(['ok', 'ok'])).toBe('ok');
  });

  test('of nothing it is UNKNOWN: no data is never a pass', () => {
    expect(worstStatus([])).toBe('unknown');
    expect(judgeItem({ name: 'x', labels: {}, readings: [], findings: [] }).status).toBe('unknown');
  });

  test('is the same in any order', () => {
    const statuses = fc.constantFrom<Status>('ok', 'warning', 'critical', 'unknown');
    fc.assert(
      fc.property(fc.array(statuses, { minLength: 1 }), (all) => {
        expect(all).toContain(worstStatus(all));
        expect(worstStatus([...all].reverse())).toBe(worstStatus(all));
      }),
    );
  });
});

test('an item is as bad as its worst reading or finding', () => {
  const lag = known('lag', 10, { warning: range('5') });
  const age = between('age', { atLeast: 0, atMost: INF }, 'no time', { critical: range('5') });
  const finding = { code: 'ROLE', status: 'critical' as const, text: 'a replica' };
  const item = { name: 'x', labels: {}, readings: [lag, age], findings: [finding] };
  expect(judgeItem(item)).toEqual({
    ...{ name: 'x', labels: {}, status: 'critical', findings: [finding] },
    readings: [
      { ...lag, status: 'warning', breached: range('5') },
      { ...age, status: 'unknown', breached: null },
    ],
  });
  expect(judgeItem({ ...item, findings: [] }).status).toBe('warning');
  expect(judgeItem({ ...item, readings: [age], findings: [] }).status).toBe('unknown');
});

test('where nothing is judged the first reading must be known', () => {
  const lag = between('lag', { atLeast: 0, atMost: INF }, 'a gap');
  const age = between('age', { atLeast: 0, atMost: INF }, 'no time');
  const item = { name: 'x', labels: {}, findings: [] };
  expect(judgeItem({ ...item, readings: [lag, known('age', 1)] }).status).toBe('unknown');
  expect(judgeItem({ ...item, readings: [known('lag', 1), age] }).status).toBe('ok');
  expect(judgeItem({ ...item, readings: [lag, known('age', 1, { warning: range('5') })] }).status).toBe('ok');
});
