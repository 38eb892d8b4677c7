import { expect, test } from 'vitest';
import { condense, sparkline } from '../../commands/term/sparkline.ts';

test('the lowest sign is 0, the highest the most there was, and a gap is a blank', () => {
  expect(sparkline([0, 1, 4, null, 8], 10)).toBe('▁▂▅ █');
  expect(sparkline([0, 0], 10)).toBe('▁▁');
  expect(sparkline([null, null], 10)).toBe('  ');
  expect(sparkline([], 10)).toBe('');
});

test('where a sign stands for several values, a peak is not lost, or a dip where those are looked for', () => {
  const values = Array.from({ length: 60 }, (_, at) => (at === 31 ? 80 : at === 45 ? 0 : 10));
  expect(sparkline(values, 6)).toBe('▂▂▂█▂▂');
  expect(sparkline(values, 6, 'least')).toBe('████▁█');
});

test('a sign is blank only where nothing behind it is known', () => {
  expect(condense([null, 3, null, null, 5, 6], 3)).toEqual([3, null, 6]);
});
