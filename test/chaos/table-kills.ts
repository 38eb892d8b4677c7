import { expect } from 'vitest';
import { sharedPostgres, sharedRedisUrl, uniqueName } from '../support/shared.ts';
import {
  drainThroughKills,
  expectExactlyOnce,
  expectOrderInsideKeys,
  expectVerified,
  KILLS,
  lookInto,
  readStream,
  type Scenario,
  tell,
} from './harness.ts';
import { fillTable, type QueueTable } from './table.ts';

/** Kills a drain of a table 25 times and checks the stream; what is left of the table is for the caller. */
export async function surviveKills(name: string, flags: string[], partitions: number): Promise<QueueTable> {
  const table = await fillTable(await sharedPostgres().createDatabase());
  const target = lookInto(sharedRedisUrl());
  const scenario = drainOf(table, target, flags, partitions);
  const { report, landed, seed } = await drainThroughKills(scenario, { kills: KILLS });
  tell(name, { kills: landed, suppressed: report.duplicatesSuppressed, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(25);
  const entries = await readStream(scenario);
  expectExactlyOnce(entries, table.ids, `seed ${seed}`);
  expectOrderInsideKeys(entries, ({ id }) => Number(id), `seed ${seed}`);
  await expectVerified(scenario, report.run);
  target.disconnect();
  return table;
}

function drainOf(
  table: QueueTable,
  target: Scenario['target'],
  flags: string[],
  partitions: number,
): Scenario {
  const stream = uniqueName('alerts');
  const connection = ['--redis-url', sharedRedisUrl(), '--postgres-url', table.url];
  const spread = partitions > 1 ? ['--partitions', String(partitions)] : [];
  const base = ['postgres', '--table', 'alerts', '--key', 'agent', '--stream', stream, ...spread];
  const pace = ['--rate', '3000/s', '--batch', '100'];
  return { command: [...base, ...pace, ...flags, ...connection], connection, stream, partitions, target };
}
