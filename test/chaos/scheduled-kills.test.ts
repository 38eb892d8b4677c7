import { expect, test } from 'vitest';
import { partitionKeys, streamKeys } from '../../src/model/keys.ts';
import { connectPostgres } from '../support/postgres.ts';
import { spawnQctl } from '../support/qctl.ts';
import { seededRandom } from '../support/random.ts';
import { sharedPostgres, sharedRedisUrl } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { drainThroughKills, entriesIn, expectConverged, lookInto, type Scenario, tell } from './harness.ts';
import { fillTable, tableDrain } from './table.ts';

const REDIS = ['--redis-url', sharedRedisUrl()];

async function stillWaiting({ target, stream, partitions = 1 }: Scenario): Promise<number> {
  const counts = await Promise.all(
    partitionKeys(stream, partitions).map((key) => target.zcard(streamKeys(key).delayed)),
  );
  return counts.reduce((a, b) => a + b, 0);
}

/** What would wait for a thousand years becomes due within the next seconds, one after the other. */
async function letTimeCome({ target, stream, partitions = 1 }: Scenario): Promise<number> {
  const now = Date.now();
  let count = 0;
  for (const key of partitionKeys(stream, partitions)) {
    const { delayed } = streamKeys(key);
    const members = await target.zrange(delayed, '0', '-1');
    await Promise.all(members.map((member, i) => target.zadd(delayed, 'XX', now + 1000 + 5 * i, member)));
    count += members.length;
  }
  return count;
}

/** Two of `qctl maintain` move what is due, and one of them is killed again and again. */
async function moveThroughKills(scenario: Scenario, seed: number): Promise<number> {
  const random = seededRandom(seed);
  const command = ['maintain', '--stream', scenario.stream, '--every', '100ms', ...REDIS];
  const steady = spawnQctl(command, { timeoutMs: 60_000 });
  let kills = 0;
  while ((await stillWaiting(scenario)) > 0) {
    const before = await entriesIn(scenario);
    const killed = spawnQctl(command, { timeoutMs: 60_000 });
    await waitFor(async () => (await stillWaiting(scenario)) === 0 || (await entriesIn(scenario)) > before, {
      timeoutMs: 30_000,
      everyMs: 3,
    });
    await new Promise((resolve) => setTimeout(resolve, 300 + random() * 500));
    killed.child.kill('SIGKILL');
    kills += (await killed.done).signal === 'SIGKILL' ? 1 : 0;
  }
  steady.child.kill('SIGTERM');
  const { code, signal } = await steady.done;
  expect(code === 143 || signal === 'SIGTERM').toBe(true);
  return kills;
}

test('a move of which a third is scheduled stands in the stream exactly once, whoever was killed while it was moved', async () => {
  const table = await fillTable(await sharedPostgres().createDatabase(), 9000);
  const name = new URL(table.url).pathname.slice(1);
  await connectPostgres(table.url).query(
    `ALTER TABLE alerts ADD run_at timestamptz;
     UPDATE alerts SET run_at = now() + (1 + id % 8000 / 1000.0) * interval '1 s' WHERE id % 3 = 0;
     UPDATE alerts SET run_at = '2999-01-01' WHERE id % 6 = 0`,
    undefined,
    name,
  );
  const target = lookInto(sharedRedisUrl());
  const flags = ['--rate', '3500/s', '--batch', '100', '--not-before', 'run_at', '--workers', '2'];
  const scenario = tableDrain(table.url, { flags: REDIS }, target, { flags, partitions: 2 });
  const { report, landed, seed } = await drainThroughKills(scenario, { kills: 4, withinMs: 400 });
  const left = await letTimeCome(scenario);
  expect(left).toBeGreaterThanOrEqual(1500);
  const kills = await moveThroughKills(scenario, seed);
  tell('scheduled messages', { kills: landed, left, moverKills: kills, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(3);
  expect(kills, `seed ${seed}`).toBeGreaterThanOrEqual(1);
  await expectConverged(scenario, table.ids, report, `seed ${seed}`);
  expect(await table.rowsLeft()).toBe(0);
  target.disconnect();
});
