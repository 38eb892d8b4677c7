import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { describeQueue } from '../../src/sources/postgres/formats/index.ts';
import { SESSION_SETTINGS } from '../../src/sources/postgres/session.ts';
import type { PostgresSpec } from '../../src/sources/postgres/spec.ts';
import { goBack } from '../drain/back-driver.ts';
import { drain, ownDatabase } from '../drain/driver.ts';
import { uniqueName } from '../support/shared.ts';
import type { FormatCase } from './formats/case.ts';
import { FORMAT_CASES } from './formats/index.ts';

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

const specOf = (format: FormatCase, url: string): Promise<PostgresSpec> =>
  withClient(url, (client) =>
    describeQueue(client, undefined, {
      include: format.includes,
      ...(format.queue !== undefined && { queues: [format.queue] }),
    }),
  );

/** Called so while they were not due, or had failed before: what is due goes back as ready. */
const DUE = new Set(['scheduled', 'retryable', 'created', 'retry']);

/** A row without what is of the past: who had it, and what it was called while it waited. */
function comparable(format: FormatCase, row: Record<string, unknown>): Record<string, unknown> {
  const { attempted_by, ...rest } = format.givenBack ? format.givenBack(row) : row;
  return DUE.has(String(rest.state)) ? { ...rest, state: 'available' } : rest;
}

describe.each(FORMAT_CASES)('$name', (format) => {
  test('jobs that nobody has done in the stream go back as they were, and the library hands them out again', async () => {
    const database = await ownDatabase();
    await format.setup(database.sql, database.url);
    const taken = new Map<string, string>();
    for (const job of format.byArrival ? format.jobs : format.jobs.toReversed()) {
      const id = await job.insert(database.sql);
      if (job.state !== 'kept') taken.set(id, job.state);
    }
    const rows = async () => {
      const found = await database.sql<{ id: string; row: Record<string, unknown> }>(
        `SELECT ${format.id}::text AS id, to_jsonb(t) AS row FROM ${format.table} t`,
      );
      return new Map(found.map(({ id, row }) => [id, row]));
    };
    const before = await rows();
    const spec = await specOf(format, database.url);
    const stream = uniqueName('jobs');
    const { report: there } = await drain({
      spec,
      database: database.url,
      target: { stream, createGroup: 'workers' },
    });
    expect(there.appended + (there.waiting ?? 0)).toBe(taken.size);
    const { report } = await goBack({ source: { stream }, table: { url: database.url, spec } });
    expect(report).toMatchObject({ converged: true, returned: taken.size });
    const after = await rows();
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    // Who had a job in hand is gone: it is there, to be tried again.
    for (const [id] of [...taken].filter(([, state]) => state !== 'abandoned'))
      expect([id, comparable(format, after.get(id)!)]).toEqual([id, comparable(format, before.get(id)!)]);
    const fetched = await withClient(database.url, async (client) => (await client.query(format.fetch)).rows);
    expect(fetched.length).toBeGreaterThan(0);
    for (const { id } of fetched) expect(taken.get(String(id)) ?? 'ready').not.toBe('dead');
  });
});
