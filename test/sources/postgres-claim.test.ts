import pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PostgresSource, type PostgresSpec, withClaimColumn } from '../../src/sources/postgres/index.ts';
import { isPause } from '../../src/sources/source.ts';
import { drain, entriesOf, failureOf, ownDatabase, requestOf } from '../drain/driver.ts';
import { uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;
const sessions: pg.Client[] = [];

beforeAll(async () => {
  database = await ownDatabase();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end().catch(() => undefined);
});

/** A session of an application that works on the same table. */
async function session(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url, application_name: 'the application' });
  client.on('error', () => {});
  await client.connect();
  sessions.push(client);
  return client;
}

async function tableOf(rows: number, columns = ''): Promise<string> {
  const table = uniqueName('k').replaceAll('-', '_');
  await database.sql(
    `CREATE TABLE ${table} (id bigserial PRIMARY KEY, payload text DEFAULT 'b', agent text,
       "Taken by" text, state text NOT NULL DEFAULT 'new'${columns})`,
  );
  await database.sql(`INSERT INTO ${table} (agent) SELECT 'a' || i % 3 FROM generate_series(1, ${rows}) i`);
  return table;
}

type Spec = Parameters<typeof requestOf>[0]['spec'] & object;
const claiming = (spec: Spec): Spec => {
  const { source } = requestOf({ spec, target: { stream: 's' } });
  if (source.kind !== 'postgres') throw new Error('not a table');
  return withClaimColumn(source.spec, 'Taken by');
};
const idsIn = async (stream: string): Promise<number[]> =>
  (await entriesOf(stream)).map((entry) => Number(entry.text('id')));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const sorted = (ids: number[]) => ids.toSorted((a, b) => a - b);

describe('rows are claimed before they are appended', () => {
  test('and each is in the stream once, in order within its key', async () => {
    const table = await tableOf(5000);
    const stream = uniqueName('claim');
    const { report } = await drain({
      spec: claiming({ table, key: 'agent' }),
      database: database.url,
      target: { stream },
      settings: { batch: 70, workers: 2 },
    });
    expect(report).toMatchObject({ converged: true, appended: 5000, settled: 5000, remaining: 0 });
    const ids = await idsIn(stream);
    expect(sorted(ids)).toEqual(upTo(5000));
    for (const rest of [0, 1, 2]) {
      const ofKey = ids.filter((id) => id % 3 === rest);
      expect(ofKey).toEqual(sorted(ofKey));
    }
  });

  test('and what another session has locked stays with it, with all that follows under its key', async () => {
    const table = await tableOf(150);
    const stream = uniqueName('locked');
    const other = await session();
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM ${table} WHERE id = 7 FOR UPDATE`);
    const test = {
      spec: claiming({ table, key: 't.agent' }),
      database: database.url,
      target: { stream },
      settings: { batch: 1, workers: 1 },
    };
    const { report } = await drain(test);
    expect(report).toMatchObject({ ending: 'left over', remaining: 48, converged: false });
    expect((await idsIn(stream)).filter((id) => id % 3 === 1)).toEqual([1, 4]);
    await other.query('COMMIT');
    expect((await drain(test)).report).toMatchObject({ converged: true, appended: 150 });
    const ofKey = (await idsIn(stream)).filter((id) => id % 3 === 1);
    expect(ofKey).toEqual(sorted(ofKey));
  });
});

describe('what old workers meet', () => {
  /** Takes free rows as a job library does, until told to stop. */
  async function worker(table: string, free: string) {
    const client = await session();
    const worked: number[] = [];
    let working = true;
    const done = (async () => {
      while (working) {
        const { rows } = await client.query(
          `DELETE FROM ${table} WHERE id = ANY(ARRAY(SELECT id FROM ${table} WHERE ${free} ORDER BY id LIMIT 7 FOR UPDATE SKIP LOCKED)) RETURNING id`,
        );
        worked.push(...rows.map((row) => Number(row.id)));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    return {
      worked,
      stop: async () => {
        working = false;
        await done;
      },
    };
  }

  test('two lanes and two workers share a table, and nothing is worked on twice', async () => {
    const table = await tableOf(6000);
    const stream = uniqueName('shared');
    const workers = [await worker(table, '"Taken by" IS NULL'), await worker(table, '"Taken by" IS NULL')];
    const { report } = await drain({
      spec: claiming({ table, key: 'agent' }),
      database: database.url,
      target: { stream },
      settings: { batch: 20, allowCompeting: true },
    });
    for (const one of workers) await one.stop();
    expect(report.converged).toBe(true);
    const worked = workers.flatMap((one) => one.worked);
    expect(worked.length).toBeGreaterThan(0);
    expect(sorted([...(await idsIn(stream)), ...worked])).toEqual(upTo(6000));
  });

  test('a row that a worker has taken out of the ready ones is not claimed', async () => {
    const table = await tableOf(20);
    await database.sql(`UPDATE ${table} SET "Taken by" = 'worker 4' WHERE id IN (3, 4)`);
    const stream = uniqueName('taken');
    const { report } = await drain({
      spec: claiming({ table }),
      database: database.url,
      target: { stream },
    });
    expect(report).toMatchObject({ converged: true, appended: 18 });
    expect(await database.sql(`SELECT id::int, "Taken by" FROM ${table} ORDER BY id`)).toEqual([
      { id: 3, 'Taken by': 'worker 4' },
      { id: 4, 'Taken by': 'worker 4' },
    ]);
  });
});

describe('what a format may ask for', () => {
  test('done.set frees the claim column of rows that are done', async () => {
    const table = await tableOf(9);
    const stream = uniqueName('set');
    const { report } = await drain({
      spec: claiming({ table, ready: "state = 'new'", done: { set: { state: 'migrated' } } }),
      database: database.url,
      target: { stream },
    });
    expect(report).toMatchObject({ converged: true, settled: 9 });
    expect(await database.sql(`SELECT DISTINCT state, "Taken by" FROM ${table}`)).toEqual([
      { state: 'migrated', 'Taken by': null },
    ]);
  });

  test('at most one row per value is claimed at once, whoever holds it', async () => {
    const table = await tableOf(60, ', lock text');
    await database.sql(`UPDATE ${table} SET lock = 'l' || id % 4 WHERE id % 5 <> 0`);
    await database.sql(`CREATE UNIQUE INDEX ON ${table} (lock) WHERE "Taken by" IS NOT NULL`);
    await database.sql(`UPDATE ${table} SET "Taken by" = 'worker 1' WHERE id = 1`);
    const stream = uniqueName('single');
    const spec = claiming({ table });
    spec.claim!.single = 'lock';
    const test = { spec, database: database.url, target: { stream }, settings: { batch: 2 } };
    const { report } = await drain(test);
    const blocked = upTo(60).filter((id) => id % 5 !== 0 && id % 4 === 1);
    expect(report).toMatchObject({ ending: 'left over', remaining: blocked.length - 1 });
    const ids = await idsIn(stream);
    expect(sorted(ids)).toEqual(upTo(60).filter((id) => !blocked.includes(id)));
    await database.sql(`DELETE FROM ${table} WHERE id = 1`);
    expect((await drain(test)).report).toMatchObject({ converged: true, appended: 59 });
  });

  test('rows whose advisory lock a worker holds stay with it; no lock is left behind', async () => {
    const table = await tableOf(1300);
    const stream = uniqueName('advisory');
    const spec = claiming({ table });
    spec.claim!.advisory = 't.id';
    const other = await session();
    await other.query('SELECT pg_advisory_lock(7), pg_advisory_lock(1200)');
    const test = { spec, database: database.url, target: { stream } };
    const { report } = await drain(test);
    expect(report).toMatchObject({ ending: 'left over', remaining: 2, appended: 1298 });
    await other.query('SELECT pg_advisory_unlock_all()');
    expect((await drain(test)).report).toMatchObject({ converged: true, appended: 1300 });
    // Others use the server as well, and a session that was closed ends a moment later.
    const locks = () =>
      database.sql(`SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND d.datname = current_database()`);
    await waitFor(async () => (await locks()).length === 0, { what: 'no lock' });
  });

  test('an order that no columns say, a statement of its own to let go, and statements around the run', async () => {
    const table = await tableOf(400);
    await database.sql(`CREATE TABLE ${table}_workers (name text, lane_of text)`);
    const stream = uniqueName('own');
    const spec = claiming({ table });
    spec.rank = 't.id % 7 DESC, t.id';
    spec.settle = `DELETE FROM ${table} WHERE id = ANY($1::text[]::bigint[]) AND "Taken by" = :text`;
    spec.claim!.prepare = [
      `INSERT INTO ${table}_workers SELECT :text, :uuid WHERE NOT EXISTS (SELECT 1 FROM ${table}_workers)`,
    ];
    spec.claim!.cleanup = [`UPDATE ${table}_workers SET lane_of = 'gone' WHERE name = :text`];
    const { report } = await drain({
      spec,
      database: database.url,
      target: { stream },
      settings: { workers: 1, batch: 30 },
    });
    expect(report).toMatchObject({ converged: true, appended: 400 });
    const ids = await idsIn(stream);
    expect(ids).toEqual(upTo(400).sort((a, b) => (b % 7) - (a % 7) || a - b));
    expect(await database.sql(`SELECT * FROM ${table}_workers`)).toEqual([
      { name: `qctl:${report.run}`, lane_of: 'gone' },
    ]);
  });
});

test('bodies of 1 MB are read in parts, whatever the batch size, and a unit stays small', async () => {
  const table = await tableOf(90);
  await database.sql(`ALTER TABLE ${table} ALTER payload SET STORAGE EXTERNAL`);
  await database.sql(`UPDATE ${table} SET payload = repeat(md5(id::text), 32768)`);
  await database.sql(`ANALYZE ${table}`);
  const source = await PostgresSource.open({ url: database.url }, claiming({ table }) as PostgresSpec);
  const reader = source.reader({ run: 'r', lane: 0, lanes: 1, batch: 1000 });
  await reader.recover([{ partition: 0, token: '', note: '', ids: [] }], '1');
  let [seen, largest, unit] = [0, 0, 0];
  const units: number[] = [];
  for (let batch = await reader.read(1000); !isPause(batch); batch = await reader.read(1000)) {
    seen += batch.count;
    unit += batch.count;
    largest = Math.max(largest, batch.bytes);
    if (!(await reader.unitEnds())) continue;
    await reader.settle();
    units.push(unit);
    unit = 0;
  }
  await reader.close();
  await source.close();
  expect(seen).toBe(90);
  expect(largest).toBeLessThan(6 * 1024 * 1024);
  expect(Math.max(...units)).toBeLessThan(70);
});

describe('rows that are held already', () => {
  const started = async (table: string, rows: number) => {
    const stream = uniqueName('held');
    const settings = { workers: 1 };
    const test = { spec: claiming({ table }), database: database.url, target: { stream }, settings };
    const { report } = await drain({ ...test, settings: { ...settings, limit: rows } });
    return { test, stream, run: report.run };
  };

  test('by this run, and never appended, are the first to be appended when it goes on', async () => {
    const table = await tableOf(50);
    const { test, stream, run } = await started(table, 10);
    await database.sql(`UPDATE ${table} SET "Taken by" = 'qctl:${run}' WHERE id IN (20, 31, 49)`);
    const { report, plan } = await drain(test);
    expect(plan).toMatchObject({ run, depth: { ready: 37, held: 3 } });
    expect(report).toMatchObject({ converged: true, appended: 50 });
    expect(sorted((await idsIn(stream)).slice(10, 13))).toEqual([20, 31, 49]);
  });

  test('by a run that is given up, are ready again and drained by the next', async () => {
    const table = await tableOf(50);
    const { test, stream, run } = await started(table, 10);
    await database.sql(`UPDATE ${table} SET "Taken by" = 'qctl:${run}' WHERE id > 40`);
    const { report, notes, plan } = await drain({ ...test, settings: { ...test.settings, fresh: true } });
    expect(plan.findings.find(({ code }) => code === 'HELD_BY_RUN')?.level).toBe('note');
    expect(notes.join()).toMatch(/had claimed and not appended are ready again/);
    expect(report).toMatchObject({ converged: true, appended: 40 });
    expect(report.run).not.toBe(run);
    expect(sorted(await idsIn(stream))).toEqual(upTo(50));
  });

  test('by a run that this Redis does not know, are named with what frees them', async () => {
    const table = await tableOf(5);
    await database.sql(`UPDATE ${table} SET "Taken by" = 'qctl:elsewhere-1' WHERE id = 2`);
    const { report, plan } = await drain({
      spec: claiming({ table }),
      database: database.url,
      target: { stream: uniqueName('named') },
    });
    const found = plan.findings.find(({ code }) => code === 'HELD_BY_RUN')!;
    expect(found).toMatchObject({ level: 'warning' });
    expect(found.text).toContain('1 row of public.');
    expect(found.text).toContain('held by run elsewhere-1');
    expect(report.notes.join()).toContain('held by run elsewhere-1');
    await database.sql(found.remedy!.replace(/^.*?UPDATE/s, 'UPDATE'));
    expect(await database.sql(`SELECT id::int FROM ${table} WHERE "Taken by" IS NULL`)).toEqual([{ id: 2 }]);
  });
});

test('claims that somebody takes away while the messages are on their way are told, and count', async () => {
  const table = await tableOf(40);
  const source = await PostgresSource.open({ url: database.url }, claiming({ table }) as PostgresSpec);
  let lost = 0;
  const reader = source.reader({
    run: 'r3',
    lane: 0,
    lanes: 1,
    batch: 100,
    lost: (count) => (lost += count),
  });
  await reader.recover([{ partition: 0, token: '', note: '', ids: [] }], '1');
  const batch = await reader.read(100);
  expect(isPause(batch) || batch.count).toBe(40);
  // One that does not respect claims, and one that changes something else.
  await database.sql(`UPDATE ${table} SET "Taken by" = NULL WHERE id = 33`);
  await database.sql(`UPDATE ${table} SET state = 'touched' WHERE id = 34`);
  await reader.settle();
  await reader.close();
  await source.close();
  expect(lost).toBe(1);
  expect(await database.sql(`SELECT id::int FROM ${table}`)).toEqual([{ id: 33 }]);
});

describe('a settled unit whose note was lost with the process', () => {
  test('is not taken for one that somebody else has had', async () => {
    const table = await tableOf(12);
    const source = await PostgresSource.open({ url: database.url }, claiming({ table }) as PostgresSpec);
    const options = { run: 'r2', lane: 0, lanes: 1, batch: 5 };
    const first = source.reader(options);
    await first.recover([{ partition: 0, token: '', note: '', ids: [] }], '1');
    const batch = await first.read(5);
    if (isPause(batch)) throw new Error('nothing to read');
    const marker = { partition: 0, token: '1.1', note: 'c1', ids: batch.messages().map(({ id }) => id) };
    await first.settle();
    await first.close();
    const second = source.reader(options);
    expect(await second.recover([marker], '2')).toEqual([{ partition: 0, suppressed: 0, vanished: 0 }]);
    await second.close();
    // The same, not settled: then the rows are let go of now.
    const third = source.reader(options);
    await third.recover([marker], '3');
    const next = await third.read(5);
    if (isPause(next)) throw new Error('nothing to read');
    const open = { partition: 0, token: '2.1', note: 'c2', ids: next.messages().map(({ id }) => id) };
    await third.close();
    await database.sql(`DELETE FROM ${table} WHERE id = ${open.ids[0]}`);
    const fourth = source.reader(options);
    expect(await fourth.recover([open], '4')).toEqual([{ partition: 0, suppressed: 4, vanished: 1 }]);
    await fourth.close();
    await source.close();
    expect(await database.sql(`SELECT count(*)::int AS n FROM ${table}`)).toEqual([{ n: 2 }]);
  });
});

describe('what is refused, before anything is changed', () => {
  const column = (type: string) => async () => {
    const table = await tableOf(3);
    await database.sql(`ALTER TABLE ${table} DROP COLUMN "Taken by", ADD COLUMN "Taken by" ${type}`);
    return claiming({ table });
  };
  const cases: [string, () => Promise<Spec>, string, RegExp][] = [
    [
      'a claim column that is not there',
      async () => withClaimColumn(claiming({ table: await tableOf(1) }) as PostgresSpec, 'nope'),
      'COLUMN_NOT_FOUND',
      /no column nope/,
    ],
    ['one that holds numbers', column('int'), 'BAD_CLAIM', /integer/],
    ['one that is too short for the name of a run', column('varchar(20)'), 'BAD_CLAIM', /too long/],
    ['one that may not be NULL', column("text NOT NULL DEFAULT ''"), 'CLAIM_NOT_NULLABLE', /may not be NULL/],
    [
      'one that belongs to the message',
      async () => claiming({ table: await tableOf(1), type: 'Taken by' }),
      'CLAIM_OVERWRITES',
      /Taken by/,
    ],
    [
      'a claim that leaves the row ready',
      async () => ({ ...claiming({ table: await tableOf(1) }), ready: "state = 'new'" }),
      'CLAIM_LEAVES_READY',
      /row 1 would still be ready/,
    ],
    [
      'types of a queue without a type',
      async () => ({ ...claiming({ table: await tableOf(1) }), types: ['a'] }),
      'NO_TYPE',
      /no type/,
    ],
    [
      'a boundary in a queue without a time of enqueueing',
      async () => ({ ...claiming({ table: await tableOf(1) }), before: '2026-01-01T00:00:00Z' }),
      'NO_ENQUEUED_AT',
      /no time of enqueueing/,
    ],
    [
      'a filter that is none',
      async () => ({ ...claiming({ table: await tableOf(1) }), filter: 'body..x' }),
      'BAD_FILTER',
      /body\.\.x/,
    ],
  ];
  test.each(cases)('%s', async (_, spec, code, text) => {
    const stream = uniqueName('refused');
    const failure = await failureOf(
      drain({ spec: await spec(), database: database.url, target: { stream } }),
    );
    expect(failure).toMatchObject({ code });
    expect(failure.message).toMatch(text);
    expect(await entriesOf(stream)).toEqual([]);
  });

  test('a role that may not update the claim column is told which right it needs', async () => {
    const table = await tableOf(3);
    const role = uniqueName('r').replaceAll('-', '_');
    await database.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    await database.sql(`GRANT SELECT, DELETE, UPDATE (state) ON ${table} TO ${role}`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'x';
    const failure = await failureOf(
      drain({ spec: claiming({ table }), database: url.href, target: { stream: uniqueName('role') } }),
    );
    expect(failure).toMatchObject({ kind: 'auth', code: 'MISSING_PRIVILEGE' });
    expect(failure.message).toContain('may not UPDATE Taken by');
  });

  test('a trigger that undoes the claim stops the drain before anything is appended', async () => {
    const table = await tableOf(3);
    await database.sql(`CREATE FUNCTION undo_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      NEW."Taken by" := 'me'; RETURN NEW; END $$`);
    await database.sql(
      `CREATE TRIGGER undone BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION undo_${table}()`,
    );
    const stream = uniqueName('undone');
    const failure = await failureOf(
      drain({ spec: claiming({ table }), database: database.url, target: { stream } }),
    );
    expect(failure).toMatchObject({ code: 'CLAIM_UNDONE' });
    expect(await entriesOf(stream)).toEqual([]);
    expect(await database.sql(`SELECT DISTINCT "Taken by" FROM ${table}`)).toEqual([{ 'Taken by': null }]);
  });
});
