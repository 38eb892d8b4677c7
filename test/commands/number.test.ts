import { expect, test } from 'vitest';
import { grouped, timesText } from '../../commands/term/number.ts';

test('digits stand in groups of three, and one time is once', () => {
  expect([0, 999, 1000, 1_234_567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([1, 2, 1000].map(timesText)).toEqual(['once', '2 times', '1,000 times']);
});
