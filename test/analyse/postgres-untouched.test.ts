import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { lookAtPostgres } from '../../src/analyse/postgres/look.ts';
import { DEFAULT_SETTINGS, type PostgresSpec, withClaimColumn } from '../../src/drain/index.ts';
import { ownDatabase } from '../drain/driver.ts';
import { specOf } from '../sources/formats/describe.ts';
import { SOLID_QUEUE } from '../sources/formats/schemas/solid-queue.ts';
import { waitFor } from '../support/wait.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;

const GENERIC: PostgresSpec = {
  format: 'generic',
  table: 'q',
  id: ['id'],
  payload: 'payload',
  ready: "state = 'new'",
  type: 'kind',
  enqueuedAt: 'at',
  done: { delete: true },
  mode: 'move',
};

beforeAll(async () => {
  database = await ownDatabase();
  await database.sql(
    `CREATE TABLE q (id bigint PRIMARY KEY, payload text, state text, kind text, at timestamptz DEFAULT now())
       WITH (autovacuum_enabled = off)`,
  );
  await database.sql(
    `INSERT INTO q SELECT i, repeat('x', 100 + i), CASE WHEN i % 3 = 0 THEN 'done' ELSE 'new' END, 'kind ' || i % 4
       FROM generate_series(1, 5000) i`,
  );
  await database.sql('DELETE FROM q WHERE id % 10 = 0');
  await database.sql(SOLID_QUEUE);
  await database.sql(
    `INSERT INTO solid_queue_jobs (queue_name, class_name, arguments, created_at, updated_at)
       SELECT 'default', 'Job', '{}', now(), now() FROM generate_series(1, 200)`,
  );
  await database.sql(
    `INSERT INTO solid_queue_ready_executions (job_id, queue_name, priority, created_at)
       SELECT id, queue_name, priority, now() FROM solid_queue_jobs`,
  );
});

const TABLES = ['q', 'solid_queue_jobs', 'solid_queue_ready_executions'];

/** Every row with its version and its place, and what PostgreSQL has counted of changes. */
async function asItIs(): Promise<unknown[]> {
  await database.sql('SELECT pg_stat_force_next_flush()');
  const rows = await Promise.all(
    TABLES.map((table) =>
      database.sql(
        `SELECT count(*), md5(string_agg(t.ctid::text || t.xmin::text || t.xmax::text || t::text, '|' ORDER BY t.ctid)) AS rows
           FROM ${table} t`,
      ),
    ),
  );
  const counted = await database.sql(
    `SELECT relname, n_tup_ins, n_tup_upd, n_tup_del, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = ANY($1) ORDER BY 1`,
    [TABLES],
  );
  return [rows, counted];
}

/** Sessions of an analysis, and what they hold now. */
const locks = () =>
  database.sql<{ mode: string | null; state: string }>(
    `SELECT l.mode, a.state FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype <> 'virtualxid'
      WHERE a.application_name = 'qctl analyse' AND a.datname = current_database()`,
  );

async function looked(spec: PostgresSpec, observeMs: number, signal?: AbortSignal) {
  const source = { kind: 'postgres', name: 'q', connection: { url: database.url }, spec } as const;
  return lookAtPostgres(source, DEFAULT_SETTINGS, { observeMs, sample: 0, signal });
}

describe('after an analysis', () => {
  test.each([
    ['a table of one’s own', () => Promise.resolve(GENERIC)],
    ['a queue of Solid Queue', () => specOf(database.url, 'solid-queue')],
  ])('%s is as before: every version and place of a row, and what was counted', async (_what, describe) => {
    const spec = await describe();
    const before = await asItIs();
    const { backlog } = await looked(spec, 50);
    expect(backlog.value).toBeGreaterThan(100);
    expect(await asItIs()).toEqual(before);
    await waitFor(async () => (await locks()).length === 0, { what: 'the end of its session' });
  });
});

describe('while an analysis looks', () => {
  test('it holds no lock but those of reading', async () => {
    await database.sql('CREATE TABLE slow (id bigint PRIMARY KEY, payload text)');
    await database.sql(`INSERT INTO slow SELECT i, 'x' FROM generate_series(1, 10) i`);
    // Each row takes its time, so that the locks can be seen.
    const slow = { ...GENERIC, table: 'slow', type: undefined, enqueuedAt: undefined };
    const seen = new Set<string>();
    let over = false;
    const look = looked({ ...slow, ready: 'pg_sleep(0.01) IS NOT NULL' }, 0).finally(() => {
      over = true;
    });
    while (!over) for (const { mode } of await locks()) if (mode !== null) seen.add(mode);
    await look;
    expect([...seen]).toEqual(['AccessShareLock']);
  });

  // Only those who read get past an EXCLUSIVE lock.
  test.each([
    ['rows that are deleted', () => Promise.resolve(GENERIC), 3000],
    [
      'rows that are claimed and marked',
      () => Promise.resolve(withClaimColumn({ ...GENERIC, done: { set: { state: 'moved' } } }, 'kind')),
      0,
    ],
    ['a queue of Solid Queue', () => specOf(database.url, 'solid-queue'), 200],
  ])('%s it looks at past a lock that stops all but readers', async (_what, describe, ready) => {
    const spec = { ...(await describe()), type: undefined };
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`BEGIN; LOCK TABLE ${TABLES.join(', ')} IN EXCLUSIVE MODE`);
    const { backlog, findings } = await looked(spec, 0);
    await client.end();
    expect(backlog).toEqual({ value: ready, how: 'counted' });
    expect(findings.map(({ code }) => code)).toContain('TABLE_LOCKED');
  });

  test('it holds nothing while it observes, and keeps no migration waiting', async () => {
    const stop = new AbortController();
    const look = looked(GENERIC, 60_000, stop.signal);
    await waitFor(async () => (await locks()).some(({ mode, state }) => mode === null && state === 'idle'), {
      what: 'the analysis to rest',
    });
    await database.sql(
      `SET lock_timeout = '5s'; ALTER TABLE q ADD COLUMN extra int; ALTER TABLE q DROP COLUMN extra`,
    );
    stop.abort();
    expect((await look).backlog.value).toBe(3000);
  });
});
