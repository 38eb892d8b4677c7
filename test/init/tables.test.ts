import { expect, test } from 'vitest';
import { lookAtPostgres } from '../../src/init/index.ts';
import { sharedPostgres } from '../support/shared.ts';

const TABLES = `
  CREATE TYPE progress AS ENUM ('Queued', 'Running');
  CREATE TABLE alerts (id bigserial PRIMARY KEY, agent_id int, payload jsonb, state text NOT NULL, alert_type text,
    priority int, retry_count int, created_at timestamptz);
  INSERT INTO alerts (agent_id, payload, state) SELECT n, '{}', CASE n % 2 WHEN 0 THEN 'done' ELSE 'pending' END
    FROM generate_series(1, 50) n;
  CREATE TABLE jobs ("Id" uuid PRIMARY KEY, "Body" bytea, status progress);
  CREATE TABLE outbox (id int PRIMARY KEY, message text, processed_at timestamptz);
  CREATE TABLE letters (id int PRIMARY KEY, channel text, message text, delivered_at timestamptz, created timestamp,
    send_after timestamptz, expires_at timestamptz);
  CREATE TABLE events (id uuid PRIMARY KEY, user_id int, body text, state text, created_at timestamptz);
  CREATE TABLE flags (id int, part int, data json, sent boolean, PRIMARY KEY (id, part));
  CREATE TABLE odd (id int PRIMARY KEY, "my state" text, order_status int);
  CREATE TABLE no_key (state text, payload text);
  CREATE TABLE plain (id int PRIMARY KEY, payload text);
  CREATE VIEW seen AS SELECT * FROM alerts;
  ANALYZE alerts;`;

test('tables that look like queues are found, with what can be guessed of them, and nothing is written', async () => {
  const postgres = sharedPostgres();
  const url = await postgres.createDatabase();
  await postgres.query(TABLES, undefined, new URL(url).pathname.slice(1));
  const { tables, libraries, version } = await lookAtPostgres({ url });
  expect(libraries).toEqual([]);
  expect(version).toMatch(/^\d+/);
  const by = Object.fromEntries(tables.map((table) => [table.name, table]));
  expect(Object.keys(by).sort()).toEqual(['alerts', 'events', 'flags', 'jobs', 'letters', 'odd', 'outbox']);
  expect(by.alerts).toMatchObject({
    ...{ table: 'public.alerts', id: ['id'], payload: 'payload', ready: "state = 'pending'", rows: 50 },
    ...{ key: 'agent_id', type: 'alert_type', priority: 'priority', attempts: 'retry_count' },
    ...{ enqueuedAt: 'created_at', notBefore: null, stateColumn: 'state' },
    ...{ order: [], mark: { state: 'done' } },
  });
  expect(by.jobs).toMatchObject({ id: ['Id'], ready: "status = 'Queued'", rows: null });
  expect(by.outbox).toMatchObject({ payload: 'message', ready: 'processed_at IS NULL' });
  expect(by.letters).toMatchObject({
    ...{ ready: 'delivered_at IS NULL', type: 'channel', enqueuedAt: 'created', notBefore: 'send_after' },
    ...{ mark: { delivered_at: { sql: 'now()' } }, times: ['send_after', 'expires_at'] },
  });
  expect(by.flags).toMatchObject({
    ready: 'NOT sent',
    mark: { sent: true },
    id: ['id', 'part'],
    payload: 'data',
  });
  // By ids that are drawn by lot nothing keeps its order.
  expect(by.events).toMatchObject({ key: 'user_id', order: ['created_at', 'id'] });
  expect(by.odd).toMatchObject({ payload: null, ready: null });
});

test('a job library is known by its tables, which are not offered a second time', async () => {
  const postgres = sharedPostgres();
  const url = await postgres.createDatabase();
  const { makeWorkerUtils } = await import('graphile-worker');
  const utils = await makeWorkerUtils({ connectionString: url });
  await utils.migrate();
  await utils.release();
  const { tables, libraries } = await lookAtPostgres({ url });
  expect(libraries).toMatchObject([{ format: 'graphile-worker', schema: 'graphile_worker' }]);
  expect(tables).toEqual([]);
});
