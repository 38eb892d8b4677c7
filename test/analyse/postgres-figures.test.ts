import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PostgresSourceFacts } from '../../src/analyse/postgres/facts.ts';
import { lookAtPostgres } from '../../src/analyse/postgres/look.ts';
import { DEFAULT_SETTINGS, type PostgresSpec } from '../../src/drain/index.ts';
import { ownDatabase } from '../drain/driver.ts';
import { specOf } from '../sources/formats/describe.ts';
import { GOOD_JOB } from '../sources/formats/schemas/good-job.ts';
import { PROCRASTINATE } from '../sources/formats/schemas/procrastinate.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;
let sql: (text: string, params?: unknown[]) => Promise<Record<string, unknown>[]>;

beforeAll(async () => {
  database = await ownDatabase();
  sql = database.sql;
});

const GENERIC: Omit<PostgresSpec, 'table'> = {
  format: 'generic',
  id: ['id'],
  payload: 'payload',
  done: { delete: true },
  mode: 'move',
};

async function looked(spec: Partial<PostgresSpec> & { table: string }, observeMs = 0, signal?: AbortSignal) {
  const whole: PostgresSpec = { ...GENERIC, ...spec };
  const source = {
    kind: 'postgres',
    name: spec.table,
    connection: { url: database.url },
    spec: whole,
  } as const;
  return lookAtPostgres(source, DEFAULT_SETTINGS, { observeMs, sample: 0, signal });
}

const counted = (value: number) => ({ value, how: 'counted' });
const UNKNOWN = { value: null, how: null };

describe('a small table', () => {
  beforeAll(async () => {
    await sql(
      'CREATE TABLE mail (id bigint PRIMARY KEY, payload text, kind text, state text, tries int, at timestamptz, due timestamptz, note text)',
    );
    await sql(`INSERT INTO mail SELECT i, repeat('x', i), CASE WHEN i % 4 = 0 THEN 'invoice' ELSE 'letter' END,
                 CASE WHEN i > 80 THEN 'sent' ELSE 'new' END, i % 2, now() - i * interval '1 minute',
                 CASE WHEN i <= 5 THEN now() + interval '1 day' END, 'n' FROM generate_series(1, 100) i`);
  });

  const mail: Partial<PostgresSpec> & { table: string } = {
    table: 'mail',
    ready: "state = 'new'",
    type: 'kind',
    attempts: 'tries',
    enqueuedAt: 'at',
    notBefore: 'due',
  };

  test('is counted: what is ready, what is not due, and each type', async () => {
    const { backlog, facts, types, oldestAt } = await looked(mail);
    expect(backlog).toEqual(counted(80));
    expect(facts).toMatchObject({
      rows: counted(100),
      ready: counted(80),
      scheduled: counted(5),
      running: UNKNOWN,
      dead: UNKNOWN,
    });
    expect(types).toMatchObject([
      { type: 'letter', ready: counted(60), scheduled: counted(4), attempts: 40 / 60 },
      { type: 'invoice', ready: counted(20), scheduled: counted(1), attempts: 0 },
    ]);
    expect(Date.now() - Date.parse(oldestAt!)).toBeGreaterThan(80 * 60_000 - 1000);
    expect(facts.oldestAgeMs).toBeGreaterThan(80 * 60_000 - 1000);
  });

  test('tells the sizes of bodies, and gives the ready messages as a drain reads them', async () => {
    const { facts, sample } = await looked(mail);
    expect(facts).toMatchObject({
      minBodyBytes: 1,
      p50BodyBytes: 40,
      p90BodyBytes: 72,
      p99BodyBytes: 80,
      maxBodyBytes: 80,
      bodiesSeen: 80,
      bodiesHow: 'counted',
    });
    const messages = sample.flatMap((batch) => batch.messages());
    expect(messages).toHaveLength(80);
    expect(messages.find(({ id }) => id === '7')).toMatchObject({
      type: 'letter',
      attempts: 1,
      body: Buffer.from('xxxxxxx'),
    });
    expect(sample[0]!.rows!.names).toEqual(['id', 'body', 'type', 'attempts', 'enqueuedAt', 'notBefore']);
  });

  test('says what is not carried', async () => {
    const { notCarried } = await looked(mail);
    expect(notCarried).toEqual([
      'No field of the entry carries columns state, note of public.mail: --attribute state=state carries one along.',
    ]);
  });

  test('with a filter is judged by its messages, type by type', async () => {
    const { backlog, types, sample } = await looked({ ...mail, filter: "type == 'invoice'" });
    expect(backlog).toEqual(counted(20));
    expect(types).toMatchObject([
      { type: 'invoice', ready: counted(20) },
      { type: 'letter', ready: counted(0) },
    ]);
    expect(sample.reduce((sum, { count }) => sum + count, 0)).toBe(20);
  });

  test('with types counts those alone', async () => {
    expect((await looked({ ...mail, types: ['invoice'] })).backlog).toEqual(counted(20));
  });

  test('without observation the rate of arrival is that of the last hour', async () => {
    const { arrivalPerSecond, completionPerSecond } = await looked(mail);
    expect(arrivalPerSecond).toBeCloseTo(59 / 3600, 2);
    expect(completionPerSecond).toBeNull();
  });
});

describe('what comes in and goes out', () => {
  test('shows in two looks, so far apart as is asked for', async () => {
    await sql('CREATE TABLE busy (id bigserial PRIMARY KEY, payload text)');
    await sql(`INSERT INTO busy (payload) SELECT 'x' FROM generate_series(1, 50)`);
    const stop = new AbortController();
    const look = looked({ table: 'busy' }, 60_000, stop.signal);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await resting();
    await client.query(`INSERT INTO busy (payload) SELECT 'y' FROM generate_series(1, 30)`);
    await client.query('DELETE FROM busy WHERE id <= 20');
    await client.query('SELECT pg_stat_force_next_flush()');
    await client.end();
    stop.abort();
    const { facts, arrivalPerSecond, completionPerSecond } = await look;
    const ms = facts.observedMs!;
    // The time is told in whole milliseconds, and may be a short one here: the rates are exact.
    const rounding = 0.5 / (ms - 0.5);
    expect(Math.abs((arrivalPerSecond! * ms) / 30_000 - 1)).toBeLessThanOrEqual(rounding);
    expect(Math.abs((completionPerSecond! * ms) / 20_000 - 1)).toBeLessThanOrEqual(rounding);
  });

  /** Until the analysis has looked for the first time: its last query before it waits is that of sizes. */
  async function resting(): Promise<void> {
    let seen = 0;
    let last = '';
    while (seen < 5) {
      const [row] = await sql(
        `SELECT state, query, state_change::text AS at FROM pg_stat_activity WHERE application_name = 'qctl analyse' AND datname = current_database()`,
      );
      const now = `${row?.state} ${row?.at}`;
      seen =
        row?.state === 'idle' && String(row.query).includes('pg_indexes_size') && now === last ? seen + 1 : 0;
      last = now;
    }
  }
});

describe('a large table', () => {
  beforeAll(async () => {
    await sql(
      'CREATE TABLE events (id bigint PRIMARY KEY, payload jsonb, kind text, state text, at timestamptz) WITH (fillfactor = 20)',
    );
    await sql(`INSERT INTO events SELECT i, jsonb_build_object('n', i), CASE WHEN i % 5 = 0 THEN 'a' ELSE 'b' END,
                 CASE WHEN i > 237000 THEN 'new' ELSE 'done' END, now() - (240000 - i) * interval '1 second'
                 FROM generate_series(1, 240000) i`);
    await sql('ANALYZE events');
  });

  test('all of which is ready is sampled, and comes near the truth', async () => {
    const { backlog, types, facts } = await looked({ table: 'events', type: 'kind' });
    expect(backlog.how).toBe('sampled');
    expect(Math.abs(backlog.value! - 240_000)).toBeLessThan(24_000);
    expect(types!.map(({ type }) => type)).toEqual(['b', 'a']);
    expect(types![1]!.ready.value! / backlog.value!).toBeCloseTo(0.2, 1);
    expect(facts).toMatchObject({ bodiesHow: 'sampled', maxBodyBytes: 13 });
    expect(facts.bodiesSeen).toBeGreaterThan(5000);
  });

  test('a few ready rows of which stand at its end are estimated, and counted where an index finds them', async () => {
    const spec = { table: 'events', ready: "state = 'new'", type: 'kind', enqueuedAt: 'at' };
    const without = await looked(spec);
    expect(without.backlog.how).not.toBe('counted');
    await sql(`CREATE INDEX ON events (id) WHERE state = 'new'`);
    const { backlog, types, sample, facts } = await looked(spec);
    expect(backlog).toEqual(counted(3000));
    expect(types).toMatchObject([
      { type: 'b', ready: counted(2400) },
      { type: 'a', ready: counted(600) },
    ]);
    expect(sample.reduce((sum, { count }) => sum + count, 0)).toBe(3000);
    expect(facts).toMatchObject({ bodiesHow: 'counted', bodiesSeen: 3000 });
    expect(Date.now() - Date.parse(facts.oldestAt!)).toBeLessThan(3_600_000);
  });

  test('of large bodies few are read', async () => {
    await sql('CREATE TABLE large (id bigint PRIMARY KEY, payload text)');
    await sql('ALTER TABLE large ALTER payload SET STORAGE EXTERNAL');
    await sql(`INSERT INTO large SELECT i, repeat(md5(i::text), 32768) FROM generate_series(1, 40) i`);
    const { backlog, sample, facts } = await looked({ table: 'large' });
    expect(backlog).toEqual(counted(40));
    expect(sample.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(20 * 1024 * 1024);
    expect(sample[0]!.count).toBeGreaterThan(0);
    expect(facts.maxBodyBytes).toBe(1024 * 1024);
  });

  test('of many partitions is looked at as one', async () => {
    await sql('CREATE TABLE parts (id bigint PRIMARY KEY, payload text) PARTITION BY HASH (id)');
    for (const i of [0, 1, 2])
      await sql(`CREATE TABLE parts_${i} PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER ${i})`);
    await sql(`INSERT INTO parts SELECT i, 'x' FROM generate_series(1, 300) i`);
    await database.endSessions();
    const { backlog, facts } = await looked({ table: 'parts' });
    expect(backlog).toEqual(counted(300));
    expect(facts).toMatchObject({ partitioned: true, liveRows: 300 });
    expect(facts.heapBytes).toBe(3 * 8192);
  });
});

describe('a queue of a job library', () => {
  test('procrastinate tells what is running, scheduled and dead', async () => {
    await sql(PROCRASTINATE);
    await sql(`INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, scheduled_at)
      SELECT 'default', 'mail', '{}', s::procrastinate_job_status, w FROM (VALUES ('todo', NULL::timestamptz), ('todo', NULL),
        ('todo', now() + interval '1 day'), ('doing', NULL), ('failed', NULL), ('succeeded', NULL)) v (s, w)`);
    const { facts, types } = await looked(await specOf(database.url, 'procrastinate'));
    const expected = { ready: counted(2), running: counted(1), scheduled: counted(1), dead: counted(1) };
    expect(facts).toMatchObject({ format: 'procrastinate', rows: counted(6), ...expected });
    expect(types).toMatchObject([{ type: 'mail', ...expected }]);
  });

  test('good_job tells the same, and who works on it', async () => {
    await sql(GOOD_JOB);
    const job = (more: string) =>
      sql(`INSERT INTO good_jobs (id, queue_name, priority, serialized_params, scheduled_at, created_at, updated_at, job_class${more ? `, ${more.split('=')[0]}` : ''})
             VALUES (gen_random_uuid(), 'default', 0, '{}', now(), now(), now(), 'Mail'${more ? `, ${more.split('=')[1]}` : ''})`);
    for (const more of ['', '', 'performed_at=now()']) await job(more);
    const { facts } = await looked(await specOf(database.url, 'good-job'));
    expect(facts).toMatchObject({
      format: 'good_job',
      ready: counted(2),
      running: counted(1),
      scheduled: counted(0),
      dead: counted(0),
    });
  });
});

test('a user who may see little gets what can be seen, and the rest is null', async () => {
  await sql('CREATE TABLE small (id bigint PRIMARY KEY, payload text)');
  const role = `r_${database.name}`;
  await sql(`CREATE ROLE ${role} LOGIN`);
  await sql(`GRANT SELECT (id), DELETE, UPDATE (id) ON small TO ${role}`);
  const url = database.url.replace('postgres@', `${role}@`);
  const spec: PostgresSpec = { ...GENERIC, table: 'small', payload: 'id' };
  const source = { kind: 'postgres', name: 'small', connection: { url }, spec } as const;
  const { facts, backlog }: { facts: PostgresSourceFacts; backlog: unknown } = await lookAtPostgres(
    source,
    DEFAULT_SETTINGS,
    { observeMs: 0, sample: 0 },
  );
  expect(backlog).toEqual(counted(0));
  expect(facts).toMatchObject({ replicas: null, privileges: ['DELETE'] });
  await sql(`DROP OWNED BY ${role}`);
  await sql(`DROP ROLE ${role}`);
});

test('a table that is not there is an error, as with a drain', async () => {
  await expect(looked({ table: 'nowhere' })).rejects.toMatchObject({
    kind: 'config',
    code: 'TABLE_NOT_FOUND',
  });
});

test('a value that a column cannot take is an error, as with a drain', async () => {
  await sql('CREATE TABLE typed (id bigint PRIMARY KEY, payload text, state int)');
  await sql(`INSERT INTO typed VALUES (1, 'x', 0)`);
  const spec = { table: 'typed', ready: 'state = 0', done: { set: { state: 'done' } } };
  await expect(looked(spec)).rejects.toMatchObject({ kind: 'config', code: 'BAD_EXPRESSION' });
});
