import { expect, test } from 'vitest';
import { surviveKills } from './table-kills.ts';

test('a keyed move killed 25 times moves every row once, in the order of its key', async () => {
  const table = await surviveKills('move', ['--workers', '3']);
  expect(await table.rowsLeft()).toBe(0);
});
