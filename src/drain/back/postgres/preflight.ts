import type { Client } from 'pg';
import { sqlState } from '../../../backends/postgres/index.ts';
import { QctlError } from '../../../errors.ts';
import type { Finding } from '../../../model/finding.ts';
import { plural } from '../../../model/plural.ts';
import { shortList } from '../../../model/short-list.ts';
import type { Item } from '../destination.ts';
import type { Ledger } from './ledger.ts';
import { defaultColumns, type RestorePlan, restoresBody, unfilledColumns } from './plan.ts';
import { notReadyText } from './ready-sql.ts';
import type { RowWriter } from './rows.ts';
import { columnsNotUndone, columnsUndoneOtherwise, undoFlags } from './undo.ts';

/** What speaks against giving messages back to this table, or must be known before. */
export async function backFindings(client: Client, plan: RestorePlan, ledger: Ledger): Promise<Finding[]> {
  return [
    ...unfilledFindings(plan),
    ...columnNotes(plan),
    ...doneFindings(plan),
    ...(await privilegeFindings(client, plan, ledger)),
    ...(await triggerFindings(client, plan)),
    {
      level: 'note',
      code: ledger.exists ? 'LEDGER' : 'LEDGER_NEW',
      text: ledger.exists
        ? `table ${ledger.name} remembers which entries have been given back`
        : `table ${ledger.name} is created: it remembers which entries have been given back, and must stay while any of them may be pending`,
    },
  ];
}

/** Columns that must have a value, and get none. */
function unfilledFindings(plan: RestorePlan): Finding[] {
  const findings: Finding[] = [];
  const { table } = plan;
  if (!restoresBody(plan))
    findings.push({
      level: 'blocker',
      code: 'BODY_NOT_RESTORED',
      text: `payload ${plan.spec.payload} is no column of ${table.name}: the body would go nowhere`,
      remedy: `--payload COLUMN, or --restore "COLUMN=convert_from(m.body, 'UTF8')::jsonb"`,
    });
  const unfilled = unfilledColumns(plan);
  if (unfilled.length > 0)
    findings.push({
      level: 'blocker',
      code: 'COLUMN_NOT_FILLED',
      text: `${unfilled.join(', ')} of ${table.name} must not be NULL, and nothing fills ${unfilled.length === 1 ? 'it' : 'them'}`,
      remedy: `--restore "${unfilled[0]}=SQL" over the message m, or give the column a default`,
    });
  return findings;
}

/** Columns that do not come back as they were. */
function columnNotes(plan: RestorePlan): Finding[] {
  const findings: Finding[] = [];
  const { table, expressions, computed } = plan;
  const defaults = defaultColumns(plan);
  if (defaults.length > 0)
    findings.push({
      level: 'note',
      code: 'COLUMNS_NOT_CARRIED',
      text: `no message carries ${shortList(defaults)}: returned rows get the column's default, or NULL`,
      remedy: `--restore "${defaults[0]}=SQL" sets another value; --attribute NAME=COLUMN carries a column from the start`,
    });
  if (expressions.length > 0)
    findings.push({
      level: 'note',
      code: 'EXPRESSIONS_NOT_RESTORED',
      text: `${shortList(expressions)}: an expression, from which no column can be restored`,
    });
  if (computed.length > 0)
    findings.push({
      level: 'note',
      code: 'COMPUTED_COLUMNS',
      text: `${shortList(computed)}: the table computes this itself`,
    });
  const always = plan.assignments.filter(({ column }) => plan.columns.get(column)!.always);
  if (always.length > 0)
    findings.push({
      level: 'note',
      code: 'IDENTITY_OVERRIDDEN',
      text: `${always[0]!.column} is GENERATED ALWAYS: returned rows keep their value (OVERRIDING SYSTEM VALUE), the sequence stays as it is`,
    });
  if (table.unlogged)
    findings.push({
      level: 'note',
      code: 'UNLOGGED_TABLE',
      text: `${table.name} is UNLOGGED: a crash of Postgres empties it`,
    });
  return findings;
}

/** Rows that settling has marked must be made ready again. */
function doneFindings(plan: RestorePlan): Finding[] {
  const open = columnsNotUndone(plan);
  if (open.length === 0) return [];
  return [
    {
      level: 'blocker',
      code: 'DONE_NOT_UNDONE',
      text: `${open.join(', ')} ${open.length === 1 ? 'was' : 'were'} set on rows that were drained, and nothing sets ${open.length === 1 ? 'it' : 'them'} back`,
      remedy: undoFlags(plan, open),
    },
  ];
}

async function privilegeFindings(client: Client, plan: RestorePlan, ledger: Ledger): Promise<Finding[]> {
  const wanted: [string, string[]][] = [
    [plan.table.name, ['SELECT', 'INSERT', 'UPDATE']],
    ...(ledger.exists
      ? ([[ledger.name, ['SELECT', 'INSERT', 'UPDATE', 'DELETE']]] as [string, string[]][])
      : []),
  ];
  const findings: Finding[] = [];
  for (const [name, privileges] of wanted) {
    for (const privilege of privileges) {
      const has = privilege === 'DELETE' ? 'has_table_privilege' : 'has_any_column_privilege';
      const { rows } = await client.query(`SELECT ${has}($1::text::regclass, $2) AS ok`, [name, privilege]);
      if (rows[0].ok) continue;
      findings.push({
        level: 'blocker',
        code: 'MISSING_PRIVILEGE',
        text: `the user may not ${privilege} on ${name}`,
        remedy: `GRANT ${privilege} ON ${name} TO ${client.user ?? '…'}`,
      });
    }
  }
  return findings;
}

const TRIGGERS = `
  SELECT tgname AS name FROM pg_trigger
   WHERE tgrelid = $1::oid AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype::int & 4 <> 0`;

async function triggerFindings(client: Client, { table }: RestorePlan): Promise<Finding[]> {
  const { rows } = await client.query(TRIGGERS, [table.oid]);
  return rows.map((row: { name: string }) => ({
    level: 'warning' as const,
    code: 'TRIGGER_FIRES',
    text: `trigger ${row.name} on ${table.name} fires for every row that is returned`,
    remedy: `check what it does; ALTER TABLE ${table.name} DISABLE TRIGGER ${row.name} for that time where it must not`,
  }));
}

/** Tries some messages, each in a transaction that is rolled back. */
export async function tryRows(
  client: Client,
  writer: RowWriter,
  plan: RestorePlan,
  items: readonly Item[],
): Promise<Finding[]> {
  const failures: string[] = [];
  let notReady: string | undefined;
  for (const item of items) {
    try {
      const later = item.message.notBefore !== undefined && Date.parse(item.message.notBefore) > Date.now();
      const { ready, values } = await writer.tryOne(client, item);
      if (ready === false && !later)
        notReady ??= `${notReadyText(plan, values)}, as that of entry ${item.entry}`;
    } catch (error) {
      if (!isDataError(error)) throw explainSql(error, plan);
      failures.push(`${item.entry}: ${reasonOf(error)}`);
    }
  }
  const findings: Finding[] = [];
  if (failures.length > 0)
    findings.push({
      level: failures.length === items.length ? 'blocker' : 'warning',
      code: 'ROWS_REFUSED',
      text: `of ${items.length} ${plural(items.length, 'entry')} tried, the table refuses ${failures.length}: ${failures[0]}`,
      remedy: 'what it refuses stays pending in the stream and is named in the report',
    });
  if (notReady !== undefined)
    findings.push({
      level: 'blocker',
      code: 'NOT_READY_AGAIN',
      text: `a returned row would not be ready ${notReady}; no worker would see it`,
      remedy: readyRemedy(plan),
    });
  return findings;
}

function readyRemedy(plan: RestorePlan): string {
  if (plan.spec.format !== 'generic')
    return 'the --include of the drain allows what it took besides ready messages, such as --include dead; --queue must name the queue of what goes back, or be left out';
  const wrong = columnsUndoneOtherwise(plan);
  if (wrong.length > 0) return undoFlags(plan, wrong);
  return '--restore COLUMN=SQL sets what makes it ready; without --ready nothing is checked';
}

/** Errors of the row itself, where another row may well be taken: data, constraints, and what a trigger raises. */
export function isDataError(error: unknown): boolean {
  const state = sqlState(error) ?? '';
  return state.startsWith('22') || state.startsWith('23') || state === 'P0001' || state === '54000';
}

/** The server's sentence, without the detail that holds values. */
export function reasonOf(error: unknown): string {
  const { message, code } = error as Error & { code?: string };
  return `${message.split('\n')[0]!.slice(0, 200)}${code ? ` (${code})` : ''}`;
}

function explainSql(error: unknown, plan: RestorePlan): unknown {
  const state = sqlState(error) ?? '';
  if (!state.startsWith('42') || state === '42501') return error;
  return new QctlError('config', `rows of ${plan.table.name} cannot be made: ${(error as Error).message}`, {
    code: 'BAD_RESTORE',
    hint: [
      'restore holds SQL over the message m: m.id, m.body, m.type, m.key, m.priority, m.attempts, m.enqueued_at, m.not_before, m.attr',
      ...Object.entries(plan.spec.restore ?? {}).map(([column, sql]) => `restore: ${column} = ${sql}`),
    ],
    cause: error,
  });
}

/** Lets the server parse every expression, with or without messages to try. */
export async function parseExpressions(client: Client, writer: RowWriter, plan: RestorePlan): Promise<void> {
  try {
    await writer.parse(client);
  } catch (error) {
    throw explainSql(error, plan);
  }
}
