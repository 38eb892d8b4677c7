import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isQctlError } from '../../src/errors.ts';
import { isBeyond, parseCondition } from '../../src/load/compare/condition.ts';

function refusal(text: string): { column: unknown; problem: unknown; hint: string } {
  try {
    parseCondition(text);
  } catch (error) {
    if (!isQctlError(error) || error.code !== 'BAD_EXPRESSION') throw error;
    return { column: error.details.column, problem: error.details.problem, hint: error.hint.join() };
  }
  throw new Error(`${text} was taken`);
}

describe('a condition of a comparison', () => {
  test.each([
    ['p99 > +10%', { measure: 'p99', comparison: '>', bound: 0.1, relative: true }],
    ['rate<-5%', { measure: 'rate', comparison: '<', bound: -0.05, relative: true }],
    ['enqueue.p999 >= +5ms', { measure: 'enqueue.p999', comparison: '>=', bound: 5, relative: false }],
    ['memory > +50MB', { measure: 'memory', comparison: '>', bound: 52_428_800, relative: false }],
    ['rate <= -100/s', { measure: 'rate', comparison: '<=', bound: -100, relative: false }],
    ['lost > + 5', { measure: 'lost', comparison: '>', bound: 5, relative: false }],
    ['p50 > +0%', { measure: 'p50', comparison: '>', bound: 0, relative: true }],
  ])('%s is a change', (text, expected) => {
    expect(parseCondition(text)).toEqual({ kind: 'change', text, ...expected });
  });

  test.each(['lost > 0', 'p99 > 200ms and lag > 1000', 'memory > 100MB', 'rate < 900/s', 'p99 > p50 * 120%'])(
    '%s asks the candidate alone',
    (text) => {
      expect(parseCondition(text)).toMatchObject({ kind: 'plain', text });
    },
  );

  test.each([
    ['p99 > 10%', 7, '10% of what is not said', 'write +10% for a change: p99 > +10%'],
    ['lost > 0 or 5% > rate', 13, '5% of what is not said', 'write +5% for a change: rate > +5%'],
    ['p98 > +10%', 1, 'p98 is no measure', 'did you mean p9'],
    ['p99 > +10% and lost > 0', 7, 'a change stands in a condition of its own', '--fail-on again'],
    ['2 * p99 > +10%', 11, 'a change stands in a condition of its own', '--fail-on again'],
    ['p99 == +10%', 5, 'a change is compared with <, <=, > or >=', 'p99 > +10%'],
    ['p99 > +10MB', 8, 'p99 has no such unit as 10MB', '+5ms or +10%'],
    ['lost > +5ms', 9, 'lost has no such unit as 5ms', '+100 or +10%'],
    ['p99 > -10%', 7, 'it would fail where both sides are the same', 'more than that is p99 > +10%'],
    ['rate <= +0%', 9, 'it would fail where both sides are the same', 'less than that is rate < -0%'],
  ])('%s is refused, with the place and what to write', (text, column, problem, hint) => {
    const found = refusal(text);
    expect(found).toMatchObject({ column, problem });
    expect(found.hint).toContain(hint);
  });

  test('whatever is written is taken or refused with a column, and never fails where nothing has changed', () => {
    const parts = [
      'p99',
      'rate',
      'lost',
      'nope',
      '>',
      '<=',
      '==',
      '+',
      '-',
      '10%',
      '5ms',
      '3',
      'and',
      '(',
      '"',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 7 }), (words) => {
        const text = words.join(' ');
        try {
          const condition = parseCondition(text);
          if (condition.kind === 'change') expect(isBeyond(condition, 0)).toBe(false);
        } catch (error) {
          expect(isQctlError(error) && error.code).toBe('BAD_EXPRESSION');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
