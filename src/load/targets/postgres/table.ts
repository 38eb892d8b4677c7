import { escapeIdentifier, escapeLiteral } from '../../../backends/postgres/index.ts';

/** Names and statements of a run's table. */
export interface QueueTable {
  /** `public.qctl_load_RUN`, as it is shown. */
  label: string;
  /** The same, quoted. */
  quoted: string;
  /** Channel of NOTIFY, not quoted. */
  channel: string;
}

const PREFIX = 'qctl_load_';
/** Of a name in PostgreSQL, in bytes; those of a run's id are ASCII. */
const LONGEST_NAME = 63;

/** The table of a run. The end of a run's id is what makes it unique. */
export function queueTable(schema: string, run: string): QueueTable {
  const name = PREFIX + run.replace(/^load-/, '').slice(-(LONGEST_NAME - PREFIX.length));
  return {
    label: `${schema}.${name}`,
    quoted: `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
    channel: name,
  };
}

/**
 * Makes it; sent as one text, the statements are one transaction. The primary key is the only index, and in the order of the claims: a claim writes no
 * column of an index, so that PostgreSQL updates the row in its page (HOT), for which the pages are filled to 70 %.
 * Autovacuum comes by after a thousand processed rows, whatever part of the table they are, and does not rest.
 */
export function createSql({ quoted }: QueueTable, run: string, now: Date): string {
  const comment = escapeLiteral(`qctl load run ${run}, begun ${now.toISOString()}; gone at its end`);
  return `
    CREATE TABLE ${quoted} (
      id bigserial PRIMARY KEY,
      message_id text NOT NULL,
      key text,
      body bytea NOT NULL,
      visible_at timestamptz NOT NULL DEFAULT now(),
      attempts int NOT NULL DEFAULT 0,
      dead boolean NOT NULL DEFAULT false
    ) WITH (
      fillfactor = 70,
      autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0,
      autovacuum_vacuum_insert_threshold = 10000, autovacuum_vacuum_insert_scale_factor = 0,
      toast.autovacuum_vacuum_threshold = 1000, toast.autovacuum_vacuum_scale_factor = 0,
      toast.autovacuum_vacuum_cost_delay = 0
    );
    COMMENT ON TABLE ${quoted} IS ${comment}`;
}

/** Takes ids, keys and bodies, and writes them in that order. */
export function insertSql({ quoted, channel }: QueueTable, notify: boolean): string {
  const insert = `INSERT INTO ${quoted} (message_id, key, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])`;
  if (!notify) return insert;
  return `WITH added AS (${insert} RETURNING 1)
    SELECT pg_notify(${escapeLiteral(channel)}, '') FROM added LIMIT 1`;
}

/**
 * Takes how many, and for how many ms. The rows come in no order. An array is made once; a subquery in its place may
 * be run again for each row, and would lock more than were asked for.
 */
export function claimSql({ quoted }: QueueTable): string {
  return `UPDATE ${quoted} SET visible_at = now() + $2 * interval '1 ms', attempts = attempts + 1
    WHERE id = ANY (ARRAY (
      SELECT id FROM ${quoted} WHERE visible_at <= now() AND NOT dead
      ORDER BY id FOR UPDATE SKIP LOCKED LIMIT $1))
    RETURNING id, message_id, body, attempts`;
}

/** Takes ids of rows. */
export function doneSql({ quoted }: QueueTable): string {
  return `DELETE FROM ${quoted} WHERE id = ANY ($1::bigint[])`;
}

/** Takes ids of rows. */
export function burySql({ quoted }: QueueTable): string {
  return `UPDATE ${quoted} SET dead = true WHERE id = ANY ($1::bigint[])`;
}

/** So many rows are counted one by one, the oldest. */
const MOST_COUNTED = 10_000;

/**
 * How it stands: `length`, `pending` (claimed at present), `lag` (nobody's), `bytes`. Claimed rows are among the oldest.
 * Behind them hardly a row is gone, so that the ids say how many there are; statistics would be a second late.
 */
export function sampleSql({ quoted }: QueueTable): string {
  return `
    WITH counted AS (
      SELECT count(*) AS length,
        count(*) FILTER (WHERE visible_at > now() AND NOT dead) AS pending,
        count(*) FILTER (WHERE dead) AS dead,
        max(id) AS newest
      FROM (SELECT id, visible_at, dead FROM ${quoted} ORDER BY id LIMIT ${MOST_COUNTED}) AS oldest),
    estimated AS (
      SELECT length + coalesce((SELECT max(id) FROM ${quoted}) - newest, 0) AS length, pending, dead
      FROM counted)
    SELECT length::float8, pending::float8, (length - pending - dead)::float8 AS lag,
      pg_total_relation_size(${escapeLiteral(quoted)}::regclass)::float8 AS bytes
    FROM estimated`;
}
