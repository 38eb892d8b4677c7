import type { Client, QueryConfig } from 'pg';
import { QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import { compileFilter } from '../../transform/filter.ts';
import type { TableFacts } from './catalog.ts';
import { checkClaim, checkClaimColumns } from './claim-check.ts';
import { checkDone } from './done-check.ts';
import { conditions, doneClause, fieldExpressions, whereClause } from './expressions.ts';
import { formatOf } from './formats/index.ts';
import { missingPrivileges } from './privileges.ts';
import type { PostgresSpec } from './spec.ts';
import { keysetColumns } from './sql.ts';

const ROWS_MATTER_WITHOUT_INDEX = 10_000;

/** Says what is wrong with the spec before it has done anything. Throws a QctlError `config` or `refused`. */
export async function checkSpec(client: Client, spec: PostgresSpec, table: TableFacts): Promise<void> {
  for (const [field, names] of [
    ['id', spec.id],
    ['order', spec.order ?? []],
  ] as const) {
    for (const name of names) requireColumn(table, field, name);
  }
  if ('set' in spec.done)
    for (const name of Object.keys(spec.done.set)) requireColumn(table, 'done.set', name);
  if (spec.mode === 'move' && spec.claim) checkClaimColumns(spec, table);
  if (spec.mode === 'move') checkMove(spec, table);
  else checkCopy(spec, table);
  checkSelection(spec);
  await checkExpressions(client, spec, table);
  await checkDone(client, spec, table);
  if (spec.mode === 'move' && spec.claim) await checkClaim(client, spec, table);
}

function requireColumn(table: TableFacts, field: string, name: string): void {
  if (table.columns.has(name)) return;
  throw new QctlError('config', `${field}: table ${table.name} has no column ${name}`, {
    code: 'COLUMN_NOT_FOUND',
    hint: [`its columns are ${[...table.columns.keys()].join(', ')}`],
  });
}

function checkMove(spec: PostgresSpec, table: TableFacts): void {
  if (spec.id.length > 1) {
    throw new QctlError('config', `id: ${spec.id.join(', ')}: move mode needs a single id column`, {
      code: 'COMPOSITE_ID',
      hint: ['use --mode copy, which takes composite ids', 'or name one unique column as the id'],
    });
  }
  if (!spec.uniqueId) requireUnique(spec.id, table, 'the id');
  if ('set' in spec.done && spec.ready === undefined) {
    throw new QctlError(
      'config',
      'done.set needs a ready condition: without one, settled rows would be taken again and again',
      {
        code: 'DONE_WITHOUT_READY',
        hint: [
          `add a condition that done rows do not fulfil, for example --ready "${Object.keys(spec.done.set)[0] ?? 'state'} = 'pending'"`,
        ],
      },
    );
  }
}

/** What chooses among the messages must have something to go by. */
function checkSelection(spec: PostgresSpec): void {
  if (spec.filter !== undefined) compileFilter(spec.filter);
  if (spec.types !== undefined && spec.type === undefined)
    throw new QctlError('config', 'types: the queue has no type to choose by', {
      code: 'NO_TYPE',
      hint: ['name the column or expression with --type (type: in the file)'],
    });
  if (spec.before === undefined) return;
  if (spec.enqueuedAt === undefined)
    throw new QctlError('config', 'enqueued before: the queue has no time of enqueueing to go by', {
      code: 'NO_ENQUEUED_AT',
      hint: ['name the column or expression with --enqueued-at (enqueuedAt: in the file)'],
    });
  if (Number.isNaN(Date.parse(spec.before)))
    throw new QctlError('config', `enqueued before: ${spec.before} is no time`, {
      code: 'BAD_TIME',
      hint: ['as in RFC 3339: 2026-11-22T06:00:00Z'],
    });
}

function checkCopy(spec: PostgresSpec, table: TableFacts): void {
  const keyset = keysetColumns(spec);
  if (!spec.uniqueId) requireUnique(spec.id, table, 'the id');
  const nullable = keyset.filter((name) => !table.columns.get(name)!.notNull);
  if (nullable.length === 0) return;
  throw new QctlError(
    'refused',
    `copy mode orders by ${keyset.join(', ')}, but ${nullable.join(', ')} may be NULL: such rows would never be reached`,
    {
      code: 'NULLABLE_ORDER',
      hint: [
        `ALTER TABLE ${table.name} ALTER COLUMN ${nullable[0]} SET NOT NULL`,
        'or order by other columns',
      ],
    },
  );
}

function requireUnique(columns: string[], table: TableFacts, what: string): void {
  const unique = table.uniqueSets.some((set) => set.every((name) => columns.includes(name)));
  if (unique) return;
  throw new QctlError(
    'refused',
    `${what} (${columns.join(', ')}) has no unique index on ${table.name}: two rows could share it and one would be lost`,
    {
      code: 'ID_NOT_UNIQUE',
      hint: [
        'name the primary key as the id',
        `or CREATE UNIQUE INDEX CONCURRENTLY ON ${table.name} (${columns.join(', ')})`,
      ],
    },
  );
}

/** Lets the server parse every expression by itself, with nothing executed and a single statement allowed. */
async function checkExpressions(client: Client, spec: PostgresSpec, table: TableFacts): Promise<void> {
  const where = whereClause(conditions(spec, table));
  const fields = fieldExpressions(spec, table, 't').map(([, sql]) => sql);
  const returned = fieldExpressions(spec, table, 't').map(([, sql]) => sql);
  const statements = [
    `SELECT ${fields.join(', ')} FROM ${table.name} t ${where} LIMIT 0`,
    // Each must be whole by itself: what closes a bracket that is not its own passes only between brackets.
    `SELECT ${ownExpressions(spec, table).join(', ')} FROM ${table.name} t LIMIT 0`,
  ];
  if (spec.mode === 'move')
    statements.push(`EXPLAIN ${doneClause(spec, table)} WHERE false RETURNING ${returned.join(', ')}`);
  for (const text of statements) {
    // An extended query takes one statement only.
    const query: QueryConfig & { queryMode: string } = { text, queryMode: 'extended' };
    await client.query(query).catch((cause: Error & { code?: string }) => {
      if (cause.code === '42501') throw cause;
      throw new QctlError(
        'config',
        `the queue's description does not fit table ${table.name}: ${cause.message}`,
        {
          code: 'BAD_EXPRESSION',
          hint: [
            'ready, key, payload and attributes are column names or SQL expressions over one row',
            ...(spec.ready ? [`ready: ${spec.ready}`] : []),
          ],
          cause,
        },
      );
    });
  }
}

/** What the operator has written as SQL, each as a part that no bracket surrounds. */
function ownExpressions(spec: PostgresSpec, table: TableFacts): string[] {
  const { payload, ready, key, type, priority, attempts, enqueuedAt, notBefore, attributes, done } = spec;
  const values = [payload, ready, key, type, priority, attempts, enqueuedAt, notBefore];
  values.push(...Object.values(attributes ?? {}));
  if ('set' in done)
    for (const value of Object.values(done.set))
      if (value !== null && typeof value === 'object') values.push(value.sql);
  const written = values.filter((text) => text !== undefined && !table.columns.has(text));
  return ['1', ...written.map((text) => `CASE WHEN true THEN ${text} END`)];
}

/** What an operator should know before the drain starts. */
export async function tableFindings(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
): Promise<Finding[]> {
  const findings: Finding[] = await missingPrivileges(client, spec, table);
  if (table.unlogged)
    findings.push({
      level: 'note',
      code: 'UNLOGGED_TABLE',
      text: `${table.name} is UNLOGGED: a crash of Postgres empties it`,
    });
  if (spec.mode === 'copy') findings.push(...copyFindings(spec, table));
  else findings.push(...(await moveFindings(client, spec, table)));
  return findings;
}

function copyFindings(spec: PostgresSpec, table: TableFacts): Finding[] {
  const findings: Finding[] = [];
  const first = table.columns.get(keysetColumns(spec)[0]!)!;
  if (!/^(bigint|integer|smallint|timestamp|date)/.test(first.type)) {
    findings.push({
      level: 'warning',
      code: 'UNORDERED_ID',
      text: `${first.name} (${first.type}) does not grow: rows inserted while the copy runs may sort behind the position it has reached`,
      remedy:
        'stop the writers for the copy, or run the same command with --fresh into another stream; qctl verify names what is missing',
    });
  }
  if (table.cachedSequences.length > 0) {
    findings.push({
      level: 'warning',
      code: 'CACHED_SEQUENCE',
      text: `sequence ${table.cachedSequences[0]} hands out numbers in blocks (CACHE > 1): a session may insert low numbers late`,
      remedy: `ALTER SEQUENCE ${table.cachedSequences[0]} CACHE 1, or stop the writers for the copy`,
    });
  }
  return findings;
}

const TRIGGERS = `
  SELECT tgname AS name FROM pg_trigger
   WHERE tgrelid = $1::oid AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype::int & $2::int <> 0`;
const TRIGGER_DELETE = 8;
const TRIGGER_UPDATE = 16;

async function moveFindings(client: Client, spec: PostgresSpec, table: TableFacts): Promise<Finding[]> {
  const event = ('set' in spec.done ? TRIGGER_UPDATE : TRIGGER_DELETE) | (spec.claim ? TRIGGER_UPDATE : 0);
  const { rows } = await client.query(TRIGGERS, [table.oid, event]);
  const own = formatOf(spec.format)?.ownTriggers;
  const others = rows.filter((row: { name: string }) => !own?.test(row.name));
  const findings: Finding[] = others.map((row: { name: string }) => ({
    level: 'warning',
    code: 'TRIGGER_FIRES',
    text: `trigger ${row.name} on ${table.name} fires for every row that is settled`,
    remedy: `check what it does; ALTER TABLE ${table.name} DISABLE TRIGGER ${row.name} for the drain where it must not`,
  }));
  if (!spec.claim)
    findings.push({
      level: 'note',
      code: 'NO_CLAIM_COLUMN',
      text: 'rows are locked while they are moved, not claimed: where the drain is killed, an old worker may take rows of the interrupted batch again until the run is continued',
      remedy:
        'stop the old workers, or name a text column that they leave alone unless it is NULL: --claim-column NAME',
    });
  const leading = (spec.order ?? spec.id)[0]!;
  if (
    spec.rank === undefined &&
    table.estimatedRows > ROWS_MATTER_WITHOUT_INDEX &&
    !(await hasIndexOn(client, table, leading))
  ) {
    findings.push({
      level: 'warning',
      code: 'NO_INDEX_FOR_ORDER',
      text: `no index begins with ${leading}: every batch sorts the whole table`,
      remedy: `CREATE INDEX CONCURRENTLY ON ${table.name} (${leading}), or order by the id`,
    });
  }
  return findings;
}

async function hasIndexOn(client: Client, table: TableFacts, column: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = $1::oid AND a.attname = $2 AND i.indisvalid LIMIT 1`,
    [table.oid, column],
  );
  return rows.length > 0;
}
