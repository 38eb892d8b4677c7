import { escapeIdentifier as quote } from '../../../backends/postgres/index.ts';
import { setValue } from '../../../sources/postgres/expressions.ts';
import type { Item } from '../destination.ts';
import type { RestorePlan } from './plan.ts';
import { readyCondition, readyValues, restoredRow } from './ready-sql.ts';

/** The statements of one table; parameters as {@link parameters} gives them. */
export interface RestoreSql {
  /**
   * Notes the entries and inserts the rows of those that were not noted: qctl_ord, fresh, inserted. Without an
   * id, which row is whose is not known: each row of the result says how many of them are not ready.
   */
  insert(withId: boolean): string;
  /** Looks at the rows that stand there already: qctl_ord, done, ready with the values, columns that differ. */
  look: string;
  /** What the rows that were settled would be once they are updated: ready with the values. Takes no lock. */
  foretell: string;
  /** Makes rows that were settled ready again. */
  update: string;
  /** One row without a ledger, for a trial: whether it is ready, with the values. */
  trial(withId: boolean): string;
  /** Whether the rows of the messages are ready: qctl_ord, ready with the values. */
  ready: string;
  /** What else must be said of rows that have been brought back. */
  restored: string[];
}

const FIXED = [
  'qctl_ord int',
  'qctl_entry text',
  'qctl_digest text',
  'id text',
  'body bytea',
  'type text',
  'key text',
  'priority text',
  'attempts text',
  'enqueued_at text',
  'not_before text',
  'qctl_attr text',
];

/** Builds them. Identifiers are quoted, types come from the catalogue. */
export function restoreSql(plan: RestorePlan, ledger: string): RestoreSql {
  const { table, assignments } = plan;
  const message = messageTable(plan);
  const chosen = (withId: boolean) => assignments.filter(({ kind }) => withId || kind !== 'id');
  const names = (withId: boolean) =>
    chosen(withId)
      .map(({ column }) => quote(column))
      .join(', ');
  const values = (withId: boolean) =>
    chosen(withId)
      .map(({ sql }) => sql)
      .join(', ');
  const into = (withId: boolean) =>
    `INSERT INTO ${table.name} AS t (${names(withId)}) OVERRIDING SYSTEM VALUE`;
  const same = sameIdOf(plan);
  const idColumns = plan.spec.id.map((column) => `t.${quote(column)}`).join(', ');
  const ready = `${readyCondition(plan)} AS ready, ${readyValues(plan)} AS "values"`;
  const used = '$1::text IS NOT NULL AND $2::text IS NOT NULL';
  return {
    insert: (withId) => `WITH ${message},
      qctl_noted AS (
        INSERT INTO ${ledger} (stream, entry_id, message_id, digest, run, outcome)
        SELECT $1::text, qctl_entry, id, qctl_digest, $2::text, 'returned' FROM m
        ON CONFLICT DO NOTHING RETURNING entry_id),
      qctl_rows AS (
        ${into(withId)} SELECT ${values(withId)} FROM m
         WHERE qctl_entry IN (SELECT entry_id FROM qctl_noted) ORDER BY qctl_ord
        ON CONFLICT DO NOTHING RETURNING ${withId ? idColumns : 't.*'})
      ${
        withId
          ? `SELECT m.qctl_ord AS ord, n.entry_id IS NOT NULL AS fresh, t.${quote(plan.spec.id[0]!)} IS NOT NULL AS inserted
               FROM m LEFT JOIN qctl_noted n ON n.entry_id = m.qctl_entry LEFT JOIN qctl_rows t ON ${same}`
          : `SELECT m.qctl_ord AS ord, n.entry_id IS NOT NULL AS fresh,
                    n.entry_id IS NOT NULL AND (SELECT count(*) FROM qctl_rows) = (SELECT count(*) FROM qctl_noted) AS inserted,
                    (SELECT count(*)::int FROM qctl_rows t WHERE NOT ${readyCondition(plan)}) AS unready
               FROM m LEFT JOIN qctl_noted n ON n.entry_id = m.qctl_entry`
      }`,
    look: `WITH ${message} SELECT m.qctl_ord AS ord, ${doneCondition(plan)} AS done, ${ready}, ${differing(plan)} AS differing
        FROM m JOIN ${table.name} t ON ${same} WHERE ${used} FOR UPDATE OF t`,
    foretell: `WITH ${message} SELECT ${ready}
        FROM (SELECT r.* FROM m JOIN ${table.name} t ON ${same}, LATERAL ${restoredRow(plan)} AS r
               WHERE ${doneCondition(plan)} AND ${differing(plan)} = '{}' AND ${used}) AS t`,
    update: `WITH ${message} UPDATE ${table.name} t SET ${assignments
      .filter(({ kind, column }) => kind !== 'id' && !plan.columns.get(column)!.always)
      .map(({ column, sql }) => `${quote(column)} = ${sql}`)
      .join(', ')} FROM m WHERE ${same} AND ${used}`,
    trial: (withId) => `WITH ${message},
      t AS (${into(withId)} SELECT ${values(withId)} FROM m WHERE ${used}
        ON CONFLICT DO NOTHING RETURNING t.*)
      SELECT ${ready} FROM t`,
    ready: `WITH ${message} SELECT m.qctl_ord AS ord, ${ready} FROM m JOIN ${table.name} t ON ${same} WHERE ${used}`,
    restored: (plan.spec.restored ?? []).map(
      (text) => `WITH ${message}, qctl_all AS (SELECT $1::text, $2::text) ${text}`,
    ),
  };
}

/** The messages of a batch as a table `m`, from parameter 3 on. */
function messageTable({ attributes, withAttr }: RestorePlan): string {
  const columns = [...FIXED, ...attributes.map((_, i) => `qctl_a${i} bytea`)].map((text) => text.split(' '));
  const arrays = columns.map(([, type], i) => `$${i + 3}::${type}[]`);
  const names = columns.map(([name]) => name);
  const attr = withAttr ? ', u.qctl_attr::jsonb AS attr' : '';
  return `m AS MATERIALIZED (SELECT u.*${attr} FROM unnest(${arrays.join(', ')}) AS u (${names.join(', ')}))`;
}

/** Values of the parameters, the stream and the run first. */
export function parameters(
  plan: RestorePlan,
  stream: string,
  run: string,
  items: readonly Item[],
): unknown[] {
  const text = (of: (item: Item) => string | undefined): (string | null)[] =>
    items.map((item) => of(item) ?? null);
  return [
    stream,
    run,
    items.map((_, i) => i),
    text(({ entry }) => entry),
    text(({ digest }) => digest),
    text(({ message, hasId }) => (hasId ? message.id : undefined)),
    items.map(({ message }) => message.body),
    text(({ message }) => message.type),
    text(({ message }) => message.key),
    text(({ message }) => message.priority),
    text(({ attempts }) => attempts?.toString()),
    text(({ message }) => message.enqueuedAt),
    text(({ message }) => message.notBefore),
    text((item) => (plan.withAttr ? attrJson(item) : undefined)),
    ...plan.attributes.map((name) => items.map((item) => attributeBytes(item, name))),
  ];
}

function attributeBytes({ message }: Item, name: string): Buffer | null {
  const value = message.attributes?.[name]?.value;
  if (value === undefined) return null;
  return typeof value === 'string' ? Buffer.from(value) : value;
}

function attrJson({ message }: Item): string {
  const pairs = Object.entries(message.attributes ?? {}).filter(([, { value }]) => typeof value === 'string');
  return JSON.stringify(Object.fromEntries(pairs.map(([name, { value }]) => [name, value])));
}

function sameIdOf({ spec, assignments }: RestorePlan): string {
  return spec.id
    .map(
      (column) => `t.${quote(column)} = ${assignments.find((one) => one.column === column)?.sql ?? 'NULL'}`,
    )
    .join(' AND ');
}

/** Whether a row is as settling left it. */
function doneCondition({ spec }: RestorePlan): string {
  if (!('set' in spec.done) || spec.mode === 'copy') return 'false';
  const literal = Object.entries(spec.done.set).filter(
    ([, value]) => value === null || typeof value !== 'object',
  );
  if (literal.length === 0)
    return spec.ready === undefined ? 'true' : `(SELECT (${spec.ready}) IS NOT TRUE FROM (SELECT t.*) AS t)`;
  return literal
    .map(([column, value]) => `t.${quote(column)}::text IS NOT DISTINCT FROM (${setValue(value)})::text`)
    .join(' AND ');
}

function differing({ assignments }: RestorePlan): string {
  const compared = assignments.filter((one) => one.compared);
  if (compared.length === 0) return `'{}'::text[]`;
  const each = compared.map(
    ({ column, sql }) =>
      `CASE WHEN t.${quote(column)}::text IS DISTINCT FROM (${sql})::text THEN '${column.replaceAll("'", "''")}' END`,
  );
  return `array_remove(ARRAY[${each.join(', ')}]::text[], NULL)`;
}
