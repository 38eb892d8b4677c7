import { expect, test } from 'vitest';
import { shortList } from '../../src/model/short-list.ts';

test('ten names are all named, of eleven the first ten and that there are more', () => {
  const names = [...'abcdefghijk'];
  expect([shortList([]), shortList(names.slice(0, 10)), shortList(names)]).toEqual([
    '',
    'a, b, c, d, e, f, g, h, i, j',
    'a, b, c, d, e, f, g, h, i, j, …',
  ]);
});
