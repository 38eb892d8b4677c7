import { expect, test } from 'vitest';
import { plural } from '../../src/model/plural.ts';

test('one entry is an entry, none and two are entries', () => {
  expect([0, 1, 2].map((count) => plural(count, 'entry'))).toEqual(['entries', 'entry', 'entries']);
});
