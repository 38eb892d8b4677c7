import { beforeAll, describe, expect, test } from 'vitest';
import { describeSource } from '../../../src/sources/postgres/index.ts';
import { drain, entriesOf, ownDatabase } from '../../drain/driver.ts';
import { uniqueName } from '../../support/shared.ts';

/** What a drain sees of the tables of pg-boss 12 (schema 37), whose queues share one table. */
const TABLES = `
  CREATE SCHEMA pgboss;
  CREATE TYPE pgboss.job_state AS ENUM ('created', 'retry', 'active', 'completed', 'cancelled', 'failed');
  CREATE TABLE pgboss.version (version int PRIMARY KEY, cron_on timestamptz, bam_on timestamptz, flow_on timestamptz);
  INSERT INTO pgboss.version VALUES (37);
  CREATE TABLE pgboss.queue (name text PRIMARY KEY, policy text NOT NULL, table_name text NOT NULL DEFAULT 'job_common');
  INSERT INTO pgboss.queue VALUES ('mails', 'standard'), ('strict', 'key_strict_fifo'), ('__pgboss__send-it', 'standard');
  CREATE TABLE pgboss.job (
    id uuid NOT NULL DEFAULT gen_random_uuid(), name text NOT NULL, priority int NOT NULL DEFAULT 0, data jsonb,
    state pgboss.job_state NOT NULL DEFAULT 'created', retry_limit int NOT NULL DEFAULT 2, retry_count int NOT NULL DEFAULT 0,
    retry_delay int NOT NULL DEFAULT 0, retry_backoff boolean NOT NULL DEFAULT false, retry_delay_max int,
    expire_seconds int NOT NULL DEFAULT 900, deletion_seconds int NOT NULL DEFAULT 604800,
    singleton_key text, singleton_on timestamp, group_id text, group_tier text,
    start_after timestamptz NOT NULL DEFAULT now(), created_on timestamptz NOT NULL DEFAULT now(), started_on timestamptz,
    completed_on timestamptz, keep_until timestamptz NOT NULL DEFAULT now() + interval '14 days', output jsonb,
    dead_letter text, policy text, heartbeat_on timestamptz, heartbeat_seconds int, blocked boolean NOT NULL DEFAULT false,
    blocking boolean NOT NULL DEFAULT false, pending_dependencies int NOT NULL DEFAULT 0, source_name text, source_id uuid,
    source_created_on timestamptz, source_retry_count int) PARTITION BY LIST (name);
  CREATE TABLE pgboss.job_common PARTITION OF pgboss.job DEFAULT;
  ALTER TABLE pgboss.job ADD PRIMARY KEY (name, id);
  CREATE UNIQUE INDEX ON pgboss.job_common (name, singleton_key)
    WHERE state IN ('active', 'retry', 'failed') AND policy = 'key_strict_fifo'`;

describe('pg-boss 12', () => {
  let database: Awaited<ReturnType<typeof ownDatabase>>;
  beforeAll(async () => {
    database = await ownDatabase();
    await database.sql(TABLES);
  });
  const insert = (columns: string, values: string) =>
    database.sql(`INSERT INTO pgboss.job (data, ${columns}) ${values}`);

  test('jobs of one key keep their order, and those of a key that has one at work wait', async () => {
    await insert(
      'name, policy, singleton_key, created_on, priority',
      `SELECT jsonb_build_object('i', i), 'strict', 'key_strict_fifo', 'k' || i % 2, now() - i * interval '1 s', 0
         FROM generate_series(1, 6) i`,
    );
    await insert(
      'name, policy, singleton_key, state, started_on',
      `VALUES ('{}', 'strict', 'key_strict_fifo', 'k0', 'active', now())`,
    );
    const stream = uniqueName('strict');
    const spec = await describeSource({ url: database.url }, undefined, { include: [], queues: ['strict'] });
    expect(spec.table).toBe('"pgboss"."job_common"');
    const { report } = await drain({ spec, database: database.url, target: { stream } });
    expect(report).toMatchObject({ converged: true, appended: 3 });
    const entries = await entriesOf(stream);
    expect(entries.map((entry) => JSON.parse(entry.text('body')!).i)).toEqual([5, 3, 1]);
    expect(new Set(entries.map((entry) => entry.text('key')))).toEqual(new Set(['strict/k1']));
  });

  test('flows stay whole, and the clock of pg-boss keeps its own queue', async () => {
    await insert('name, blocked, pending_dependencies', `VALUES ('{}', 'mails', true, 1)`);
    await insert('name, blocking', `VALUES ('{}', 'mails', true)`);
    await insert('name', `VALUES ('{}', '__pgboss__send-it')`);
    await insert('name, heartbeat_seconds, group_id, source_name', `VALUES ('{}', 'mails', 30, 'g', 'old')`);
    const stream = uniqueName('flows');
    const spec = await describeSource({ url: database.url }, undefined, { include: [] });
    const { report, plan } = await drain({ spec, database: database.url, target: { stream } });
    expect(plan.format).toMatchObject({ version: '37', queues: [{ name: 'mails', ready: 1 }] });
    expect(plan.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['FLOWS_STAY', 'SCHEDULES_GO_ON']),
    );
    expect(report).toMatchObject({ converged: true, appended: 1 });
    const [entry] = await entriesOf(stream);
    expect(entry!.text('attr.heartbeat_seconds')).toBe('30');
    expect(entry!.text('attr.group_id')).toBe('g');
    expect(entry!.text('attr.expire_seconds')).toBe('900');
  });

  test('a claimed job misses no heartbeat', async () => {
    const { claim } = await describeSource({ url: database.url }, undefined, { include: [] });
    expect(claim!.set.heartbeat_on).toBe(':time');
    expect(claim!.release.heartbeat_on).toContain('heartbeat_on');
  });
});
