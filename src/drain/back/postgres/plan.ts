import { shorten } from '../../../model/shorten.ts';
import type { PostgresSpec, TableFacts } from '../../../sources/postgres/index.ts';
import type { ColumnFacts } from './columns.ts';

/** One column and the SQL over the message `m` that it gets. */
export interface Assignment {
  column: string;
  sql: string;
  /** `id`: part of the row's identity; `field`: carried as it was; `other`: what the operator or the format says. */
  kind: 'id' | 'field' | 'other';
  /** Whether a row that is there already must have the same value to be the same. */
  compared: boolean;
}

/** How messages become rows again; plain data. */
export interface RestorePlan {
  table: TableFacts;
  columns: Map<string, ColumnFacts>;
  spec: PostgresSpec;
  assignments: Assignment[];
  /** Attributes that columns are made of, in the order of their parameters. */
  attributes: string[];
  /** Whether `m.attr` is asked for. */
  withAttr: boolean;
  /** Fields of the spec that are expressions: nothing can be restored from them. */
  expressions: string[];
  /** Columns of the spec that the table computes by itself. */
  computed: string[];
}

const TEXT_FIELDS = {
  type: 'type',
  key: 'key',
  priority: 'priority',
  attempts: 'attempts',
  enqueuedAt: 'enqueued_at',
  notBefore: 'not_before',
} as const;

/** Makes the plan of a table and its description. */
export function restorePlan(
  spec: PostgresSpec,
  table: TableFacts,
  columns: Map<string, ColumnFacts>,
): RestorePlan {
  const attributes = Object.keys(spec.attributes ?? {});
  const plan: RestorePlan = {
    table,
    columns,
    spec,
    assignments: [],
    attributes,
    withAttr: [...Object.values(spec.restore ?? {}), ...(spec.restored ?? [])].some((sql) =>
      /\battr\b/.test(sql),
    ),
    expressions: [],
    computed: [],
  };
  for (const [column, sql] of Object.entries(spec.restore ?? {}))
    add(plan, column, column, {
      sql: cast(`(SELECT (${sql}) FROM (SELECT m.*) AS m)`, columns.get(column)),
      kind: 'other',
      compared: false,
    });
  spec.id.forEach((column, i) => {
    const text = spec.id.length === 1 ? 'm.id' : `(m.id::json->>${i})`;
    add(plan, column, 'id', { sql: cast(text, columns.get(column)), kind: 'id', compared: false });
  });
  addFields(plan);
  return plan;
}

function addFields(plan: RestorePlan): void {
  const { spec, columns, attributes } = plan;
  const done = 'set' in spec.done ? spec.done.set : {};
  const field = (name: string, source: string | undefined, sql: string): void => {
    if (source === undefined) return;
    // What settling wrote over, and what a worker counts up, is another in a row that is the same.
    const compared = !(source in done) && name !== 'attempts';
    add(plan, source, name, { sql: orDefault(sql, columns.get(source)), kind: 'field', compared });
  };
  field('payload', spec.payload, bytes('m.body', columns.get(spec.payload)));
  for (const [name, column] of Object.entries(TEXT_FIELDS)) {
    const source = spec[name as keyof typeof TEXT_FIELDS];
    if (source !== undefined) field(name, source, cast(`m.${column}`, columns.get(source)));
  }
  attributes.forEach((name, i) => {
    const source = spec.attributes![name]!;
    field(`attribute ${name}`, source, bytes(`m.qctl_a${i}`, columns.get(source)));
  });
}

function add(plan: RestorePlan, column: string, field: string, rest: Omit<Assignment, 'column'>): void {
  const found = plan.columns.get(column);
  if (!found) plan.expressions.push(`${field} (${shorten(column)})`);
  else if (found.computed) plan.computed.push(column);
  else if (!plan.assignments.some((one) => one.column === column)) plan.assignments.push({ column, ...rest });
}

function cast(text: string, column: ColumnFacts | undefined): string {
  return column ? `${text}::${column.type}` : text;
}

/** A message of another producer may lack what each row has: no attempts yet, no priority. */
function orDefault(sql: string, column: ColumnFacts | undefined): string {
  if (!column?.notNull || column.defaultSql === null) return sql;
  return `COALESCE(${sql}, ${column.defaultSql})`;
}

function bytes(value: string, column: ColumnFacts | undefined): string {
  return column?.type === 'bytea' ? value : cast(`convert_from(${value}, 'UTF8')`, column);
}

/** Columns that must have a value and get none. */
export function unfilledColumns(plan: RestorePlan): string[] {
  return unset(plan)
    .filter((column) => column.notNull && !column.filled)
    .map(({ name }) => name);
}

/** Columns that no message carries: they get their defaults, or NULL. */
export function defaultColumns(plan: RestorePlan): string[] {
  return unset(plan)
    .filter((column) => !column.notNull || column.filled)
    .map(({ name }) => name);
}

function unset({ columns, assignments }: RestorePlan): ColumnFacts[] {
  const set = new Set(assignments.map(({ column }) => column));
  return [...columns.values()].filter(({ name, computed }) => !set.has(name) && !computed);
}

/** True where the body reaches the table. */
export function restoresBody({ assignments }: RestorePlan): boolean {
  return assignments.some(({ sql }) => /\bm\.body\b|\bbody\b/.test(sql));
}
