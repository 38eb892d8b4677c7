import type { Client } from 'pg';
import { escapeIdentifier } from '../../backends/postgres/index.ts';
import type { Finding } from '../../model/finding.ts';
import type { Column, TableFacts } from './catalog.ts';
import { enqueuedColumn } from './column-names.ts';
import { rowsIfAllowed } from './formats/relations.ts';
import type { PostgresSpec } from './spec.ts';

/** Numbers and times are taken to grow. */
const NEEDS_A_LOOK = /^(?:uuid|text|character|bytea)/;
const SAMPLED = 100;
/** UUIDs of these versions begin with the time, and so do ULIDs. */
const TIME_FIRST = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[67][0-9a-f]{3}-.*|[0-7][0-9A-HJKMNP-TV-Z]{25})$/i;

/** A key promises an order, which an id that does not grow cannot give. */
export async function keyOrderFindings(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<Finding[]> {
  if (spec.format !== 'generic' || spec.key === undefined) return [];
  const leading = table.columns.get((spec.order ?? spec.id)[0]!);
  // Any other order was chosen.
  if (!leading || !spec.id.includes(leading.name)) return [];
  if (!NEEDS_A_LOOK.test(leading.type) || (await growsByValue(client, table, leading))) return [];
  const better = enqueuedColumn(table.columns.values()) ?? (await serialOf(client, table));
  return [
    {
      level: 'warning',
      code: 'KEY_WITHOUT_ORDER',
      text: `messages of one ${spec.key} come in the order of ${leading.name} (${leading.type}), which does not grow with time: a later message may come before an earlier one`,
      remedy:
        better === undefined
          ? '--order with a column that grows: a time of creation, or a serial number'
          : `--order ${better}`,
    },
  ];
}

async function growsByValue(client: Client, table: TableFacts, { name }: Column): Promise<boolean> {
  const sql = `SELECT t.${escapeIdentifier(name)}::text AS id FROM ${table.name} t LIMIT ${SAMPLED}`;
  const rows = await rowsIfAllowed<{ id: string | null }>(client, sql);
  return rows.length > 0 && rows.every(({ id }) => id === null || TIME_FIRST.test(id.trim()));
}

const SERIAL = `
  SELECT a.attname AS name FROM pg_attribute a
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
     AND (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')
   ORDER BY a.attnum LIMIT 1`;

async function serialOf(client: Client, table: TableFacts): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>(SERIAL, [table.oid]);
  return rows[0]?.name;
}
