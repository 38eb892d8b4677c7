import { afterAll, expect, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { verifyRun } from '../../src/drain/index.ts';
import type { FormatCase } from '../contract/formats/case.ts';
import { FORMAT_CASES } from '../contract/formats/index.ts';
import { ownDatabase } from '../drain/driver.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { FILL } from './format-queues.ts';
import { startLibraryWorker } from './format-workers.ts';
import {
  drainThroughKills,
  expectOrderInsideKeys,
  lookInto,
  readStream,
  type Scenario,
  tell,
} from './harness.ts';

const JOBS = 1000;
const KILLS = 3;
const target = lookInto(sharedRedisUrl());
afterAll(() => target.disconnect());

type Database = Awaited<ReturnType<typeof ownDatabase>>;
type Rows = Map<string, Record<string, unknown>>;

async function rowsOf({ table, id }: FormatCase, { sql }: Database): Promise<Rows> {
  const rows = await sql<{ id: string; row: Record<string, unknown> }>(
    `SELECT ${id}::text AS id, to_jsonb(t) AS row FROM ${table} t`,
  );
  return new Map(rows.map(({ id, row }) => [id, row]));
}

async function inTurn(statements: string[], { sql }: Database): Promise<void> {
  for (const statement of statements) await sql(statement);
}

/** The library's tables with jobs that no drain takes, whatever their state, and many that are ready. */
async function filled(format: FormatCase) {
  const database = await ownDatabase();
  await format.setup(database.sql, database.url);
  for (const job of format.jobs.filter(({ state }) => state === 'kept')) await job.insert(database.sql);
  const clean = () => inTurn(format.maintenance, database);
  // The oldest of those that are done go to the library's own cleaner.
  await clean();
  const kept = await rowsOf(format, database);
  await database.sql(FILL[format.name as keyof typeof FILL], [JOBS]);
  const ids = [...(await rowsOf(format, database)).keys()].filter((id) => !kept.has(id));
  expect(ids).toHaveLength(JOBS);
  return { database, kept, ids, clean };
}

function scenarioOf(format: FormatCase, url: string): Scenario {
  const stream = uniqueName(format.name);
  const connection = ['--redis-url', sharedRedisUrl(), '--postgres-url', url];
  const pace = ['--rate', '1000/s', '--batch', '20', '--workers', '2', '--settle', '300ms'];
  const command = ['postgres', '--format', format.name, '--stream', stream, '--allow-competing'];
  return { command: [...command, ...pace, ...connection], connection, stream, target };
}

/** As `qctl verify` does, in this process: one start fewer. */
async function expectAgreed(run: string, url: string, what: string): Promise<void> {
  const redis = await connectRedis({ url: sharedRedisUrl() });
  try {
    const { problems, converged } = await verifyRun(redis, run, { postgres: { url } });
    expect([problems, converged], what).toEqual([[], true]);
  } finally {
    await redis.close();
  }
}

const all = { suppressed: 0, inHand: 0 };

test.concurrent.each(FORMAT_CASES)(
  '$name: a drain that is killed beside a worker of the library: each job is worked on by one side alone',
  async (format) => {
    const { database, kept, ids, clean } = await filled(format);
    const scenario = scenarioOf(format, database.url);
    const worker = await startLibraryWorker(format, database.url);
    const inHand = new Set<string>();
    let before: Rows = new Map();
    const { report, landed, seed } = await drainThroughKills(scenario, {
      kills: KILLS,
      withinMs: 80,
      afterKill: async (kill) => {
        // What the library takes back from the dead must not be what the drain has claimed.
        await clean();
        if (kill === KILLS) await worker.stop();
        before = await rowsOf(format, database);
        for (const { id } of await readStream(scenario)) if (before.has(id)) inHand.add(id);
      },
    });
    const what = `${format.name}, seed ${seed}`;
    const { duplicatesSuppressed: suppressed } = report;
    tell(format.name, {
      kills: landed,
      suppressed,
      'in hand': inHand.size,
      worked: worker.worked.length,
      seed,
    });
    all.suppressed += suppressed;
    all.inHand += inHand.size;
    const entries = await readStream(scenario);
    expect([...entries.map(({ id }) => id), ...worker.worked].sort(), what).toEqual([...ids].sort());
    const keyed = entries.filter(({ key }) => key !== undefined);
    expectOrderInsideKeys(keyed, ({ body }) => Number(/(\d+)\D*$/.exec(body)![1]), what);
    // Jobs at work are as they were: those that always were, and those that the worker has taken meanwhile.
    const after = await rowsOf(format, database);
    const notOurs = [...before].filter(([id]) => kept.has(id) || worker.worked.includes(id));
    expect(after, what).toEqual(new Map(notOurs));
    for (const [id, row] of kept) expect(after.get(id), what).toEqual(row);
    expect(worker.worked.length, what).toBeGreaterThan(0);
    expect(landed, what).toBeGreaterThanOrEqual(KILLS - 1);
    await expectAgreed(report.run, database.url, what);
  },
);

test('the kills hit: jobs stood in the stream and still in the table, and were recognised', () => {
  tell('formats', all);
  expect(all.inHand).toBeGreaterThan(100);
  expect(all.suppressed).toBeGreaterThan(100);
});
