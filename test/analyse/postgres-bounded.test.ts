import { beforeAll, describe, expect, test } from 'vitest';
import { lookAtPostgres } from '../../src/analyse/postgres/look.ts';
import { carefulSession } from '../../src/analyse/postgres/open.ts';
import { DEFAULT_SETTINGS, type PostgresSpec, withClaimColumn } from '../../src/drain/index.ts';
import { isNotCounted } from '../../src/sources/postgres/not-counted.ts';
import { ownDatabase } from '../drain/driver.ts';
import { specOf } from '../sources/formats/describe.ts';
import { PROCRASTINATE } from '../sources/formats/schemas/procrastinate.ts';
import { analysed, found } from './driver.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;

beforeAll(async () => {
  database = await ownDatabase();
  await database.sql(
    `CREATE TABLE big (id bigint PRIMARY KEY, payload text NOT NULL, state text NOT NULL) WITH (autovacuum_enabled = off, fillfactor = 20)`,
  );
  // One row in a hundred is ready, all of them at the end.
  await database.sql(
    `INSERT INTO big SELECT i, 'message ' || i, CASE WHEN i > 297000 THEN 'ready' ELSE 'done' END
       FROM generate_series(1, 300000) i`,
  );
  await database.sql('ANALYZE big');
});

const SPEC: PostgresSpec = {
  format: 'generic',
  table: 'big',
  id: ['id'],
  payload: 'payload',
  done: { delete: true },
  mode: 'move',
};

const big = () => ({
  postgres: { url: database.url, spec: { table: 'big', ready: "state = 'ready'" } },
});

/** Rows that were read by sequential scans, and blocks of the table that were looked at. */
async function reads(): Promise<{ rows: number; blocks: number }> {
  await database.sql('SELECT pg_stat_force_next_flush()');
  const [row] = await database.sql<{ rows: string; blocks: string }>(
    `SELECT s.seq_tup_read AS rows, heap_blks_hit + heap_blks_read AS blocks
       FROM pg_stat_user_tables s JOIN pg_statio_user_tables USING (relid) WHERE s.relname = 'big'`,
  );
  return { rows: Number(row!.rows), blocks: Number(row!.blocks) };
}

describe('a large table', () => {
  test('is not read from end to end', async () => {
    const [{ pages }] = (await database.sql(`SELECT pg_relation_size('big') / 8192 AS pages`)) as [
      { pages: string },
    ];
    expect(Number(pages)).toBeGreaterThan(8000);
    const before = await reads();
    await analysed(big());
    const after = await reads();
    // Samples count among sequential scans, and are read a few times over.
    expect(after.rows - before.rows).toBeLessThan(200_000);
    expect(after.blocks - before.blocks).toBeLessThan(Number(pages));
  });

  test('leaves uncounted what a run holds of it, and says so, until an index finds that', async () => {
    await database.sql('ALTER TABLE big ADD COLUMN qctl text');
    const claiming = {
      ...big().postgres.spec,
      ...withClaimColumn({ ...SPEC, ready: "state = 'ready'" }, 'qctl'),
    };
    const given = { postgres: { url: database.url, spec: claiming } };
    expect(await found(given, 'NOT_COUNTED')).toMatchObject([
      { level: 'note', what: expect.stringContaining('without reading all of public.big') },
    ]);
    await database.sql(`CREATE INDEX ON big (id) WHERE starts_with(qctl::text, 'qctl:')`);
    expect(await found(given, 'NOT_COUNTED')).toEqual([]);
  });

  test('lets a query read it that an index serves', async () => {
    const [session, client] = await carefulSession({
      kind: 'postgres',
      name: 'big',
      connection: { url: database.url },
      spec: SPEC,
    });
    const count = (where: string) =>
      session.client.query(`SELECT count(*)::int AS n FROM big WHERE ${where}`);
    expect((await count('id > 299990')).rows).toEqual([{ n: 10 }]);
    const left = await count("state = 'ready'").catch((error: unknown) => error);
    expect(isNotCounted(left)).toBe(true);
    expect([...session.leftOut]).toEqual(['public.big']);
    await expect(session.client.query('DELETE FROM big')).rejects.toThrow(/read-only transaction/);
    await client.end();
  });
});

test('a large queue that asks its whole table what is ready is looked at row by row', async () => {
  await database.sql(PROCRASTINATE);
  await database.sql('ALTER TABLE procrastinate_jobs DISABLE TRIGGER ALL');
  await database.sql(
    `INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)
       SELECT 'default', 'mail', jsonb_build_object('text', repeat('x', 600)), CASE WHEN i % 4 = 0 THEN 'failed' ELSE 'todo' END::procrastinate_job_status
         FROM generate_series(1, 80000) i`,
  );
  await database.sql('ANALYZE procrastinate_jobs');
  const spec = await specOf(database.url, 'procrastinate');
  const source = { kind: 'postgres', name: 'jobs', connection: { url: database.url }, spec } as const;
  const { backlog, facts, sample } = await lookAtPostgres(source, DEFAULT_SETTINGS, {
    observeMs: 0,
    sample: 0,
  });
  expect(backlog.how).toBe('sampled');
  expect(Math.abs(backlog.value! - 60_000)).toBeLessThan(6000);
  expect(Math.abs(facts.dead.value! - 20_000)).toBeLessThan(4000);
  expect(sample.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(1000);
});
