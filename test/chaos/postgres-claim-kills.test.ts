import { expect, test } from 'vitest';
import { sharedPostgres, sharedRedisUrl } from '../support/shared.ts';
import { drainThroughKills, expectVerified, lookInto, readStream, tell } from './harness.ts';
import { startOldWorker } from './old-worker.ts';
import { fillTable, tableDrain } from './table.ts';

const KILLS = 9;

test('a claiming move killed 8 times beside a busy old worker: each row is worked on by one side alone', async () => {
  const table = await fillTable(await sharedPostgres().createDatabase(), 6000);
  await table.addClaimColumn('taken');
  const target = lookInto(sharedRedisUrl());
  const redis = { flags: ['--redis-url', sharedRedisUrl()] };
  const flags = [
    '--rate',
    '1200/s',
    '--batch',
    '50',
    '--workers',
    '3',
    '--claim-column',
    'taken',
    '--allow-competing',
  ];
  const scenario = tableDrain(table.url, redis, target, { flags, partitions: 2 });
  const worker = await startOldWorker(table.url, 'taken');
  const { report, landed, seed } = await drainThroughKills(scenario, { kills: KILLS });
  await worker.stop();
  const streamed = (await readStream(scenario)).map(({ id }) => id);
  target.disconnect();
  tell('claim', {
    kills: landed,
    suppressed: report.duplicatesSuppressed,
    'taken by the worker': worker.worked.length,
    seed,
  });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(KILLS - 1);
  expect(worker.worked.length).toBeGreaterThan(100);
  const both = new Set(streamed.filter((id) => worker.worked.includes(id)));
  expect([...both].slice(0, 5), `seed ${seed}`).toEqual([]);
  expect([...streamed, ...worker.worked].map(Number).sort((a, b) => a - b)).toEqual(table.ids.map(Number));
  expect(await table.rowsLeft()).toBe(0);
  await expectVerified(scenario, report.run);
});
