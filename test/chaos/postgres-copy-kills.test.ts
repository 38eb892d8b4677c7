import { expect, test } from 'vitest';
import { surviveKills } from './table-kills.ts';

test('a copy killed 25 times holds every row once, and the table is untouched', async () => {
  const table = await surviveKills('copy', ['--mode', 'copy']);
  expect(await table.rowsLeft()).toBe(table.ids.length);
});

test('a copy into 4 partitions killed 6 times holds every row once, and the table is untouched', async () => {
  const table = await surviveKills('copy, 4 partitions', ['--mode', 'copy'], {
    partitions: 4,
    kills: 7,
    rows: 6000,
  });
  expect(await table.rowsLeft()).toBe(table.ids.length);
});
