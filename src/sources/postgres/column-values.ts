import type { Client } from 'pg';
import { escapeIdentifier } from '../../backends/postgres/index.ts';
import type { TableFacts } from './catalog.ts';
import { rowsIfAllowed } from './formats/relations.ts';

/** Rows that are read of a table that has no statistics. */
const SAMPLED = 1000;

const COMMON = `
  SELECT unnest(most_common_vals::text::text[]) AS value FROM pg_stats
   WHERE schemaname = $1 AND tablename = $2 AND attname = $3 LIMIT $4`;

/** Some values of a column, the most common ones first where that is known. Reads statistics, else a few rows. */
export async function someValues(
  client: Client,
  table: Pick<TableFacts, 'schema' | 'relation' | 'name'>,
  column: string,
  most: number,
): Promise<string[]> {
  const known = await rowsIfAllowed<{ value: string }>(client, COMMON, [
    table.schema,
    table.relation,
    column,
    most,
  ]);
  const rows =
    known.length > 0
      ? known
      : await rowsIfAllowed<{ value: string }>(
          client,
          `SELECT value FROM (SELECT t.${escapeIdentifier(column)}::text AS value FROM ${table.name} t LIMIT ${SAMPLED}) s
            WHERE value IS NOT NULL GROUP BY value ORDER BY count(*) DESC, value LIMIT ${most}`,
        );
  return rows.map(({ value }) => value);
}
