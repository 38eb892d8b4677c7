import { expect, test } from 'vitest';
import { uniqueName } from '../support/shared.ts';
import { consume, goBack, planBack } from './back-driver.ts';
import { drain, failureOf, ownDatabase, withRedis } from './driver.ts';

const TABLE = `CREATE TABLE jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant varchar(20), kind text, priority int NOT NULL DEFAULT 0,
  attempts int NOT NULL DEFAULT 0, payload jsonb, blob bytea, raw json, created_at timestamptz NOT NULL DEFAULT now(),
  due timestamp, state text NOT NULL DEFAULT 'pending', note text DEFAULT 'none')`;

const SPEC = {
  table: 'jobs',
  key: 'tenant',
  type: 'kind',
  priority: 'priority',
  attempts: 'attempts',
  enqueuedAt: 'created_at',
  notBefore: 'due',
  attributes: { blob: 'blob', raw: 'raw' },
  ready: "state = 'pending'",
};

const ALL = `SELECT id, tenant, kind, priority, attempts, payload::text, blob, raw::text, created_at, due, state FROM jobs ORDER BY id`;

/** A table of jobs, drained into a stream with a group that has seen nothing of it. */
async function drainedJobs(rows = 30, target: object = {}) {
  const db = await ownDatabase();
  await db.sql(TABLE);
  await db.sql(`INSERT INTO jobs (tenant, kind, priority, attempts, payload, blob, raw, created_at, due)
    SELECT nullif('t' || g % 4, 't0'), CASE WHEN g % 3 > 0 THEN 'mail' END, g % 5, g % 3,
      CASE WHEN g % 7 > 0 THEN jsonb_build_object('n', g, 'text', E'\\u00e4 \\u20ac "quoted" \\\\ ' || g) END,
      CASE WHEN g % 5 > 0 THEN decode('00ff0a' || lpad(to_hex(g), 4, '0'), 'hex') END,
      CASE WHEN g % 2 > 0 THEN ('{ "b":1,  "a":' || g || ', "b":2 }')::json END,
      timestamptz '2026-01-02 03:04:05.678901+00' + g * interval '1 second',
      CASE WHEN g % 6 = 0 THEN timestamp '2026-01-01 00:00:00.5' END
    FROM generate_series(1, ${rows}) g`);
  await db.sql('CREATE TABLE jobs_before AS SELECT * FROM jobs');
  const before = await db.sql(ALL);
  const stream = uniqueName('jobs');
  const { report } = await drain({
    spec: SPEC,
    database: db.url,
    target: { stream, createGroup: 'workers', ...target },
  });
  expect(report.converged).toBe(true);
  expect(await db.sql(ALL)).toEqual([]);
  return { db, stream, before: before as Record<string, unknown>[], table: { url: db.url, spec: SPEC } };
}

test('what consumers have not finished goes back exactly as it was: json, jsonb, bytes, NULL, times, priority, key', async () => {
  const { db, stream, before, table } = await drainedJobs();
  const done = await consume(stream, { count: 10 });
  await withRedis((redis) => redis.xack(stream, 'workers', ...done.map(({ entry }) => entry)));
  const pending = await consume(stream, { count: 5, consumer: 'worker-2' });
  const { plan, report } = await goBack({ source: { stream }, table });
  expect(plan).toMatchObject({ mode: 'back', pending: 5, undelivered: 15, finished: 10, kind: 'new' });
  expect(report).toMatchObject({
    converged: true,
    problems: [],
    returned: 20,
    acknowledged: 20,
    left: 0,
    inHand: 0,
    destinationCount: 20,
  });
  const finished = new Set(done.map(({ fields }) => fields.id));
  const delivered = new Set(pending.map(({ fields }) => fields.id));
  const expected = before
    .filter(({ id }) => !finished.has(String(id)))
    // Each delivery to a consumer that did not finish is an attempt.
    .map((row) => ({ ...row, attempts: Number(row.attempts) + (delivered.has(String(row.id)) ? 1 : 0) }));
  expect(await db.sql(ALL)).toEqual(expected);
  await withRedis(async (redis) => {
    expect(await redis.xpending(stream, 'workers')).toEqual([0, null, null, null]);
    expect(await consume(stream, { count: 10 })).toEqual([]);
  });
});

test('messages of other producers get the defaults of columns that must have a value and that they do not carry', async () => {
  const { db, stream, table } = await drainedJobs(1);
  await withRedis((redis) => redis.xadd(stream, '*', 'id', '77', 'body', '{"n":77}', 'key', 't1'));
  const { report } = await goBack({ source: { stream }, table });
  expect(report).toMatchObject({ converged: true, returned: 2 });
  const [row] = await db.sql(
    'SELECT kind, priority, attempts, created_at IS NOT NULL AS created FROM jobs WHERE id = 77',
  );
  expect(row).toEqual({ kind: null, priority: 0, attempts: 0, created: true });
});

test('a second call finds nothing more to do', async () => {
  const { db, stream, table } = await drainedJobs(8);
  await goBack({ source: { stream }, table });
  const { report } = await goBack({ source: { stream }, table });
  expect(report).toMatchObject({ converged: true, returned: 0, acknowledged: 0 });
  expect(await db.sql('SELECT count(*)::int AS n FROM jobs')).toEqual([{ n: 8 }]);
});

test('rows whose acknowledgement was lost are only acknowledged, even where a worker has done them since', async () => {
  const { db, stream, table } = await drainedJobs(12);
  await goBack({ source: { stream }, table });
  await db.sql('DELETE FROM jobs WHERE id <= 6');
  // As a failover would that forgot the acknowledgements: everything is pending again.
  await withRedis(async (redis) => {
    await redis.xgroup('SETID', stream, 'workers', '0');
    await consume(stream, { count: 100 });
  });
  const { report } = await goBack({ source: { stream }, table });
  expect(report).toMatchObject({ converged: true, returned: 0, knownBefore: 12, acknowledged: 12 });
  expect(await db.sql('SELECT count(*)::int AS n FROM jobs')).toEqual([{ n: 6 }]);
});

test('a row that the table refuses stays pending and is named; the others go back', async () => {
  const { db, stream, table } = await drainedJobs(20);
  await db.sql('ALTER TABLE jobs ADD CONSTRAINT no_13 CHECK (id <> 13)');
  const { report } = await goBack({ source: { stream }, table });
  expect(report).toMatchObject({ converged: false, returned: 19, left: 1, state: 'stopped' });
  expect(report.leftEntries[0]!.reason).toMatch(/no_13/);
  await db.sql('ALTER TABLE jobs DROP CONSTRAINT no_13');
  const again = await goBack({ source: { stream }, table });
  expect(again.plan).toMatchObject({ kind: 'continue', run: report.run });
  expect(again.report).toMatchObject({ converged: true, returned: 20, left: 0, destinationCount: 20 });
});

test('a row that is there unchanged is left alone, one that differs is named and not overwritten', async () => {
  const { db, stream, table } = await drainedJobs(6);
  await db.sql('INSERT INTO jobs OVERRIDING SYSTEM VALUE SELECT * FROM jobs_before WHERE id = 1');
  await db.sql(`INSERT INTO jobs (id, payload) OVERRIDING SYSTEM VALUE VALUES (2, '{"other": 1}')`);
  const { report } = await goBack({ source: { stream }, table });
  expect(report).toMatchObject({ returned: 4, alreadyThere: 1, left: 1, converged: false });
  expect(report.leftEntries[0]!.reason).toMatch(/differs in payload, kind, tenant/);
  expect(await db.sql('SELECT payload::text FROM jobs WHERE id = 2')).toEqual([{ payload: '{"other": 1}' }]);
});

test('rows that were marked as done are made ready again, and only with a word on how', async () => {
  const db = await ownDatabase();
  await db.sql(`CREATE TABLE jobs (id int PRIMARY KEY, payload text, state text, done_at timestamptz)`);
  await db.sql(`INSERT INTO jobs SELECT g, 'p' || g, 'pending' FROM generate_series(1, 5) g`);
  const stream = uniqueName('jobs');
  const spec = {
    table: 'jobs',
    ready: "state = 'pending'",
    done: { set: { state: 'moved', done_at: { sql: 'now()' } } },
  };
  await drain({ spec, database: db.url, target: { stream, createGroup: 'workers' } });
  await db.sql('DELETE FROM jobs WHERE id = 5');
  const plan = await planBack({ source: { stream }, table: { url: db.url, spec } });
  expect(plan.findings).toContainEqual(
    expect.objectContaining({ level: 'blocker', code: 'DONE_NOT_UNDONE' }),
  );
  const restoring = { ...spec, restore: { state: "'pending'", done_at: 'NULL' } };
  const { report } = await goBack({ source: { stream }, table: { url: db.url, spec: restoring } });
  expect(report).toMatchObject({ converged: true, returned: 5 });
  expect(await db.sql('SELECT * FROM jobs ORDER BY id')).toEqual(
    [1, 2, 3, 4, 5].map((id) => ({ id, payload: `p${id}`, state: 'pending', done_at: null })),
  );
});

test('a column that must have a value and gets none is named before anything has changed', async () => {
  const { db, stream, table } = await drainedJobs(3);
  await db.sql('ALTER TABLE jobs ADD COLUMN owner text NOT NULL');
  const failure = await failureOf(goBack({ source: { stream }, table }));
  expect(failure).toMatchObject({ kind: 'refused', code: 'COLUMN_NOT_FILLED' });
  expect(failure.message).toMatch(/owner/);
  const { report } = await goBack({
    source: { stream },
    table: { ...table, spec: { ...SPEC, restore: { owner: "coalesce(m.key, 'nobody')" } } },
  });
  expect(report.converged).toBe(true);
  expect(await db.sql('SELECT DISTINCT owner FROM jobs ORDER BY 1')).toEqual([
    { owner: 't1' },
    { owner: 't2' },
    { owner: 't3' },
  ]);
});

const OUTBOX = {
  table: 'notification_outbox',
  id: ['notification_id'],
  payload: 'message',
  ready: "delivery_status = 'queued' AND tries < 5",
  done: { set: { delivery_status: 'delivered', delivered_at: { sql: 'now()' } } },
};

/** Rows that settling marks and leaves, drained, with a group that has seen nothing of them. */
async function drainedOutbox() {
  const db = await ownDatabase();
  await db.sql(`CREATE TABLE notification_outbox (notification_id uuid PRIMARY KEY, message jsonb,
    delivery_status text NOT NULL DEFAULT 'queued', tries int, delivered_at timestamptz,
    open boolean GENERATED ALWAYS AS (delivery_status = 'queued') STORED)`);
  await db.sql(`INSERT INTO notification_outbox (notification_id, message, tries)
    SELECT gen_random_uuid(), jsonb_build_object('n', g), 0 FROM generate_series(1, 4) g`);
  const stream = uniqueName('outbox');
  await drain({ spec: OUTBOX, database: db.url, target: { stream, createGroup: 'workers' } });
  const back = (restore?: Record<string, string>, spec: Partial<typeof OUTBOX> = {}) => ({
    source: { stream },
    table: { url: db.url, spec: { ...OUTBOX, ...spec, ...(restore && { restore }) } },
  });
  const states = () =>
    db.sql(`SELECT delivery_status AS state, delivered_at IS NULL AS undone, count(*)::int AS n
      FROM notification_outbox GROUP BY 1, 2`);
  return { db, stream, back, states };
}

const RESTORING = { delivery_status: "'queued'", delivered_at: 'NULL' };

test('what sets marked rows back is proposed in one line, with what ready rows had', async () => {
  const { back } = await drainedOutbox();
  const remedy = async (spec: object): Promise<string | undefined> =>
    (await planBack(back(undefined, spec))).findings.find(({ code }) => code === 'DONE_NOT_UNDONE')?.remedy;
  expect(await remedy({})).toBe(`--restore "delivery_status='queued'" --restore "delivered_at=NULL"`);
  // Where the condition does not tell: the column's default, and NULL where there may be one.
  expect(await remedy({ ready: 'open' })).toBe(
    `--restore "delivery_status='queued'" --restore "delivered_at=NULL"`,
  );
  expect(
    await remedy({ ready: `t."delivery_status"::text IN ('new', 'queued') AND delivered_at IS NULL` }),
  ).toBe(`--restore "delivery_status='new'" --restore "delivered_at=NULL"`);
});

test('marked rows that would not be ready again are a blocker that names the values, and nothing is changed', async () => {
  const { back, states } = await drainedOutbox();
  const wrong = back({ ...RESTORING, delivery_status: "'pending'" });
  expect((await planBack(wrong)).findings).toContainEqual(
    expect.objectContaining({
      level: 'blocker',
      code: 'NOT_READY_AGAIN',
      text: expect.stringContaining("tries < 5) with delivery_status 'pending', tries '0'"),
      remedy: `--restore "delivery_status='queued'"`,
    }),
  );
  expect(await failureOf(goBack(wrong))).toMatchObject({ kind: 'refused', code: 'NOT_READY_AGAIN' });
  // What the table computes by itself is judged by the new values as well.
  const byComputed = back({ ...RESTORING, delivery_status: "'pending'" }, { ready: 'open' });
  expect(await failureOf(goBack(byComputed))).toMatchObject({ code: 'NOT_READY_AGAIN' });
  expect(await states()).toEqual([{ state: 'delivered', undone: false, n: 4 }]);
  const { report } = await goBack(back(RESTORING, { ready: 'open' }));
  expect(report).toMatchObject({ converged: true, returned: 4 });
  expect(await states()).toEqual([{ state: 'queued', undone: true, n: 4 }]);
});

test('rows beyond those that the plan has tried are not called returned either where no worker would take them', async () => {
  const { db, stream, back, states } = await drainedOutbox();
  // The plan tries 20; the last of these is the one that its own value makes unfit.
  await db.sql(`INSERT INTO notification_outbox (notification_id, message, tries)
    SELECT gen_random_uuid(), jsonb_build_object('n', g), 0 FROM generate_series(5, 45) g`);
  await drain({ spec: OUTBOX, database: db.url, target: { stream } });
  const [last] = await withRedis((redis) => redis.xrevrange(stream, '+', '-', 'COUNT', 1));
  const id = last![1][1]!;
  const restore = {
    ...RESTORING,
    delivery_status: `CASE WHEN id = '${id}' THEN 'pending' ELSE 'queued' END`,
  };
  const { report } = await goBack(back(restore));
  expect(report).toMatchObject({ converged: false, returned: 44, left: 1 });
  expect(report.leftEntries).toEqual([
    expect.objectContaining({
      entry: last![0],
      reason: expect.stringMatching(/would not be ready .*delivery_status 'pending'/),
    }),
  ]);
  expect(await states()).toEqual(
    expect.arrayContaining([
      { state: 'queued', undone: true, n: 44 },
      { state: 'delivered', undone: false, n: 1 },
    ]),
  );
  // Somebody has set it by hand, to what no worker takes: that is not "there already".
  await db.sql(`UPDATE notification_outbox SET delivery_status = 'pending' WHERE notification_id = '${id}'`);
  const again = await goBack(back(RESTORING));
  expect(again.report).toMatchObject({ converged: false, alreadyThere: 0, left: 1 });
  expect(again.report.leftEntries[0]!.reason).toMatch(/neither as the drain left it nor ready/);
  await db.sql(`UPDATE notification_outbox SET delivery_status = 'queued' WHERE notification_id = '${id}'`);
  expect((await goBack(back(RESTORING))).report).toMatchObject({ converged: true, alreadyThere: 1 });
});

test('entries without an id become rows only where these are ready', async () => {
  const db = await ownDatabase();
  await db.sql(
    `CREATE TABLE jobs (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload text, state text)`,
  );
  const stream = uniqueName('jobs');
  await withRedis(async (redis) => {
    await redis.xgroup('CREATE', stream, 'workers', '0', 'MKSTREAM');
    for (let n = 0; n < 24; n += 1) await redis.xadd(stream, '*', 'body', n === 22 ? 'odd' : `b${n}`);
  });
  const spec = {
    table: 'jobs',
    ready: "state = 'pending'",
    restore: { state: "CASE WHEN body = 'odd' THEN 'done' ELSE 'pending' END" },
  };
  const { report } = await goBack({
    source: { stream },
    table: { url: db.url, spec },
    settings: { other: { body: 'body' } },
  });
  expect(report).toMatchObject({ converged: false, returned: 23, left: 1 });
  expect(await db.sql('SELECT state, count(*)::int AS n FROM jobs GROUP BY 1')).toEqual([
    { state: 'pending', n: 23 },
  ]);
});
