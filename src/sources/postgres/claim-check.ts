import type { Client, QueryConfig } from 'pg';
import { escapeIdentifier as quote, sqlState } from '../../backends/postgres/index.ts';
import { QctlError } from '../../errors.ts';
import type { TableFacts } from './catalog.ts';
import { claimLeavesReady } from './claim-guard.ts';
import { claimNames } from './claim-names.ts';
import { type ClaimStatements, claimStatements, namedClaim } from './claim-sql.ts';
import { hasGeneratedColumns } from './done-check.ts';
import { isNotKnown } from './not-counted.ts';
import type { PostgresSpec } from './spec.ts';

/** A run as long as any: what is too short for it is found before anything is claimed. */
const LONGEST_RUN = `${'x'.repeat(24)}-29990101-000000-ffff`;

/** Says what is wrong with the way rows are to be claimed. Changes nothing. Throws a QctlError `config` or `refused`. */
export async function checkClaim(client: Client, spec: PostgresSpec, table: TableFacts): Promise<void> {
  const sql = claimStatements(spec, table, LONGEST_RUN, { lane: 0, lanes: 2 });
  for (const text of explainable(sql)) await explain(client, spec, table, text);
  await checkLeaves(client, spec, table);
}

/** Says which column of the claim is not there or cannot serve. */
export function checkClaimColumns(spec: PostgresSpec, table: TableFacts): void {
  const { set, release } = spec.claim!;
  for (const name of [...Object.keys(set), ...Object.keys(release)]) {
    if (table.columns.has(name)) continue;
    throw new QctlError('config', `claim: table ${table.name} has no column ${name}`, {
      code: 'COLUMN_NOT_FOUND',
      hint: [
        `its columns are ${[...table.columns.keys()].join(', ')}`,
        `ALTER TABLE ${table.name} ADD COLUMN ${quote(name)} text adds one without rewriting the table`,
      ],
    });
  }
  for (const [name, sql] of Object.entries(release)) {
    if (!/^null$/i.test(sql.trim()) || !table.columns.get(name)!.notNull) continue;
    throw new QctlError(
      'refused',
      `claim: column ${name} of ${table.name} may not be NULL, and NULL is what marks a row as free`,
      {
        code: 'CLAIM_NOT_NULLABLE',
        hint: [`ALTER TABLE ${table.name} ALTER COLUMN ${quote(name)} DROP NOT NULL`],
      },
    );
  }
  const overwritten = Object.keys(set).find((name) => carried(spec).includes(name));
  if (overwritten === undefined) return;
  throw new QctlError(
    'config',
    `claim: column ${overwritten} belongs to the message, and claiming a row would overwrite it`,
    { code: 'CLAIM_OVERWRITES', hint: ['claim by a column that carries nothing else'] },
  );
}

/** What is read after the claim, or must stay the same through it. */
function carried(spec: PostgresSpec): (string | undefined)[] {
  const { payload, key, type, priority, attempts, enqueuedAt, notBefore, attributes, order } = spec;
  const fields = [payload, key, type, priority, attempts, enqueuedAt, notBefore];
  return [...spec.id, ...(order ?? []), ...fields, ...Object.values(attributes ?? {})];
}

function explainable(sql: ClaimStatements): string[] {
  const { lock, claim, held, settle, settleByIds, strays, release } = sql;
  return [claim, sql.read([]), held, settle, settleByIds, strays, release, ...(lock ? [lock] : [])];
}

async function explain(client: Client, spec: PostgresSpec, table: TableFacts, sql: string): Promise<void> {
  const highest = Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)));
  // An extended query takes one statement only.
  const query: QueryConfig & { queryMode: string } = {
    text: `EXPLAIN ${sql}`,
    values: Array(highest).fill(null),
    queryMode: 'extended',
  };
  await client.query(query).catch((cause: Error) => {
    if (sqlState(cause) === '42501') throw cause;
    const columns = Object.keys(spec.claim!.set).map((name) => `${name} is ${table.columns.get(name)!.type}`);
    throw new QctlError('config', `the rows of ${table.name} cannot be claimed: ${cause.message}`, {
      code: 'BAD_CLAIM',
      hint: [
        columns.join(', '),
        'a claim column holds text of up to 50 characters, such as a plain text column',
      ],
      cause,
    });
  });
}

/** Claiming must take a row out of the ready ones, else old workers would take it as well. */
async function checkLeaves(client: Client, spec: PostgresSpec, table: TableFacts): Promise<void> {
  const { set } = namedClaim(spec.claim!, claimNames(LONGEST_RUN));
  if (spec.ready === undefined) throw claimLeavesReady('(any)', spec);
  const columns = [...table.columns.values()].map(({ name, type }) =>
    set[name] === undefined ? `t.${quote(name)}` : `(${set[name]})::${type} AS ${quote(name)}`,
  );
  const id = quote(spec.id[0]!);
  const after = `SELECT ${columns.join(', ')} FROM ${table.name} t WHERE (${spec.ready})`;
  const text = `SELECT t.${id}::text AS id FROM (${after}) t WHERE (${spec.ready}) LIMIT 1`;
  // Generated columns, and who may not read every column, are left to the guard of the claim itself.
  const { rows } = await client.query(text).catch((error: unknown) => {
    if (isNotKnown(error)) return { rows: [] };
    throw error;
  });
  if (rows[0] && !(await hasGeneratedColumns(client, table))) throw claimLeavesReady(rows[0].id, spec);
}

/** Columns that a role must be allowed to UPDATE by name, and is not. */
export async function missingOnColumns(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<string[]> {
  const columns = [...new Set([...Object.keys(spec.claim!.set), ...Object.keys(spec.claim!.release)])];
  const known = columns.filter((name) => table.columns.has(name));
  const { rows } = await client.query(
    `SELECT name FROM unnest($2::text[]) name WHERE NOT has_column_privilege($1::oid, name, 'UPDATE')`,
    [table.oid, known],
  );
  return rows.map((row) => row.name);
}
