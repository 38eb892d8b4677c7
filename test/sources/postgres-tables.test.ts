import { beforeAll, describe, expect, test } from 'vitest';
import type { Done } from '../../src/sources/postgres/index.ts';
import { drain, entriesOf, failureOf, ownDatabase, plan } from '../drain/driver.ts';
import { uniqueName } from '../support/shared.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;

beforeAll(async () => {
  database = await ownDatabase();
});

const tableName = (prefix = 'q') => uniqueName(prefix).replace('-', '_');

describe.each(['move', 'copy'] as const)('%s mode', (mode) => {
  const settings = { batch: 7, workers: 2 };
  const bodiesOf = async (stream: string) =>
    (await entriesOf(stream)).map((entry) => [entry.text('id'), entry.text('body')]);

  test.each([
    ['bigint', 'i', '9007199254740993'],
    ['integer', 'i', '2147483640'],
    ['uuid', `('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid`, undefined],
    ['text', `'job "' || i || E'"\\'\\\\ é'`, undefined],
    ['numeric(40,2)', `i + 0.50`, undefined],
    ['timestamptz', `'2026-01-01'::timestamptz + i * interval '1.000001 s'`, undefined],
    ['varchar(40)', `'k' || i`, undefined],
    ['char(8)', `'k' || i`, undefined],
  ])('ids of type %s', async (type, value, extra) => {
    const table = tableName();
    await database.sql(`CREATE TABLE ${table} (id ${type} PRIMARY KEY, payload text NOT NULL)`);
    await database.sql(`INSERT INTO ${table} SELECT ${value}, 'b' || i FROM generate_series(1, 60) i`);
    if (extra) await database.sql(`INSERT INTO ${table} VALUES (${extra}, 'big')`);
    const expected = await database
      .sql<{ id: string; payload: string }>(`SET TimeZone = 'UTC'`)
      .then(() => database.sql<{ id: string; payload: string }>(`SELECT id::text, payload FROM ${table}`));
    const stream = uniqueName('ids');
    const { report } = await drain({
      spec: { table, mode },
      database: database.url,
      target: { stream },
      settings,
    });
    expect(report.problems).toEqual([]);
    const found = await bodiesOf(stream);
    if (type === 'timestamptz')
      expect(found.map(([, body]) => body).sort()).toEqual(expected.map((row) => row.payload).sort());
    else expect(found.sort()).toEqual(expected.map((row) => [row.id, row.payload]).sort());
    expect(new Set(found.map(([id]) => id)).size).toBe(expected.length);
  });

  test('quoted names with spaces, quotes and dots, in schemas of their own', async () => {
    const schema = tableName('S');
    await database.sql(`CREATE SCHEMA "${schema}"`);
    await database.sql(`CREATE TABLE "${schema}"."Weird ""Table"".x"
      ("Id""x" bigint PRIMARY KEY, "Pay load" jsonb, "Agent's" text, "select" int NOT NULL)`);
    await database.sql(`INSERT INTO "${schema}"."Weird ""Table"".x"
      SELECT i, '{"a":1}', 'a' || i % 3, i FROM generate_series(1, 30) i`);
    const stream = uniqueName('quoted');
    const { report } = await drain({
      spec: {
        table: `"${schema}"."Weird ""Table"".x"`,
        id: ['Id"x'],
        payload: 'Pay load',
        key: "Agent's",
        order: ['select'],
        priority: 'select',
        mode,
      },
      database: database.url,
      target: { stream },
      settings,
    });
    expect(report.problems).toEqual([]);
    const entries = await entriesOf(stream);
    expect(entries).toHaveLength(30);
    expect(entries[0]!.fields.map(([name]) => name)).toEqual([
      'id',
      'body',
      'key',
      'priority',
      'source',
      'run',
    ]);
  });

  test('a mixed-case name works without its quotes', async () => {
    const table = `Jobs${tableName()}`;
    await database.sql(`CREATE TABLE "${table}" (id int PRIMARY KEY, payload text)`);
    await database.sql(`INSERT INTO "${table}" VALUES (1, 'x')`);
    const stream = uniqueName('mixed');
    await drain({ spec: { table, mode }, database: database.url, target: { stream } });
    expect(await bodiesOf(stream)).toEqual([['1', 'x']]);
  });

  test('a partitioned table', async () => {
    const table = tableName('parted');
    await database.sql(
      `CREATE TABLE ${table} (id bigint PRIMARY KEY, payload text, agent text) PARTITION BY RANGE (id)`,
    );
    for (const [from, to] of [
      [0, 50],
      [50, 100],
      [100, 150],
    ])
      await database.sql(
        `CREATE TABLE ${table}_${from} PARTITION OF ${table} FOR VALUES FROM (${from}) TO (${to})`,
      );
    await database.sql(
      `INSERT INTO ${table} SELECT i, 'b' || i, 'a' || i % 4 FROM generate_series(0, 149) i`,
    );
    for (const key of [undefined, 'agent']) {
      const stream = uniqueName('parted');
      const { report } = await drain({
        spec: { table, mode, ...(key ? { key } : {}) },
        database: database.url,
        target: { stream },
        settings: { ...settings, fresh: true },
      });
      expect(report.problems).toEqual([]);
      expect(new Set((await bodiesOf(stream)).map(([id]) => id)).size).toBe(150);
      if (mode === 'move')
        await database.sql(
          `INSERT INTO ${table} SELECT i, 'b' || i, 'a' || i % 4 FROM generate_series(0, 149) i`,
        );
    }
  });

  test('only ready rows are drained', async () => {
    const table = tableName();
    await database.sql(`CREATE TABLE ${table} (id bigint PRIMARY KEY, payload text, state text)`);
    await database.sql(
      `INSERT INTO ${table} SELECT i, 'b', CASE WHEN i % 3 = 0 THEN 'pending' ELSE 'done' END FROM generate_series(1, 99) i`,
    );
    const stream = uniqueName('ready');
    await drain({
      spec: { table, mode, ready: `state = 'pending' OR false` },
      database: database.url,
      target: { stream },
      settings,
    });
    const ids = (await bodiesOf(stream)).map(([id]) => Number(id));
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 33 }, (_, i) => 3 * i + 3));
  });

  test('the order inside each key holds with four workers', async () => {
    const table = tableName('keyed');
    await database.sql(
      `CREATE TABLE ${table} (id bigint PRIMARY KEY, payload text, agent text, seq int NOT NULL)`,
    );
    await database.sql(
      `INSERT INTO ${table} SELECT i, i::text, CASE WHEN i % 11 = 0 THEN NULL ELSE 'a' || i % 10 END, 5000 - i FROM generate_series(1, 4000) i`,
    );
    const stream = uniqueName('keyed');
    const { report } = await drain({
      spec: { table, mode, key: 'agent', order: ['seq'] },
      database: database.url,
      target: { stream, partitions: 1 },
      settings: { batch: 50, workers: 4 },
    });
    expect(report).toMatchObject({ problems: [], appended: 4000 });
    const entries = await entriesOf(stream);
    for (let agent = 0; agent < 10; agent += 1) {
      const ids = entries
        .filter((entry) => entry.text('key') === `a${agent}`)
        .map((entry) => Number(entry.text('id')));
      expect(ids.length).toBeGreaterThan(300);
      expect(ids).toEqual([...ids].sort((a, b) => b - a));
    }
  });
});

describe('what done means', () => {
  test('columns are set to text, numbers, NULL and SQL, and no other row is touched', async () => {
    const table = tableName('done');
    await database.sql(
      `CREATE TABLE ${table} (id bigint PRIMARY KEY, payload text, state text, tries int DEFAULT 3, owner text DEFAULT 'x', at timestamptz)`,
    );
    await database.sql(
      `INSERT INTO ${table} (id, payload, state) SELECT i, 'b', CASE WHEN i <= 50 THEN 'pending' ELSE 'kept' END FROM generate_series(1, 60) i`,
    );
    const stream = uniqueName('done');
    const { report } = await drain({
      spec: {
        table,
        ready: `state = 'pending'`,
        done: { set: { state: `it's done`, tries: 0, owner: null, at: { sql: 'now()' } } },
      },
      database: database.url,
      target: { stream },
      settings: { batch: 7 },
    });
    expect(report).toMatchObject({ problems: [], appended: 50, settled: 50 });
    const rows = await database.sql(
      `SELECT state, tries, owner, at IS NOT NULL AS at, count(*)::int AS n FROM ${table} GROUP BY 1, 2, 3, 4 ORDER BY n`,
    );
    expect(rows).toEqual([
      { state: 'kept', tries: 3, owner: 'x', at: false, n: 10 },
      { state: `it's done`, tries: 0, owner: null, at: true, n: 50 },
    ]);
  });

  test('an update that leaves rows ready is refused before anything is changed', async () => {
    const table = tableName('loop');
    await database.sql(
      `CREATE TABLE ${table} (id bigint PRIMARY KEY, payload text, state text, tries int DEFAULT 0)`,
    );
    await database.sql(
      `INSERT INTO ${table} (id, payload, state) SELECT i, 'b', 'pending' FROM generate_series(1, 20) i`,
    );
    const stream = uniqueName('loop');
    const settings: Done[] = [{ set: { state: 'pending' } }, { set: { tries: { sql: 'tries + 1' } } }];
    for (const done of settings) {
      const failure = await failureOf(
        drain({
          spec: { table, ready: `state = 'pending' AND tries < 3`, done },
          database: database.url,
          target: { stream },
          settings: { limit: 200 },
        }),
      );
      expect(failure).toMatchObject({ kind: 'config', code: 'DONE_LEAVES_READY' });
      expect(failure.message).toMatch(/row 1\b/);
    }
    expect(await entriesOf(stream)).toEqual([]);
  });

  test('a trigger that makes rows ready again ends the drain instead of looping', async () => {
    const table = tableName('trigger');
    await database.sql(`CREATE TABLE ${table} (id bigint PRIMARY KEY, payload text, state text)`);
    await database.sql(
      `CREATE FUNCTION ${table}_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.state := 'pending'; RETURN NEW; END $$`,
    );
    await database.sql(
      `CREATE TRIGGER again BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_f()`,
    );
    await database.sql(`INSERT INTO ${table} SELECT i, 'b', 'pending' FROM generate_series(1, 20) i`);
    const stream = uniqueName('trigger');
    for (const key of [undefined, 'id']) {
      const failure = await failureOf(
        drain({
          spec: {
            table,
            ready: `state = 'pending'`,
            done: { set: { state: 'done' } },
            ...(key ? { key } : {}),
          },
          database: database.url,
          target: { stream: `${stream}${key ?? ''}` },
          settings: { limit: 200, fresh: true },
        }),
      );
      expect(failure).toMatchObject({ kind: 'config', code: 'DONE_LEAVES_READY' });
    }
  });
});

describe('what is refused, before anything is changed', () => {
  let table: string;
  beforeAll(async () => {
    table = tableName('refused');
    await database.sql(
      `CREATE TABLE ${table} (id bigint PRIMARY KEY, payload text, state text, at timestamptz, n int)`,
    );
    await database.sql(`INSERT INTO ${table} SELECT i, 'b', 'pending' FROM generate_series(1, 5) i`);
    await database.sql(`CREATE VIEW ${table}_view AS SELECT * FROM ${table}`);
    await database.sql(`CREATE UNIQUE INDEX ON ${table} (n) WHERE n > 5`);
  });

  const cases: [
    name: string,
    spec: Parameters<typeof plan>[0]['spec'] extends infer S ? Partial<S & object> : never,
    kind: string,
    code: string,
    text: RegExp,
  ][] = [
    [
      'a nullable order column',
      { mode: 'copy', order: ['at'] },
      'refused',
      'NULLABLE_ORDER',
      /at may be NULL/,
    ],
    ['an id that is not unique', { id: ['state'] }, 'refused', 'ID_NOT_UNIQUE', /state.*no unique index/],
    ['an id that is unique in part only', { id: ['n'] }, 'refused', 'ID_NOT_UNIQUE', /n.*no unique index/],
    ['a composite id in move mode', { id: ['id', 'state'] }, 'config', 'COMPOSITE_ID', /single id column/],
    ['a column that is not there', { id: ['nope'] }, 'config', 'COLUMN_NOT_FOUND', /no column nope/],
    [
      'a payload that is no column',
      { payload: 'nope' },
      'config',
      'COLUMN_NOT_FOUND',
      /payload:.*no column nope/,
    ],
    [
      'a payload that is no expression',
      { payload: 'nope + 1' },
      'config',
      'BAD_EXPRESSION',
      /payload:.*nope/,
    ],
    ['a ready condition with a mistake', { ready: 'state = ' }, 'config', 'BAD_EXPRESSION', /syntax error/],
    ['a ready condition that is no condition', { ready: 'state' }, 'config', 'BAD_EXPRESSION', /boolean/],
    [
      'a second statement',
      { ready: 'true; DROP TABLE TABLE_NAME' },
      'config',
      'BAD_EXPRESSION',
      /syntax error/,
    ],
    [
      'a second statement behind a bracket',
      { ready: 'true); DROP TABLE TABLE_NAME; --' },
      'config',
      'BAD_EXPRESSION',
      /multiple commands|syntax error/,
    ],
    [
      'a second statement in the key',
      { key: `id::text); DROP TABLE TABLE_NAME; SELECT (1` },
      'config',
      'BAD_EXPRESSION',
      /multiple commands|syntax error/,
    ],
    ['a comment that hides the rest', { ready: 'true --' }, 'config', 'BAD_EXPRESSION', /syntax error/],
    [
      'a condition that closes its bracket',
      { ready: '1 = 1) OR (1 = 1' },
      'config',
      'BAD_EXPRESSION',
      /syntax error/,
    ],
    [
      'done.set of a column that is not there',
      { ready: 'true', done: { set: { nope: 1 } } },
      'config',
      'COLUMN_NOT_FOUND',
      /no column nope/,
    ],
    [
      'done.set of a value that does not fit',
      { ready: `state = 'pending'`, done: { set: { at: 'soon' } } },
      'config',
      'BAD_EXPRESSION',
      /timestamp/,
    ],
    [
      'done.set without ready',
      { done: { set: { state: 'done' } } },
      'config',
      'DONE_WITHOUT_READY',
      /ready condition/,
    ],
  ];
  test.each(cases)('%s', async (_, spec, kind, code, text) => {
    const stream = uniqueName('refused');
    const filled = JSON.parse(JSON.stringify(spec).replaceAll('TABLE_NAME', table));
    const failure = await failureOf(
      drain({ spec: { table, ...filled }, database: database.url, target: { stream } }),
    );
    expect(failure).toMatchObject({ kind, code });
    expect(failure.message).toMatch(text);
    expect(await database.sql(`SELECT count(*)::int AS n FROM ${table} WHERE state = 'pending'`)).toEqual([
      { n: 5 },
    ]);
    expect(await entriesOf(stream)).toEqual([]);
  });

  test.each([
    [{ id: ['idd'] }, 'id: table public.TABLE_NAME has no column idd', 'did you mean id?'],
    [{ key: 'stat' }, 'key: table public.TABLE_NAME has no column stat', 'did you mean state?'],
    [
      { attributes: { what: 'n || stte' } },
      'attributes.what: column "stte" does not exist',
      'did you mean state?',
    ],
    [
      { ready: 'state = "pending"' },
      'ready: column "pending" does not exist',
      "text stands in single quotes: 'pending'",
    ],
  ])(
    'a name that is of no column, in %j, is named with its field and with what was meant',
    async (spec, text, hint) => {
      const failure = await failureOf(
        plan({ spec: { table, ...spec }, database: database.url, target: { stream: uniqueName() } }),
      );
      expect(failure.message).toContain(text.replace('TABLE_NAME', table));
      expect(failure.hint[0]).toBe(hint);
      expect(failure.hint).toContain('its columns are id, payload, state, at, n');
    },
  );

  test('a view, a sequence and a table that is not there', async () => {
    const of = (name: string) =>
      failureOf(plan({ spec: { table: name }, database: database.url, target: { stream: uniqueName() } }));
    expect(await of(`${table}_view`)).toMatchObject({ kind: 'config', code: 'NOT_A_TABLE' });
    expect((await of(`${table}_view`)).message).toContain('is a view');
    expect(await of(`${table}_nope`)).toMatchObject({ kind: 'config', code: 'TABLE_NOT_FOUND' });
    expect(await of(`no such "table`)).toMatchObject({ kind: 'config', code: 'TABLE_NOT_FOUND' });
  });
});
