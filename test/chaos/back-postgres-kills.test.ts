import { afterAll, expect, test } from 'vitest';
import { lockKey, runKey } from '../../src/model/keys.ts';
import { drain } from '../drain/driver.ts';
import { connectPostgres, startPostgres } from '../support/postgres.ts';
import { sharedPostgres, sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import {
  type BackScenario,
  backThroughKills,
  backWords,
  consumeHalf,
  outcomeOf,
  startBack,
  untilReturned,
} from './back.ts';
import { expectVerified, hurry, lookInto, tell } from './harness.ts';
import { fillTable } from './table.ts';

const REDIS = ['--redis-url', sharedRedisUrl()];
const target = lookInto(sharedRedisUrl());
afterAll(() => target.disconnect());

/** A table of rows that has been drained, and of which consumers have done a part. */
async function halfConsumed(
  url: string,
  {
    rows,
    take,
    pending,
    partitions = 1,
  }: Record<'rows' | 'take' | 'pending', number> & { partitions?: number },
  flags: string[],
) {
  const table = await fillTable(url, rows);
  const stream = uniqueName('alerts');
  const spec = { table: 'alerts', key: 'agent' };
  await drain({ spec, database: url, target: { stream, partitions, createGroup: 'workers' } });
  const describe = ['--to', 'postgres', '--postgres-url', url, '--table', 'alerts', '--key', 'agent'];
  const spread = partitions > 1 ? ['--partitions', String(partitions)] : [];
  const command = [...backWords(stream, 'workers'), ...describe, ...spread, ...flags];
  const scenario: BackScenario = { command, stream, partitions, group: 'workers', target };
  const { finished, delivered } = await consumeHalf(scenario, { take, pending });
  return { table, scenario, finished, delivered };
}

/** Waits until two processes share the lanes of the run. */
async function untilBothWork(stream: string): Promise<void> {
  const run = await target.hget(lockKey(`back:${stream}/workers`), 'holder');
  const shared = async () => {
    const fields = Object.entries(await target.hgetall(runKey(run!)));
    const held = fields.filter(([name]) => name.startsWith('lane:')).map(([, value]) => value.split('|')[1]);
    return new Set(held.filter(Boolean)).size === 2;
  };
  await waitFor(shared, { what: 'both at work' });
}

/** Ids in the table; every one of them once, with the payload that it had. */
async function idsIn(url: string): Promise<string[]> {
  const rows = await connectPostgres(url).query<{ id: string; payload: string; agent: string }>(
    'SELECT id::text, payload, agent FROM alerts ORDER BY alerts.id',
    [],
    new URL(url).pathname.slice(1),
  );
  for (const { id, payload, agent } of rows) {
    expect(payload).toBe(`payload ${id}${'.'.repeat(50)}`);
    expect(agent).toBe(`agent-${(Number(id) * 7919) % 97}`);
  }
  return rows.map(({ id }) => id);
}

test('6,000 rows, half of them consumed, go back through kill -9: finished and returned together are what there was', async () => {
  const url = await sharedPostgres().createDatabase();
  const flags = ['--rate', '1200/s', '--batch', '60'];
  const { table, scenario, finished } = await halfConsumed(
    url,
    { rows: 6000, take: 3000, pending: 600 },
    flags,
  );
  const { report, landed, seed } = await backThroughKills(scenario, { kills: 6 });
  tell('back to a table', { kills: landed, known: report.knownBefore, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(5);
  expect(report).toMatchObject({
    returned: 3600,
    acknowledged: 3600,
    destinationCount: 3600,
    knownBefore: 0,
  });
  const back = await idsIn(url);
  expect([...finished, ...back].map(Number).sort((a, b) => a - b)).toEqual(table.ids.map(Number));
  await expectVerified({ connection: [...REDIS, '--postgres-url', url] }, report.run);
});

test('two processes at once, a Postgres that is restarted, and four partitions: each row once', async () => {
  const postgres = await startPostgres({ fsync: false });
  const url = await postgres.createDatabase();
  const flags = ['--rate', '500/s', '--batch', '25'];
  const sizes = { rows: 4000, take: 1000, pending: 200, partitions: 4 };
  const { table, scenario, finished } = await halfConsumed(url, sizes, flags);
  const first = startBack(scenario);
  await untilReturned(scenario, first, 500);
  const second = startBack(scenario);
  await untilBothWork(scenario.stream);
  await postgres.restart();
  await untilReturned(scenario, second, 1500);
  first.child.kill('SIGKILL');
  await first.done;
  await hurry({ connection: REDIS }, second);
  outcomeOf(await second.done);
  const back = await idsIn(url);
  expect([...finished, ...back].map(Number).sort((a, b) => a - b)).toEqual(table.ids.map(Number));
  await postgres.stop();
});
