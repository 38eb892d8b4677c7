import type { Client, QueryConfig } from 'pg';
import { findSimilar } from '../../config/similar.ts';
import { QctlError } from '../../errors.ts';
import type { TableFacts } from './catalog.ts';
import { conditions, doneClause, fieldExpressions, whereClause } from './expressions.ts';
import type { PostgresSpec } from './spec.ts';

/** Throws `config` COLUMN_NOT_FOUND, with the column that was most likely meant, for a name that is of none. */
export function requireColumn(table: TableFacts, field: string, name: string): void {
  if (!table.columns.has(name)) throw columnNotFound(table, field, name);
}

function columnNotFound(table: TableFacts, field: string, name: string, cause?: unknown): QctlError {
  return new QctlError('config', `${field}: table ${table.name} has no column ${name}`, {
    code: 'COLUMN_NOT_FOUND',
    hint: columnHints(table, name),
    cause,
  });
}

function columnHints({ columns }: TableFacts, name: string): string[] {
  const similar = findSimilar(name, [...columns.keys()]);
  return [
    ...(similar === undefined ? [] : [`did you mean ${similar}?`]),
    `its columns are ${[...columns.keys()].join(', ')}`,
  ];
}

/** Lets the server parse every expression by itself, with nothing executed and a single statement allowed. */
export async function checkExpressions(client: Client, spec: PostgresSpec, table: TableFacts): Promise<void> {
  const where = whereClause(conditions(spec, table));
  const fields = fieldExpressions(spec, table, 't').map(([, sql]) => sql);
  const own = ownExpressions(spec, table);
  const statements = [
    `SELECT ${fields.join(', ')} FROM ${table.name} t ${where} LIMIT 0`,
    // Each must be whole by itself: what closes a bracket that is not its own passes only between brackets.
    `SELECT ${['1', ...own.map(([, text]) => whole(text))].join(', ')} FROM ${table.name} t LIMIT 0`,
  ];
  if (spec.mode === 'move')
    statements.push(`EXPLAIN ${doneClause(spec, table)} WHERE false RETURNING ${fields.join(', ')}`);
  for (const text of statements) {
    const cause = await failureOf(client, text);
    if (cause?.code === '42501') throw cause;
    if (cause) throw await doesNotFit(client, spec, table, cause);
  }
}

type ServerError = Error & { code?: string };

/** What the server says against a statement that must not do anything. */
async function failureOf(client: Client, text: string): Promise<ServerError | undefined> {
  // An extended query takes one statement only.
  const query: QueryConfig & { queryMode: string } = { text, queryMode: 'extended' };
  return client.query(query).then(
    () => undefined,
    (error: ServerError) => error,
  );
}

const UNDEFINED_COLUMN = '42703';
const PLAIN_NAME = /^[\p{L}_][\p{L}\p{N}_$]*$/u;

/** Names the field whose expression fails by itself, and the column that was most likely meant. */
async function doesNotFit(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
  cause: ServerError,
): Promise<QctlError> {
  for (const [field, text] of ownExpressions(spec, table)) {
    const failure = await failureOf(client, `SELECT ${whole(text)} FROM ${table.name} t LIMIT 0`);
    if (failure?.code !== UNDEFINED_COLUMN) continue;
    const missing = /"([^"]+)"|column \w+\.(\S+)/.exec(failure.message);
    const name = missing?.[1] ?? missing?.[2] ?? text;
    if (PLAIN_NAME.test(text.trim())) return columnNotFound(table, field, text.trim(), failure);
    const literal = text.includes(`"${name}"`) ? [`text stands in single quotes: '${name}'`] : [];
    const hint = [...literal, ...columnHints(table, name), `${field}: ${text}`];
    return badExpression(table, `${field}: ${failure.message}`, hint, failure);
  }
  return badExpression(
    table,
    cause.message,
    [
      'ready, key, payload and attributes are column names or SQL expressions over one row',
      ...(spec.ready ? [`ready: ${spec.ready}`] : []),
    ],
    cause,
  );
}

function badExpression(table: TableFacts, why: string, hint: string[], cause: Error): QctlError {
  return new QctlError('config', `the queue's description does not fit table ${table.name}: ${why}`, {
    code: 'BAD_EXPRESSION',
    hint,
    cause,
  });
}

/** So that no bracket surrounds it. */
function whole(text: string): string {
  return `CASE WHEN true THEN ${text} END`;
}

/** What the operator has written as SQL, with the field that it stands in. */
function ownExpressions(spec: PostgresSpec, table: TableFacts): [field: string, text: string][] {
  const { payload, ready, key, type, priority, attempts, enqueuedAt, notBefore, attributes, done } = spec;
  const values = { payload, ready, key, type, priority, attempts, enqueuedAt, notBefore };
  const written: [string, string | undefined][] = Object.entries(values);
  for (const [name, text] of Object.entries(attributes ?? {})) written.push([`attributes.${name}`, text]);
  if ('set' in done)
    for (const [name, value] of Object.entries(done.set))
      if (value !== null && typeof value === 'object') written.push([`done.set.${name}`, value.sql]);
  return written.flatMap(([field, text]) =>
    text === undefined || table.columns.has(text) ? [] : [[field, text] satisfies [string, string]],
  );
}
