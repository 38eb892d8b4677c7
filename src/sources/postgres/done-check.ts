import type { Client } from 'pg';
import { QctlError } from '../../errors.ts';
import type { TableFacts } from './catalog.ts';
import { setValue } from './expressions.ts';
import { isNotKnown } from './not-counted.ts';
import type { PostgresSpec } from './spec.ts';

/** Stands in the error that {@link guardedId} raises; PostgreSQL quotes the text it could not cast. */
const MARK = 'qctl: ready again: row ';

/**
 * Settling must take a row out of the ready ones, else it would be taken for ever. Asks what the ready
 * rows would look like afterwards, before anything is changed; triggers and generated columns are left
 * to {@link guardedId}.
 */
export async function checkDone(client: Client, spec: PostgresSpec, table: TableFacts): Promise<void> {
  if (!('set' in spec.done) || spec.mode === 'copy' || spec.ready === undefined) return;
  const { set } = spec.done;
  const columns = [...table.columns.values()].map(({ name, type }) => {
    const value = set[name];
    const quoted = `"${name.replaceAll('"', '""')}"`;
    return value === undefined ? `t.${quoted}` : `(${setValue(value)})::${type} AS ${quoted}`;
  });
  const first = table.columns.get(spec.id[0]!)!.name.replaceAll('"', '""');
  const after = `SELECT ${columns.join(', ')} FROM ${table.name} t WHERE (${spec.ready})`;
  const text = `SELECT t."${first}"::text AS id FROM (${after}) t WHERE (${spec.ready}) LIMIT 1`;
  if (await hasGeneratedColumns(client, table)) return;
  // Who may not read every column, or should not search the whole table, is left to the guard as well.
  const rows = await client.query(text).then(
    (result) => result.rows,
    (error) => {
      if (isNotKnown(error)) return [];
      throw error;
    },
  );
  if (rows[0]) throw leavesReady(rows[0].id, spec);
}

/** Columns that follow from others cannot be foretold by a query over the others. */
export async function hasGeneratedColumns(client: Client, table: TableFacts): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM pg_attribute WHERE attrelid = $1::oid AND attgenerated <> '' LIMIT 1`,
    [table.oid],
  );
  return rows.length > 0;
}

/** The id of an updated row, or an error that rolls the transaction back where the row is still ready. */
export function guardedId(spec: PostgresSpec, id: string): string {
  if (!('set' in spec.done) || spec.ready === undefined) return id;
  return `CASE WHEN (${spec.ready}) THEN ${guard(MARK, id)} ELSE ${id} END`;
}

/** The error of {@link guardedId} in the drain's own words; undefined for every other error. */
export function readyAgain(error: unknown, spec: PostgresSpec): QctlError | undefined {
  if (!(error instanceof Error)) return undefined;
  const at = error.message.indexOf(MARK);
  if (at < 0) return undefined;
  return leavesReady(error.message.slice(at + MARK.length).replace(/ "$/, ''), spec);
}

/** The text of the guards, with which the id of an offending row ends. */
export function guard(mark: string, id: string): string {
  return `('${mark}' || ${id} || ' ')::int::text`;
}

function leavesReady(id: string, spec: PostgresSpec): QctlError {
  const set = 'set' in spec.done ? Object.keys(spec.done.set).join(', ') : '';
  return new QctlError(
    'config',
    `done: row ${id} would still be ready after ${set} is set: it would be taken again and again`,
    {
      code: 'DONE_LEAVES_READY',
      hint: [`set what makes a row no longer fulfil: ${spec.ready}`, 'or look for a trigger that undoes it'],
      details: { id },
    },
  );
}
