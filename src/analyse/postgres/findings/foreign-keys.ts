import { escapeIdentifier as quote } from '../../../backends/postgres/index.ts';
import type { Finding } from '../../../model/finding.ts';
import { rowsIfAllowed } from '../../../sources/postgres/formats/relations.ts';
import type { OpenTable } from '../open.ts';
import type { States } from '../states.ts';

/** One foreign key that points at the table. */
export interface Reference {
  name: string;
  schema: string;
  relation: string;
  /** The referencing table, quoted. */
  from: string;
  columns: string[];
  /** Columns of the queue's table. */
  keys: string[];
  onDelete: 'a' | 'r' | 'c' | 'n' | 'd';
  /** Whether an index of the referencing table begins with one of its columns. */
  indexed: boolean;
}

const REFERENCES = `
  SELECT k.conname AS name, n.nspname AS schema, c.relname AS relation, k.confdeltype AS "onDelete",
         quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS from,
         ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (n, i)
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.i) AS columns,
         ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u (n, i)
                 JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.i) AS keys,
         EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indisvalid
                    AND i.indpred IS NULL AND i.indkey[0] = ANY(k.conkey)) AS indexed
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE k.contype = 'f' AND k.confrelid = $1::oid AND k.conrelid <> k.confrelid AND k.conparentid = 0
   ORDER BY n.nspname, c.relname, k.conname`;

/** Foreign keys that point at the table, those of a job library's own tables left out. */
export async function referencesTo({ client, table, known }: OpenTable): Promise<Reference[]> {
  const { rows } = await client.query<Reference>(REFERENCES, [table.oid]);
  const stem = table.relation.replace(/_?jobs?$/, '');
  const own = ({ schema, relation }: Reference): boolean =>
    known !== undefined && schema === table.schema && relation.startsWith(stem);
  return rows.filter((reference) => !own(reference));
}

/** What a delete would do to rows of other tables. */
export async function foreignKeyFindings(
  open: OpenTable,
  states: States,
  references: Reference[],
): Promise<Finding[]> {
  const { spec } = open;
  if (spec.mode === 'copy' || 'set' in spec.done) return [];
  const findings: Finding[] = [];
  for (const reference of references) findings.push(await findingOf(open, states, reference));
  return findings;
}

const DOES: Record<Reference['onDelete'], string> = {
  a: 'refuses to let go of a row that it points at',
  r: 'refuses to let go of a row that it points at',
  c: 'deletes the rows that point at a message together with it',
  n: 'sets the rows that point at a message to NULL',
  d: 'sets the rows that point at a message to their default',
};

async function findingOf(open: OpenTable, states: States, reference: Reference): Promise<Finding> {
  const { name, from, columns, onDelete, indexed } = reference;
  const refuses = onDelete === 'a' || onDelete === 'r';
  const stops = refuses && (await pointsAtReady(open, states, reference));
  const slow = indexed
    ? ''
    : `; no index of ${from} begins with ${columns[0]}, so each delete reads all of it`;
  const index = indexed ? [] : [`CREATE INDEX CONCURRENTLY ON ${from} (${columns.map(quote).join(', ')})`];
  const drop = `ALTER TABLE ${from} DROP CONSTRAINT ${quote(name)}`;
  return {
    level: stops ? 'blocker' : 'warning',
    code: 'FOREIGN_KEY',
    text: `foreign key ${name} of ${from} ${DOES[onDelete]}${stops ? ', and it points at ready ones' : ''}${slow}`,
    remedy: [
      `${drop} where nobody needs it any more, or settle by marking rows instead of deleting them`,
      ...index,
    ].join('; '),
  };
}

/** Whether any of some ready rows is pointed at. */
async function pointsAtReady(
  { client, table }: OpenTable,
  { ready }: States,
  reference: Reference,
): Promise<boolean> {
  const { from, columns, keys } = reference;
  const on = columns.map((column, i) => `r.${quote(column)} = q.${quote(keys[i]!)}`).join(' AND ');
  const some = `SELECT ${keys.map((key) => `t.${quote(key)}`).join(', ')} FROM ${table.name} t WHERE ${ready} LIMIT 1000`;
  const rows = await rowsIfAllowed(client, `SELECT 1 FROM (${some}) q JOIN ${from} r ON ${on} LIMIT 1`);
  return rows.length > 0;
}
