import type { Client } from 'pg';
import { escapeIdentifier, sqlState } from '../../backends/postgres/index.ts';
import type { Finding } from '../../model/finding.ts';
import { grouped } from '../../model/grouped.ts';
import { plural } from '../../model/plural.ts';
import type { Column, TableFacts } from './catalog.ts';
import { NOT_BEFORE } from './column-names.ts';
import { conditions, whereClause } from './expressions.ts';
import { rowsIfAllowed } from './formats/relations.ts';
import type { PostgresSpec } from './spec.ts';

/** Pages of the table that are looked at. */
const MOST_PAGES = 3000;
/** Beyond that the number says no more. */
const MOST_COUNTED = 10_000;
const BAD_DATA = '22';

/** A time to wait for that the spec does not know of: its messages would be consumed too early. */
export async function notBeforeFindings(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<Finding[]> {
  if (spec.format !== 'generic' || spec.notBefore !== undefined) return [];
  const column = [...table.columns.values()].find(
    ({ name, type }) => NOT_BEFORE.test(name) && type.startsWith('timestamp') && name !== spec.enqueuedAt,
  );
  if (!column) return [];
  const share = await shareRead(client, table);
  const later = await count(client, countLater(spec, table, column, share));
  if (later === 0) return [];
  const of = share < 100 ? ` (of ${share < 1 ? share.toFixed(2) : Math.round(share)} % of the table)` : '';
  return [
    {
      level: 'warning',
      code: 'NOT_BEFORE_UNUSED',
      text: `${later === MOST_COUNTED ? 'at least ' : ''}${grouped(later)} ready ${plural(later, 'row')} ${later === 1 ? 'has' : 'have'} ${column.name} in the future${of}: consumers of the stream would get them at once`,
      remedy: `--not-before ${column.name}`,
    },
  ];
}

async function count(client: Client, sql: string): Promise<number> {
  try {
    return (await rowsIfAllowed<{ n: number }>(client, sql))[0]?.n ?? 0;
  } catch (error) {
    // A row for which the condition fails: others say so.
    if (sqlState(error)?.startsWith(BAD_DATA)) return 0;
    throw error;
  }
}

function countLater(spec: PostgresSpec, table: TableFacts, { name, type }: Column, share: number): string {
  // What has no zone is in UTC, as where it is carried.
  const now = type.endsWith('with time zone') ? 'now()' : `now() AT TIME ZONE 'UTC'`;
  const sample = share < 100 ? ` TABLESAMPLE SYSTEM (${share}) REPEATABLE (1)` : '';
  const where = whereClause([...conditions(spec, table), `t.${escapeIdentifier(name)} > ${now}`]);
  return `SELECT count(*)::float8 AS n FROM (SELECT 1 FROM ${table.name} t${sample} ${where} LIMIT ${MOST_COUNTED}) s`;
}

const PAGES = `
  SELECT coalesce((SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree($1::oid::regclass)), pg_relation_size($1::oid))
         / current_setting('block_size')::int AS pages`;

/** In percent, 100 where the table is small. */
async function shareRead(client: Client, table: TableFacts): Promise<number> {
  const { rows } = await client.query<{ pages: string }>(PAGES, [table.oid]);
  const pages = Number(rows[0]!.pages);
  return pages <= MOST_PAGES ? 100 : (100 * MOST_PAGES) / pages;
}
