import { afterEach, expect, test } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { sharedRedisUrl } from '../support/shared.ts';
import {
  expectConverged,
  expectOrderInsideKeys,
  finish,
  lookInto,
  start,
  untilAppended,
  untilWaiting,
} from './harness.ts';
import { fillTable, tableDrain } from './table.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function ownDrain(fsync: boolean, flags: string[], partitions: number) {
  const postgres = await startPostgres({ fsync });
  const target = lookInto(sharedRedisUrl());
  ends.push(
    () => target.disconnect(),
    () => postgres.stop(),
  );
  const table = await fillTable(await postgres.createDatabase(), 8000);
  const pace = ['--rate', '4000/s', '--batch', '50'];
  const redis = { flags: ['--redis-url', sharedRedisUrl()] };
  const scenario = tableDrain(table.url, redis, target, { flags: [...pace, ...flags], partitions });
  return { postgres, table, scenario };
}

test('a move goes on when Postgres is restarted, twice', async () => {
  const { postgres, table, scenario } = await ownDrain(false, ['--workers', '3'], 1);
  const process = start(scenario);
  for (const reached of [1000, 4000]) {
    await untilAppended(scenario, process, reached);
    await postgres.restart();
  }
  const report = await finish(process);
  const entries = await expectConverged(scenario, table.ids, report);
  expectOrderInsideKeys(entries, ({ id }) => Number(id));
  expect(await table.rowsLeft()).toBe(0);
});

test('a move waits for a crashed Postgres, says so, and goes on', async () => {
  const { postgres, table, scenario } = await ownDrain(true, ['--workers', '3'], 4);
  const process = start(scenario);
  await untilAppended(scenario, process, 2000);
  await postgres.kill9();
  await untilWaiting(process, /lane \d: postgres:.*connection lost/);
  await postgres.restart();
  const report = await finish(process);
  const entries = await expectConverged(scenario, table.ids, report);
  expectOrderInsideKeys(entries, ({ id }) => Number(id));
  expect(await table.rowsLeft()).toBe(0);
});

test('a copy waits for a crashed Postgres, says so, and goes on', async () => {
  const { postgres, table, scenario } = await ownDrain(true, ['--mode', 'copy'], 4);
  const process = start(scenario);
  await untilAppended(scenario, process, 2000);
  await postgres.kill9();
  await untilWaiting(process, /lane \d: postgres:.*connection lost/);
  await postgres.restart();
  const report = await finish(process);
  await expectConverged(scenario, table.ids, report);
  expect(await table.rowsLeft()).toBe(table.ids.length);
});
