import * as z from 'zod';
import { QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import { type StepResult, type StepWorld, stepKind } from '../step.ts';
import { duration, text } from './common.ts';
import { inTransaction, runSql, type SqlLimits } from './sql-run.ts';
import { isPreparable, shownSql, transactionIn } from './sql-text.ts';
import { blocker, findingsOf, resolveValue, valueSource } from './value.ts';

const DEFAULT_MS = 60_000;

const statement = text.superRefine((sql, context) => {
  const found = transactionIn(sql);
  if (found) context.addIssue(`${found} cannot stand in it: the step runs in a transaction of its own`);
});
const values = z.array(z.union([valueSource, z.null()])).default([]);
const rows = z.union([
  z.int().min(0),
  z.strictObject({ min: z.int().min(0).optional(), max: z.int().min(0).optional() }),
]);
const one = z.strictObject({ text: statement, values, expectRows: rows.optional() });

const schema = one.extend({
  source: text.optional(),
  undo: z.union([statement.transform((sql) => one.parse({ text: sql })), one]).optional(),
  check: text.optional(),
  lockTimeout: duration.default(10_000),
});

type Statement = z.output<typeof one>;
type SqlParams = z.output<typeof schema>;

/** Runs SQL at a source, in one transaction. */
export const sql = stepKind<SqlParams, null>({
  name: 'sql',
  schema,
  outline: (params, hide) => ({
    does: describe(params, params, hide),
    undo: params.undo
      ? { does: describe(params, params.undo, hide), order: 'plain', timeoutMs: DEFAULT_MS }
      : 'missing',
    repeatable: false,
    earliestMs: 0,
    timeoutMs: DEFAULT_MS,
    asks: null,
  }),
  preflight: (params, world) => findingsOf(() => preflight(params, world)),
  check: async (params, world) => {
    if (params.check === undefined) return 'unknown';
    const { check } = params;
    const options = await world.host.postgres(params.source);
    const result = await inTransaction(
      options,
      limitsOf(params, world),
      world,
      (client) => runSql(client, check, []),
      true,
    );
    return isTrue(Object.values<unknown>(result.rows[0] ?? {})[0]) ? 'done' : 'undone';
  },
  capture: async () => null,
  apply: (params, world) => perform(params, params, world),
  undo: async (params, world) => {
    if (!params.undo) return { text: 'nothing to undo' };
    return world.rehearsal
      ? { text: `would ${describe(params, params.undo, world.redact)}` }
      : perform(params, params.undo, world);
  },
  rehearse: async (params, world) => ({ text: `would ${describe(params, params, world.redact)}` }),
});

function describe(
  { source }: SqlParams,
  { text: statements }: Statement,
  hide: (text: string) => string,
): string {
  return `run SQL${source === undefined ? '' : ` at ${source}`}: ${shownSql(statements, hide)}`;
}

function limitsOf({ lockTimeout }: SqlParams, world: StepWorld): SqlLimits {
  return { statementMs: world.timeoutMs ?? DEFAULT_MS, lockMs: lockTimeout };
}

async function perform(params: SqlParams, statements: Statement, world: StepWorld): Promise<StepResult> {
  const given = await valuesOf(statements, world);
  const options = await world.host.postgres(params.source);
  await world.guard();
  const count = await inTransaction(options, limitsOf(params, world), world, async (client) => {
    await client.query('SAVEPOINT qctl_step');
    const { rowCount } = await runSql(client, statements.text, given);
    if (!fits(rowCount ?? 0, statements.expectRows))
      throw wrongCount(rowCount ?? 0, describe(params, statements, world.redact), statements);
    // Fails where the text has ended the transaction by some way of its own.
    await client.query('RELEASE SAVEPOINT qctl_step');
    return rowCount ?? 0;
  });
  return { text: `${describe(params, statements, world.redact)}: done`, positions: { rows: count } };
}

async function valuesOf(statements: Statement, world: StepWorld): Promise<(string | null)[]> {
  const given: (string | null)[] = [];
  for (const [index, value] of statements.values.entries())
    given.push(value === null ? null : await resolveValue(value, world, `values.${index}`));
  return given;
}

function fits(count: number, expected: SqlParams['expectRows']): boolean {
  if (expected === undefined) return true;
  const { min = 0, max = Number.POSITIVE_INFINITY } =
    typeof expected === 'number' ? { min: expected, max: expected } : expected;
  return count >= min && count <= max;
}

/** Servers give booleans, and numbers as numbers or text. */
function isTrue(value: unknown): boolean {
  return (
    value === true ||
    value === 't' ||
    value === 'true' ||
    (value !== null && value !== '' && Number(value) > 0)
  );
}

function wrongCount(count: number, what: string, { expectRows }: Statement): QctlError {
  const expected = JSON.stringify(expectRows);
  return new QctlError('failed', `${what}: ${count} rows, not ${expected}; nothing was kept`, {
    code: 'SQL_ROWS',
    hint: ['look at the rows by hand, then put the statement or expectRows right'],
    details: { rows: count },
  });
}

/** Connects, and lets the server read what it can read without doing it. An earlier step may make what is missing. */
async function preflight(params: SqlParams, world: StepWorld): Promise<Finding[]> {
  const options = await world.host.postgres(params.source);
  const found: Finding[] = [];
  const limits = { statementMs: 5000, lockMs: 1000 };
  await inTransaction(options, limits, world, async (client) => client.query('SELECT 1'), true);
  for (const statements of [params, ...(params.undo ? [params.undo] : [])]) {
    await valuesOf(statements, world);
    if (!isPreparable(statements.text)) continue;
    // The extended protocol takes one statement only, whatever stands in the text.
    const prepare = { text: `PREPARE qctl_preflight AS ${statements.text}`, queryMode: 'extended' } as const;
    await inTransaction(options, limits, world, (client) => client.query(prepare), true).catch((error) => {
      found.push({ ...blocker(error), level: 'warning', code: 'SQL_UNREADABLE' });
    });
  }
  return found;
}
