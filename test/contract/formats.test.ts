import { readFileSync } from 'node:fs';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { readTable } from '../../src/sources/postgres/catalog.ts';
import { othersClaims } from '../../src/sources/postgres/claim-others.ts';
import { claimStatements } from '../../src/sources/postgres/claim-sql.ts';
import { describeQueue, detectQueues, formatOf } from '../../src/sources/postgres/formats/index.ts';
import { SESSION_SETTINGS } from '../../src/sources/postgres/session.ts';
import type { Includable, PostgresSpec } from '../../src/sources/postgres/spec.ts';
import { drain, entriesOf, failureOf, ownDatabase, plan } from '../drain/driver.ts';
import { moveAsIfDue } from '../support/delayed.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import type { FormatCase, JobCase } from './formats/case.ts';
import { FORMAT_CASES } from './formats/index.ts';

type Database = Awaited<ReturnType<typeof ownDatabase>>;

/** A database with the library's tables and one job of each kind; `ids` in the order of `jobs`. */
async function filled(format: FormatCase): Promise<Database & { ids: string[] }> {
  const database = await ownDatabase();
  await format.setup(database.sql, database.url);
  const ids = new Map<JobCase, string>();
  // Backwards: what comes out in order must not owe it to the order in which it went in.
  const jobs = format.byArrival ? format.jobs : format.jobs.toReversed();
  for (const job of jobs) ids.set(job, await job.insert(database.sql));
  return { ...database, ids: format.jobs.map((job) => ids.get(job)!) };
}

/** Filled once a format: a copy of a database takes a tenth of the time that the library needs for its tables. */
const templates = new Map<FormatCase, ReturnType<typeof filled>>();

/** A database of one's own, filled. */
async function copied(format: FormatCase): Promise<Database & { ids: string[] }> {
  if (!templates.has(format)) templates.set(format, filled(format));
  const { name, ids } = await templates.get(format)!;
  return { ...(await ownDatabase(name)), ids };
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(SESSION_SETTINGS);
    return await use(client);
  } finally {
    await client.end();
  }
}

const describeAll = (format: FormatCase, url: string, include: Includable[] = []): Promise<PostgresSpec> =>
  withClient(url, (client) =>
    describeQueue(client, undefined, {
      include,
      ...(format.queue !== undefined && { queues: [format.queue] }),
    }),
  );

const rowsOf = async (
  format: FormatCase,
  { sql }: Database,
): Promise<Map<string, Record<string, unknown>>> => {
  const rows = await sql<{ id: string; row: Record<string, unknown> }>(
    `SELECT ${format.id}::text AS id, to_jsonb(t) AS row FROM ${format.table} t`,
  );
  return new Map(rows.map(({ id, row }) => [id, row]));
};

/** Claims one row as the drain does; what was got. */
async function claimOne(
  client: pg.Client,
  { table, id: column }: FormatCase,
  sql: ReturnType<typeof claimStatements>,
  id: string,
): Promise<string[]> {
  const at = await client.query(
    `SELECT tableoid::int8::text AS relation, ctid::text AS place FROM ${table} WHERE ${column}::text = $1`,
    [id],
  );
  const { relation, place } = at.rows[0];
  const lists = [[id], [relation], [place]];
  const free = sql.lock ? (await client.query(sql.lock, lists)).rows.map(({ got }) => got) : null;
  const { rows } = await client.query(sql.claim, [...lists, [null], [null], free]);
  return rows.map((row) => row.id);
}

const INCLUDED: Partial<Record<JobCase['state'], Includable>> = {
  scheduled: 'scheduled',
  dead: 'dead',
  abandoned: 'running',
};

/** Ids of the jobs that are taken with these includes. */
function taken(format: FormatCase, ids: string[], include: Includable[]): string[] {
  return ids.filter((_, i) => {
    const { state } = format.jobs[i]!;
    return state === 'ready' || include.includes(INCLUDED[state]!);
  });
}

/** The statement of docs/formats.md that gives the rows of a run called RUN back by hand. */
function byHand(title: string): string | undefined {
  const page = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');
  const [, rest] = page.split('## Giving claimed rows back by hand');
  return rest?.match(new RegExp(`^${title}\\b.*:\\n\\n\`\`\`sql\\n([^]*?)\`\`\``, 'm'))?.[1];
}

describe.each(FORMAT_CASES)('$name', (format) => {
  let database: Database & { ids: string[] };
  beforeAll(async () => {
    database = await copied(format);
  });

  test('is found by itself, wherever it stands', async () => {
    const found = await withClient(database.url, (client) => detectQueues(client));
    expect(found.map(({ format: { name } }) => name)).toEqual([format.name]);
  });

  test('each statement of the spec is one that the server understands, in move and in copy mode', async () => {
    const spec = await describeAll(format, database.url, format.includes);
    expect(spec).toMatchObject({ format: format.name, claim: expect.anything() });
    expect(spec.attributes?.queue).toBeDefined();
    for (const mode of ['move', 'copy'] as const) {
      const target = { stream: uniqueName('plan') };
      const seen = await plan({ spec: { ...spec, mode }, database: database.url, target });
      expect(seen.depth.ready).toBe(taken(format, database.ids, format.includes).length);
    }
  });

  test('what is claimed is seen by no worker, is taken back by nobody, and is given back as it was', async () => {
    const own = await copied(format);
    const spec = await describeAll(format, own.url, format.includes);
    const wanted = taken(format, own.ids, format.includes);
    const before = await rowsOf(format, own);
    await withClient(own.url, async (client) => {
      const sql = claimStatements(spec, await readTable(client, spec), 'run-1');
      const other = claimStatements(spec, await readTable(client, spec), 'run-2');
      const toldOf = async (run: string, replaced?: string) =>
        (await othersClaims(client, spec, await readTable(client, spec), run, replaced)).map(
          ({ level, text }) => text.replace(/^(\d+) rows of \S+ are held by .*/, `${level}: $1 held`),
        );
      expect(await toldOf('run-2')).toEqual([]);
      for (const statement of sql.prepare) await client.query(statement);
      for (const id of wanted) {
        expect(await claimOne(client, format, sql, id)).toEqual([id]);
      }
      expect((await client.query(sql.held)).rows.map(({ id }) => id).sort()).toEqual([...wanted].sort());
      expect((await client.query(other.held)).rows).toEqual([]);
      expect(await toldOf('run-1')).toEqual([]);
      expect(await toldOf('run-2')).toEqual([`warning: ${wanted.length} held`]);
      expect(await toldOf('run-2', 'run-1')).toEqual([`note: ${wanted.length} held`]);
      for (const statement of format.maintenance) await client.query(statement);
      const fetched = (await client.query(format.fetch)).rows.map(({ id }) => id);
      expect(fetched.filter((id) => wanted.includes(id))).toEqual([]);
      expect((await client.query(sql.held)).rows).toHaveLength(wanted.length);
      await client.query(sql.release);
      expect(await toldOf('run-2')).toEqual([]);
      for (const statement of sql.cleanup) await client.query(statement);
    });
    const after = await rowsOf(format, own);
    const same = format.givenBack ?? ((row) => row);
    for (const id of wanted) expect(same(after.get(id)!)).toEqual(same(before.get(id)!));
  });

  test('an operator gives claimed rows back by hand, as the page says', async () => {
    const own = await copied(format);
    const spec = await describeAll(format, own.url, format.includes);
    const wanted = taken(format, own.ids, format.includes);
    const before = await rowsOf(format, own);
    await withClient(own.url, async (client) => {
      const sql = claimStatements(spec, await readTable(client, spec), 'RUN');
      for (const statement of sql.prepare) await client.query(statement);
      for (const id of wanted) await claimOne(client, format, sql, id);
      expect((await client.query(sql.held)).rows).toHaveLength(wanted.length);
      const [schema, table] = ['public', ...format.table.split('.')].slice(-2);
      const statement = byHand(formatOf(format.name)!.title)!;
      await client.query(`SET search_path = ${schema}; SET TimeZone = 'Asia/Tokyo'`);
      await client.query(statement.replace('pgmq.q_NAME', `pgmq.${table}`));
      expect((await client.query(sql.held)).rows).toEqual([]);
    });
    const after = await rowsOf(format, own);
    const same = format.givenBack ?? ((row) => row);
    for (const id of wanted) expect(same(after.get(id)!)).toEqual(same(before.get(id)!));
  });

  test('a worker gets what the drain calls ready, and the drain gets it in the order of the worker', async () => {
    const stream = uniqueName('format');
    const rows = await rowsOf(format, database);
    const spec = await describeAll(format, database.url);
    const ready = taken(format, database.ids, []);
    const { report, plan } = await drain({
      spec,
      database: database.url,
      target: { stream },
      settings: { workers: 1, batch: 2 },
    });
    expect(report).toMatchObject({
      converged: true,
      appended: ready.length,
      settled: ready.length,
      remaining: 0,
    });
    expect(plan.format).toMatchObject({ name: format.name, version: spec.version });
    const entries = await entriesOf(stream);
    expect(entries.map((entry) => entry.text('id'))).toEqual(ready);
    for (const [i, job] of format.jobs.entries())
      for (const [field, value] of Object.entries(job.state === 'ready' ? (job.expected ?? {}) : {})) {
        const entry = entries.find((one) => one.text('id') === database.ids[i]);
        expect([job.what, field, entry?.text(field) ?? null]).toEqual([job.what, field, value]);
      }
    const left = await rowsOf(format, database);
    expect([...left.keys()].sort()).toEqual(database.ids.filter((id) => !ready.includes(id)).sort());
    for (const [id, row] of left) expect(row).toEqual(rows.get(id));
  });

  test.each(format.includes)(
    '--include %s takes those as well, and never what a worker is at',
    async (what) => {
      const own = await copied(format);
      const stream = uniqueName('include');
      const wanted = taken(format, own.ids, [what]);
      const spec = await describeAll(format, own.url, [what]);
      const { report } = await drain({
        spec,
        database: own.url,
        target: { stream },
        settings: { workers: 1 },
      });
      expect(report).toMatchObject({ settled: wanted.length, remaining: 0 });
      // What is not due waits beside the stream.
      expect(report.scheduled).toBe(
        format.jobs.filter(({ state }) => INCLUDED[state] === what && state === 'scheduled').length,
      );
      await moveAsIfDue(sharedRedisUrl(), stream);
      const entries = await entriesOf(stream);
      expect(entries.map((entry) => entry.text('id')).sort()).toEqual([...wanted].sort());
      for (const [i, job] of format.jobs.entries()) {
        if (INCLUDED[job.state] !== what) continue;
        const entry = entries.find((one) => one.text('id') === own.ids[i])!;
        for (const [field, value] of Object.entries(job.expected ?? {}))
          expect([job.what, field, entry.text(field) ?? null]).toEqual([job.what, field, value]);
      }
    },
  );

  test('what its restore says can be computed from a message', async () => {
    const spec = await describeAll(format, database.url);
    const values = Object.entries(spec.restore ?? {});
    if (values.length === 0) return;
    const message = `SELECT '1'::text AS id, 'sort'::text AS type, 'k'::text AS key, '1'::text AS priority, '2'::text AS attempts,
      '2026-01-02T03:04:05Z'::text AS enqueued_at, '2026-01-02T03:04:05Z'::text AS not_before, '{}'::bytea AS body,
      '{"queue": "serial", "state": "retry"}'::jsonb AS attr`;
    const [row] = await database.sql(
      `SELECT ${values.map(([, sql], i) => `${sql} AS v${i}`).join(', ')} FROM (${message}) m`,
    );
    expect(Object.keys(row!)).toHaveLength(values.length);
  });

  // Some libraries keep no version anywhere: there a changed table is all that can be seen.
  const { newer } = format;
  if (newer !== undefined)
    test('a version from the future is refused, and what was found is named', async () => {
      const own = await copied(format);
      await own.sql(newer);
      const error = await failureOf(describeAll(format, own.url));
      expect(error).toMatchObject({ kind: 'refused', code: 'UNKNOWN_FORMAT_VERSION' });
      expect(error.message).toContain('99');
      expect(error.hint.join()).toContain(formatOf(format.name)!.versions);
    });

  test('who may read none of it is told so, and nothing breaks', async () => {
    const role = uniqueName('reader').replaceAll('-', '_');
    await database.sql(`CREATE ROLE ${role} LOGIN`);
    const url = new URL(database.url);
    url.username = role;
    const found = await withClient(url.href, (client) => detectQueues(client));
    for (const {
      format: { workers },
      found: queue,
    } of found)
      expect(await withClient(url.href, (client) => workers(client, queue))).toBeInstanceOf(Array);
  });
});
