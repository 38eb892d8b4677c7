import type { FormatCase, JobCase, Sql } from './case.ts';

/** A queue as pgmq 1.11 makes it, from its SQL rather than as an extension. */
const TABLES = `
  CREATE SCHEMA pgmq;
  CREATE TABLE pgmq.meta (queue_name varchar UNIQUE NOT NULL, is_partitioned boolean NOT NULL,
    is_unlogged boolean NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE pgmq.q_orders (msg_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, read_ct int NOT NULL DEFAULT 0,
    enqueued_at timestamptz NOT NULL DEFAULT now(), last_read_at timestamptz, vt timestamptz NOT NULL, message jsonb, headers jsonb);
  CREATE INDEX ON pgmq.q_orders (vt ASC);
  CREATE TABLE pgmq.a_orders (LIKE pgmq.q_orders, archived_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO pgmq.meta (queue_name, is_partitioned, is_unlogged) VALUES ('Orders', false, false)`;

function message(
  state: JobCase['state'],
  what: string,
  columns: string,
  values: string,
  expected?: JobCase['expected'],
): JobCase {
  return {
    state,
    what,
    expected,
    insert: async (sql: Sql) => {
      const [row] = await sql<{ id: string }>(
        `INSERT INTO pgmq.q_orders (message, ${columns}) VALUES ('{"what": "${what}"}', ${values}) RETURNING msg_id::text AS id`,
      );
      return row!.id;
    },
  };
}

export const pgmqCase: FormatCase = {
  name: 'pgmq',
  setup: async (sql) => void (await sql(TABLES)),
  table: 'pgmq.q_orders',
  id: 'msg_id',
  queue: 'Orders',
  includes: ['scheduled'],
  jobs: [
    message(
      'ready',
      'with headers',
      'vt, enqueued_at, headers',
      `now(), '2026-01-02 03:04:05.678901+00', '{"x-pgmq-group": "g1", "n": 1}'`,
      {
        body: '{"what": "with headers"}',
        key: 'g1',
        attempts: '0',
        enqueuedAt: '2026-01-02T03:04:05.678901Z',
        notBefore: null,
        'attr.queue': 'Orders',
        'attr.headers': '{"n": 1, "x-pgmq-group": "g1"}',
      },
    ),
    message('ready', 'read before', 'vt, read_ct', `now() - interval '1 minute', 3`, {
      attempts: '3',
      key: null,
    }),
    message('ready', 'last', 'vt', 'now()'),
    message('scheduled', 'delayed', 'vt', `'2100-01-02 03:04:05.678901+00'`, {
      notBefore: '2100-01-02T03:04:05.678901Z',
      attempts: '0',
    }),
    message('kept', 'with a reader', 'vt, read_ct', `now() + interval '1 hour', 1`),
  ],
  fetch: `
    WITH cte AS (SELECT msg_id FROM pgmq.q_orders WHERE vt <= clock_timestamp() ORDER BY msg_id LIMIT 100 FOR UPDATE SKIP LOCKED)
    UPDATE pgmq.q_orders m SET vt = clock_timestamp() + interval '30 seconds', read_ct = read_ct + 1
      FROM cte WHERE m.msg_id = cte.msg_id RETURNING m.msg_id::text AS id`,
  maintenance: [],
  byArrival: true,
  // A message that is due has no other sign of it than a time that has passed.
  givenBack: ({ vt, ...row }) => ({ ...row, vt: String(vt) > '2100' ? vt : 'due' }),
};
