import type { Client } from 'pg';
import { sqlState } from '../../backends/postgres/index.ts';
import { QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { TableFacts } from './catalog.ts';
import { missingOnColumns } from './claim-check.ts';
import type { PostgresSpec } from './spec.ts';

/** An error that names the privilege, for one of the server that names the table only. */
export async function explainDenied(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts | undefined,
  cause: unknown,
): Promise<unknown> {
  if (!table || sqlState(cause) !== '42501') return cause;
  const missing = await missingPrivileges(client, spec, table).catch(() => []);
  if (missing.length === 0) return cause;
  return new QctlError('auth', missing.map(({ text }) => text).join('; '), {
    code: 'MISSING_PRIVILEGE',
    hint: missing.flatMap(({ remedy }) => remedy ?? []),
    cause,
  });
}

/** Blockers for the privileges on the table that the drain lacks. */
export async function missingPrivileges(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<Finding[]> {
  const settling = 'set' in spec.done ? ['UPDATE'] : ['DELETE', 'UPDATE'];
  const findings: Finding[] = [];
  for (const privilege of ['SELECT', ...(spec.mode === 'copy' ? [] : settling)]) {
    // SELECT and UPDATE may be granted column by column; whether those suffice shows with the expressions.
    const has = privilege === 'DELETE' ? 'has_table_privilege' : 'has_any_column_privilege';
    const { rows } = await client.query(`SELECT ${has}($1::oid, $2) AS ok`, [table.oid, privilege]);
    if (rows[0].ok) continue;
    const why = privilege === 'UPDATE' ? ' (locking rows needs it)' : '';
    findings.push({
      level: 'blocker',
      code: 'MISSING_PRIVILEGE',
      text: `the user may not ${privilege} on ${table.name}${why}`,
      remedy: `GRANT ${privilege} ON ${table.name} TO ${client.user ?? '…'}`,
    });
  }
  const columns = spec.mode === 'move' && spec.claim ? await missingOnColumns(client, spec, table) : [];
  if (columns.length > 0 && !findings.some(({ text }) => text.includes('may not UPDATE')))
    findings.push({
      level: 'blocker',
      code: 'MISSING_PRIVILEGE',
      text: `the user may not UPDATE ${columns.join(', ')} of ${table.name}, by which rows are claimed`,
      remedy: `GRANT UPDATE (${columns.join(', ')}) ON ${table.name} TO ${client.user ?? '…'}`,
    });
  return findings;
}
