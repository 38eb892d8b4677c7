import { expect, test } from 'vitest';
import { surviveKills } from './table-kills.ts';

test('a copy killed 25 times holds every row once, and the table is untouched', async () => {
  const table = await surviveKills('copy', ['--mode', 'copy']);
  expect(await table.rowsLeft()).toBe(table.ids.length);
});
