import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresSpec } from '../../src/drain/index.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';
import { analysed, type Case, found } from './driver.ts';

let server: TestPostgres;
let url: string;
let sql: (text: string, params?: unknown[]) => Promise<Record<string, unknown>[]>;
/** A database with a transaction that is left open from the beginning: it grows old meanwhile. */
let left: { url: string; session: pg.Client };
const sessions: pg.Client[] = [];
let tables = 0;

beforeAll(async () => {
  server = await startPostgres({
    args: ['-c', 'max_prepared_transactions=5', '-c', 'wal_level=logical', '-c', 'autovacuum=off'],
  });
  url = await server.createDatabase();
  sql = (text, params) => server.query(text, params, url.slice(url.lastIndexOf('/') + 1));
  await sql('CREATE ROLE drainer LOGIN');
  await sql('GRANT USAGE ON SCHEMA public TO drainer');
  const other = await server.createDatabase();
  await server.query('CREATE TABLE q (id bigint PRIMARY KEY, payload text)', [], other.split('/').at(-1));
  left = {
    url: other,
    session: new pg.Client({ connectionString: other, application_name: 'a forgotten console' }),
  };
  left.session.on('error', () => {});
  await left.session.connect();
  await left.session.query('BEGIN; SELECT * FROM q');
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((client) => client.end()));
});
afterAll(async () => {
  await left.session.end().catch(() => undefined);
  await server.stop();
});

/** A table of messages with a name of its own. */
async function queue(columns = '', options = ''): Promise<string> {
  tables += 1;
  const name = `q${tables}`;
  await sql(`CREATE TABLE ${name} (id bigint PRIMARY KEY, payload text${columns}) ${options}`);
  return name;
}

const caseOf = (table: string, spec: Partial<PostgresSpec> = {}, more: Partial<Case> = {}): Case => ({
  postgres: { url, spec: { table, ...spec } },
  ...more,
});

/** The same as the user `drainer`. */
const asDrainer = (table: string, spec: Partial<PostgresSpec> = {}): Case => ({
  postgres: { url: url.replace('postgres@', 'drainer@'), spec: { table, ...spec } },
});

async function session(name = 'a worker'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: name });
  client.on('error', () => {});
  await client.connect();
  sessions.push(client);
  return client;
}

const rows = (n: number, rest = '') => `SELECT i, 'message ' || i${rest} FROM generate_series(1, ${n}) i`;

/** Carries out what a remedy says: the statement in it, up to the first clause of prose. */
async function carryOut(remedy: string | null, end: RegExp = /$/): Promise<void> {
  await sql(remedy!.split(end)[0]!);
}

test('a healthy table of messages is ready, without a warning', async () => {
  const table = await queue();
  await sql(`INSERT INTO ${table} ${rows(10)}`);
  await sql(`ANALYZE ${table}`);
  const { verdict, findings } = await analysed(caseOf(table));
  expect(findings.map(({ code }) => code)).toEqual(['NO_CLAIM_COLUMN']);
  expect(verdict).toBe('ready');
});

test('an empty table is ready', async () => {
  const { verdict, moves } = await analysed(caseOf(await queue()));
  expect(verdict).toBe('ready');
  expect(moves[0]!.source).toMatchObject({ ready: { value: 0, how: 'counted' }, maxBodyBytes: null });
});

describe('what a preflight of a drain says', () => {
  test('a missing privilege blocks, until it is granted', async () => {
    const table = await queue();
    await sql(`GRANT SELECT ON ${table} TO drainer`);
    const missing = await found(asDrainer(table), 'MISSING_PRIVILEGE');
    expect(missing.map(({ level, remedy }) => [level, remedy])).toEqual([
      ['blocker', `GRANT DELETE ON public.${table} TO drainer`],
      ['blocker', `GRANT UPDATE ON public.${table} TO drainer`],
    ]);
    for (const { remedy } of missing) await carryOut(remedy);
    expect(await found(asDrainer(table), 'MISSING_PRIVILEGE')).toEqual([]);
  });

  test('an unlogged table is told of, until it is logged', async () => {
    const table = await queue();
    await sql(`ALTER TABLE ${table} SET UNLOGGED`);
    expect(await found(caseOf(table), 'UNLOGGED_TABLE')).toMatchObject([{ level: 'note' }]);
    await sql(`ALTER TABLE ${table} SET LOGGED`);
    expect(await found(caseOf(table), 'UNLOGGED_TABLE')).toEqual([]);
  });

  test('a copy in an order that does not grow is warned of, and not one by a growing column', async () => {
    const table = await queue(', token text NOT NULL UNIQUE');
    const copy = { mode: 'copy' } as const;
    expect(await found(caseOf(table, { ...copy, id: ['token'] }), 'UNORDERED_ID')).toMatchObject([
      { level: 'warning' },
    ]);
    expect(await found(caseOf(table, copy), 'UNORDERED_ID')).toEqual([]);
  });

  test('a sequence with a cache is warned of for a copy, until it has none', async () => {
    const table = await queue(', n bigserial');
    await sql(`ALTER SEQUENCE ${table}_n_seq CACHE 10`);
    const [finding] = await found(caseOf(table, { mode: 'copy' }), 'CACHED_SEQUENCE');
    await carryOut(finding!.remedy, /, or/);
    expect(await found(caseOf(table, { mode: 'copy' }), 'CACHED_SEQUENCE')).toEqual([]);
  });

  test('a trigger is warned of, until it is disabled', async () => {
    const table = await queue();
    await sql(`CREATE FUNCTION ${table}_f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'`);
    await sql(`CREATE TRIGGER tell BEFORE DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_f()`);
    const [finding] = await found(caseOf(table), 'TRIGGER_FIRES');
    expect(finding).toMatchObject({ level: 'warning', what: expect.stringContaining('trigger tell') });
    await sql(/ALTER TABLE .* DISABLE TRIGGER \w+/.exec(finding!.remedy!)![0]);
    expect(await found(caseOf(table), 'TRIGGER_FIRES')).toEqual([]);
  });

  test('rows that are locked and not claimed are told of, until there is a column for claims', async () => {
    const table = await queue(', qctl text');
    expect(await found(caseOf(table), 'NO_CLAIM_COLUMN')).toMatchObject([{ level: 'note' }]);
    expect(await found(claiming(table), 'NO_CLAIM_COLUMN')).toEqual([]);
  });

  test('an order without an index is warned of, until there is one', async () => {
    const table = await queue(', at timestamptz');
    await sql(`INSERT INTO ${table} ${rows(11_000, ', now()')}`);
    await sql(`ANALYZE ${table}`);
    const ordered = caseOf(table, { order: ['at'] });
    const [finding] = await found(ordered, 'NO_INDEX_FOR_ORDER');
    await carryOut(finding!.remedy, /, or/);
    expect(await found(ordered, 'NO_INDEX_FOR_ORDER')).toEqual([]);
  });

  test('rows that a run holds are named with the run, until they are given back', async () => {
    const table = await queue(', qctl text');
    await sql(`INSERT INTO ${table} ${rows(3, ", 'qctl:old-run'")}`);
    const [finding] = await found(claiming(table), 'HELD_BY_RUN');
    expect(finding).toMatchObject({
      level: 'warning',
      what: `3 rows of public.${table} are held by run old-run: they are not drained`,
    });
    await sql(/UPDATE .*/.exec(finding!.remedy!)![0]);
    expect(await found(claiming(table), 'HELD_BY_RUN')).toEqual([]);
  });

  const claiming = (table: string) => caseOf(table, withClaim());
});

/** As --claim-column qctl makes it. */
function withClaim(): Partial<PostgresSpec> {
  return {
    ready: 't."qctl" IS NULL',
    claim: {
      set: { qctl: ':text' },
      held: 't."qctl" = :text',
      anyones: { held: `starts_with(t."qctl", 'qctl:')`, by: 't."qctl"' },
      release: { qctl: 'NULL' },
    },
  };
}

describe('the rows', () => {
  test('one that cannot be read blocks, until it is put right', async () => {
    const table = await queue();
    await sql(`INSERT INTO ${table} VALUES (1, '{"kind": "a"}'), (2, 'no JSON')`);
    const typed = caseOf(table, { type: `(payload::json)->>'kind'` });
    const [finding] = await found(typed, 'EXPRESSION_FAILS');
    expect(finding).toMatchObject({
      level: 'blocker',
      what: expect.stringContaining('invalid input syntax'),
    });
    await sql(`UPDATE ${table} SET payload = '{}' WHERE id = 2`);
    expect(await found(typed, 'EXPRESSION_FAILS')).toEqual([]);
  });

  test('bodies above the limit are warned of, until the limit is higher', async () => {
    const table = await queue();
    await sql(`INSERT INTO ${table} VALUES (1, repeat('x', 3000)), (2, 'small')`);
    const [finding] = await found(caseOf(table, {}, { settings: { maxBodyBytes: 2000 } }), 'LARGE_BODIES');
    expect(finding).toMatchObject({ level: 'warning', remedy: '--max-body-bytes 3000 takes them' });
    expect(finding!.what).toMatch(/^1 of 2 ready messages of .* bodies above 2\.0 KiB, up to 2\.9 KiB/);
    expect(await found(caseOf(table, {}, { settings: { maxBodyBytes: 3000 } }), 'LARGE_BODIES')).toEqual([]);
  });

  test('bodies that are NULL are told of, until they are left out', async () => {
    const table = await queue();
    await sql(`INSERT INTO ${table} VALUES (1, NULL), (2, 'x')`);
    expect(await found(caseOf(table), 'NULL_BODIES')).toMatchObject([
      { level: 'note', what: expect.stringMatching(/^1 of 2 ready messages/) },
    ]);
    expect(await found(caseOf(table, { ready: 'payload IS NOT NULL' }), 'NULL_BODIES')).toEqual([]);
  });

  test('a filter that says nothing of a message is warned of, until the message is put right', async () => {
    const table = await queue();
    await sql(`INSERT INTO ${table} VALUES (1, '{"kind": "a"}'), (2, 'no JSON')`);
    const some = caseOf(table, { filter: `body.kind == 'a'` });
    expect(await found(some, 'FILTER_NOT_EVALUATED')).toMatchObject([
      { level: 'warning', what: expect.stringContaining('message 2 is left out') },
    ]);
    await sql(`UPDATE ${table} SET payload = '{}' WHERE id = 2`);
    expect(await found(some, 'FILTER_NOT_EVALUATED')).toEqual([]);
  });

  test('what references messages is named with what a delete would do to it', async () => {
    const table = await queue();
    await sql(`INSERT INTO ${table} ${rows(3)}`);
    await sql(`CREATE TABLE ${table}_notes (message bigint REFERENCES ${table} ON DELETE CASCADE)`);
    await sql(`CREATE TABLE ${table}_bills (message bigint REFERENCES ${table})`);
    await sql(`INSERT INTO ${table}_bills VALUES (2)`);
    const findings = await found(caseOf(table), 'FOREIGN_KEY');
    expect(findings.map(({ level, what }) => [level, what])).toEqual([
      [
        'blocker',
        expect.stringMatching(
          /_bills refuses to let go .* points at ready ones; no index of .* begins with message/,
        ),
      ],
      ['warning', expect.stringMatching(/_notes deletes the rows that point at a message/)],
    ]);
    await sql(/CREATE INDEX .*/.exec(findings[1]!.remedy!)![0]);
    expect((await found(caseOf(table), 'FOREIGN_KEY'))[1]!.what).not.toContain('no index');
    for (const { remedy } of findings) await carryOut(remedy, / where nobody/);
    expect(await found(caseOf(table), 'FOREIGN_KEY')).toEqual([]);
  });

  test('rows that are marked instead of deleted may be pointed at', async () => {
    const table = await queue(', state text');
    await sql(`CREATE TABLE ${table}_notes (message bigint REFERENCES ${table})`);
    const marking = { ready: "state = 'new'", done: { set: { state: 'done' } } };
    expect(await found(caseOf(table, marking), 'FOREIGN_KEY')).toEqual([]);
  });

  test('policies that hide rows are warned of, until they do not apply', async () => {
    const table = await queue();
    await sql(`GRANT ALL ON ${table} TO drainer`);
    await sql(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
    const [finding] = await found(asDrainer(table), 'ROW_SECURITY');
    expect(finding).toMatchObject({ level: 'warning', what: expect.stringContaining('user drainer') });
    await carryOut(finding!.remedy, /, or/);
    expect(await found(asDrainer(table), 'ROW_SECURITY')).toEqual([]);
    await sql('ALTER ROLE drainer NOBYPASSRLS');
  });
});

describe('size and statistics', () => {
  test('mostly dead rows are warned of, until they are cleared away', async () => {
    const table = await queue();
    await sql(`INSERT INTO ${table} ${rows(20_000)}`);
    await sql(`DELETE FROM ${table} WHERE id > 5000`);
    const [finding] = await waitFor(async () => one(await found(caseOf(table), 'BLOAT')), {
      what: 'the statistics',
    });
    expect(finding).toMatchObject({ level: 'warning', what: expect.stringMatching(/^15000 of 20000 rows/) });
    await carryOut(finding!.remedy, /;/);
    expect(await found(caseOf(table), 'BLOAT')).toEqual([]);
  });

  test('a table that was never analysed is told of, until it is', async () => {
    const table = await queue();
    await sql(`INSERT INTO ${table} ${rows(30_000)}`);
    const [finding] = await found(caseOf(table), 'NOT_ANALYSED');
    expect(finding).toMatchObject({ level: 'note', remedy: `ANALYZE public.${table}` });
    await carryOut(finding!.remedy);
    expect(await found(caseOf(table), 'NOT_ANALYSED')).toEqual([]);
  });

  test('few ready rows that no index finds are warned of, until there is one', async () => {
    const table = await queue(', state text', 'WITH (fillfactor = 10)');
    await sql(`INSERT INTO ${table} ${rows(20_000, `, CASE WHEN i > 19800 THEN 'new' ELSE 'done' END`)}`);
    await sql(`ANALYZE ${table}`);
    const some = caseOf(table, { ready: "state = 'new'" });
    const [finding] = await found(some, 'NO_INDEX_FOR_READY');
    expect(finding).toMatchObject({
      level: 'warning',
      what: expect.stringContaining('about 1 % of all'),
      remedy: `CREATE INDEX CONCURRENTLY ON public.${table} ("id") WHERE state = 'new'`,
    });
    await carryOut(finding!.remedy);
    expect(await found(some, 'NO_INDEX_FOR_READY')).toEqual([]);
    expect((await analysed(some)).moves[0]!.source).toMatchObject({ readyIndex: `${table}_id_idx` });
  });
});

describe('other sessions', () => {
  test('a prepared transaction is warned of by its name, until it is ended', async () => {
    const table = await queue();
    const worker = await session();
    await worker.query('BEGIN');
    await worker.query(`INSERT INTO ${table} VALUES (1, 'x')`);
    await worker.query(`PREPARE TRANSACTION 'left behind'`);
    const [finding] = await found(caseOf(table), 'PREPARED_TRANSACTION');
    expect(finding).toMatchObject({ level: 'warning', what: expect.stringContaining('left behind') });
    await carryOut(finding!.remedy, /, or/);
    expect(await found(caseOf(table), 'PREPARED_TRANSACTION')).toEqual([]);
  });

  test.each(['SHARE', 'ACCESS EXCLUSIVE'])(
    'a lock of mode %s on the table is warned of, until it is let go',
    async (mode) => {
      const table = await queue();
      const migration = await session('a migration');
      await migration.query('BEGIN');
      await migration.query(`LOCK TABLE ${table} IN ${mode} MODE`);
      const [finding] = await found(caseOf(table), 'TABLE_LOCKED');
      expect(finding).toMatchObject({
        level: 'warning',
        what: expect.stringMatching(/a migration\) holds \w+Lock on/),
      });
      await migration.query('COMMIT');
      expect(await found(caseOf(table), 'TABLE_LOCKED')).toEqual([]);
    },
  );

  test('a worker on the table is told of, until it is gone', async () => {
    const table = await queue();
    await sql(`INSERT INTO ${table} ${rows(3)}`);
    const worker = await session('old worker');
    await worker.query(`DELETE FROM ${table} WHERE id = 1`);
    expect(await found(caseOf(table), 'OTHER_SESSIONS')).toMatchObject([
      { level: 'note', what: expect.stringContaining('(old worker, idle)') },
    ]);
    await worker.end();
    sessions.pop();
    await waitFor(async () => (await found(caseOf(table), 'OTHER_SESSIONS')).length === 0, {
      what: 'the end of the session',
    });
  });

  test('too few connections are warned of, until more are allowed', async () => {
    const table = await queue();
    await sql(`GRANT ALL ON ${table} TO drainer`);
    await sql('ALTER ROLE drainer CONNECTION LIMIT 4');
    const [finding] = await found(asDrainer(table), 'CONNECTIONS_NEAR_LIMIT');
    expect(finding).toMatchObject({
      level: 'warning',
      what: '3 more sessions can be opened (role drainer), and the drain opens up to 5',
    });
    await carryOut(finding!.remedy, /,/);
    expect(await found(asDrainer(table), 'CONNECTIONS_NEAR_LIMIT')).toEqual([]);
  });

  test('a job of pg_cron on the table is warned of, until it is unscheduled', async () => {
    const table = await queue();
    await sql('CREATE SCHEMA cron');
    await sql(
      `CREATE TABLE cron.job (jobid bigint PRIMARY KEY, schedule text, command text, nodename text, nodeport int,
                              database text, username text, active boolean, jobname text)`,
    );
    await sql(
      `CREATE FUNCTION cron.unschedule(bigint) RETURNS boolean LANGUAGE sql AS 'DELETE FROM cron.job WHERE jobid = $1 RETURNING true'`,
    );
    await sql(
      `INSERT INTO cron.job VALUES (7, '0 3 * * *', 'DELETE FROM ${table} WHERE at < now()', '', 5432, current_database(), 'postgres', true, 'tidy')`,
    );
    const [finding] = await found(caseOf(table), 'RETENTION_JOB');
    expect(finding).toMatchObject({
      level: 'warning',
      what: expect.stringContaining('job 7 of pg_cron (0 3 * * *)'),
    });
    await sql(/SELECT cron\.unschedule\(\d+\)/.exec(finding!.remedy!)![0]);
    expect(await found(caseOf(table), 'RETENTION_JOB')).toEqual([]);
    await sql('DROP SCHEMA cron CASCADE');
  });
});

describe('the server', () => {
  test.each([
    ['the role', 'ALTER ROLE drainer SET default_transaction_read_only = on'],
    ['the database', 'ALTER DATABASE :db SET default_transaction_read_only = on'],
    ['the server', 'ALTER SYSTEM SET default_transaction_read_only = on'],
  ])('%s that makes sessions read-only blocks, until that is reset', async (_who, command) => {
    const table = await queue();
    await sql(`GRANT ALL ON ${table} TO drainer`);
    const [{ db }] = (await sql('SELECT quote_ident(current_database()) AS db')) as [{ db: string }];
    await sql(command.replace(':db', db));
    await sql('SELECT pg_reload_conf()');
    const [finding] = await waitFor(async () => one(await found(asDrainer(table), 'SOURCE_READ_ONLY')), {
      what: 'the setting',
    });
    expect(finding!.level).toBe('blocker');
    expect(await found(asDrainer(table, { mode: 'copy' }), 'SOURCE_READ_ONLY')).toEqual([]);
    await writing(finding!.remedy!.split(', then ')[0]!);
    await sql('SELECT pg_reload_conf()');
    await waitFor(async () => (await found(asDrainer(table), 'SOURCE_READ_ONLY')).length === 0, {
      what: 'the setting to be gone',
    });
  });

  /** In a session that may write, whatever it begins with. */
  async function writing(statement: string): Promise<void> {
    const client = await session('operator');
    await client.query('SET default_transaction_read_only = off');
    await client.query(statement);
  }

  test('a publication is told of, and one without replica identity blocks, until each is put right', async () => {
    const table = await queue();
    await sql(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_pkey, ADD UNIQUE (id)`);
    await sql(`CREATE PUBLICATION p_${table} FOR TABLE ${table}`);
    expect(await found(caseOf(table), 'PUBLISHED')).toMatchObject([
      { level: 'note', what: expect.stringContaining(`publication p_${table}`) },
    ]);
    await expect(sql(`DELETE FROM ${table}`)).rejects.toThrow(/replica identity/);
    const [missing] = await found(caseOf(table), 'REPLICA_IDENTITY_MISSING');
    expect(missing!.level).toBe('blocker');
    await carryOut(missing!.remedy, /, or/);
    expect(await found(caseOf(table), 'REPLICA_IDENTITY_MISSING')).toEqual([]);
    const [published] = await found(caseOf(table), 'PUBLISHED');
    await sql(/ALTER PUBLICATION .*/.exec(published!.remedy!)![0]);
    expect(await found(caseOf(table), 'PUBLISHED')).toEqual([]);
  });
});

test('a transaction left open is warned of with its session, until that is ended', async () => {
  const at: Case = { postgres: { url: left.url, spec: { table: 'q' } } };
  const [finding] = await waitFor(async () => one(await found(at, 'LONG_TRANSACTION')), {
    what: 'a transaction that is old enough',
    timeoutMs: 15_000,
  });
  expect(finding).toMatchObject({ level: 'warning', what: expect.stringContaining('a forgotten console') });
  await sql(/SELECT pg_terminate_backend\(\d+\)/.exec(finding!.remedy!)![0]);
  await waitFor(async () => (await found(at, 'LONG_TRANSACTION')).length === 0, {
    what: 'the end of the session',
  });
});

test('a standby blocks, until it is promoted', async () => {
  const standby = await startPostgres();
  const own = await standby.createDatabase();
  const at: Case = { postgres: { url: own, spec: { table: 'q' } } };
  await standby.query('CREATE TABLE q (id bigint PRIMARY KEY, payload text)', [], own.split('/').at(-1));
  await writeFile(join(standby.folder, 'data', 'standby.signal'), '');
  await standby.restart();
  expect(await found(at, 'SOURCE_IS_STANDBY')).toMatchObject([
    { level: 'blocker', remedy: expect.stringContaining('SELECT pg_promote()') },
  ]);
  await standby.query('SELECT pg_promote()');
  expect(await found(at, 'SOURCE_IS_STANDBY')).toEqual([]);
  await standby.stop();
});

/** For {@link waitFor}: what is not empty. */
function one<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}
