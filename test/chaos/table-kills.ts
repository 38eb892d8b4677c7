import { expect } from 'vitest';
import { sharedPostgres, sharedRedisUrl } from '../support/shared.ts';
import {
  drainThroughKills,
  expectConverged,
  expectOrderInsideKeys,
  KILLS,
  lookInto,
  MESSAGES,
  tell,
} from './harness.ts';
import { fillTable, type QueueTable, tableDrain } from './table.ts';

/** Kills a drain of a table again and again and checks the stream; what is left of the table is for the caller. */
export async function surviveKills(name: string, flags: string[]): Promise<QueueTable> {
  const table = await fillTable(await sharedPostgres().createDatabase(), MESSAGES);
  // Else hardly a kill would hit a transaction that is open.
  await table.slowDown();
  const target = lookInto(sharedRedisUrl());
  const redis = { flags: ['--redis-url', sharedRedisUrl()] };
  // Slow enough that on a quick machine, too, there is something left for the last kill.
  const pace = ['--rate', `${MESSAGES / 16}/s`, '--batch', `${MESSAGES / 200}`];
  const scenario = tableDrain(table.url, redis, target, { flags: [...pace, ...flags] });
  const { report, landed, seed } = await drainThroughKills(scenario, { kills: KILLS });
  tell(name, { kills: landed, suppressed: report.duplicatesSuppressed, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(KILLS - 1);
  const entries = await expectConverged(scenario, table.ids, report, `seed ${seed}`);
  expectOrderInsideKeys(entries, ({ id }) => Number(id), `seed ${seed}`);
  target.disconnect();
  return table;
}
