import type { Candidate, TableChoice } from '../../src/init/index.ts';
import type { Asker } from '../asker.ts';

type Table = Extract<Candidate, { kind: 'table' }>;

/** Says what Postgres finds wrong with a condition over a table; undefined: nothing. */
export type TryCondition = (table: Table, condition: string) => Promise<string | undefined>;

/** Asks how a table is to be drained; each guess is the answer to its question. */
export async function describeTable(
  asker: Asker,
  candidate: Table,
  stream: () => Promise<string>,
  tryCondition: TryCondition,
): Promise<TableChoice> {
  const { table, ready, payload, key, notBefore, times } = candidate.table;
  const isCondition = async (text: string) =>
    text.trim() === '' || ((await tryCondition(candidate, text)) ?? true);
  const { isColumn, optional, areColumns } = columnRules(candidate.table.columns);
  const ask = (what: string, usual: string, rule: (text: string) => string | true | Promise<string | true>) =>
    asker.input(`${table}: ${what}`, usual, rule);
  return {
    ready: (await ask('rows to take (SQL; empty: all)', ready ?? '', isCondition)) || null,
    // Where nothing looks like a body the whole row is one.
    payload: await ask('column of the body', payload ?? 'to_jsonb(t)', isColumn),
    key:
      (await ask(
        'whose messages keep their order: column of the customer, agent or like (empty: none)',
        key ?? '',
        optional,
      )) || null,
    order: await askOrder(asker, candidate, areColumns),
    notBefore:
      times.length === 0
        ? notBefore
        : (await ask(
            'column of the time before which a row must wait (empty: none)',
            notBefore ?? '',
            optional,
          )) || null,
    mark: await askMark(asker, candidate),
    stream: await stream(),
  };
}

async function askOrder(
  asker: Asker,
  { table }: Table,
  areColumns: (text: string) => string | true,
): Promise<string[]> {
  const usual = (table.order.length > 0 ? table.order : table.id).join(', ');
  const order = listed(await asker.input(`${table.table}: in which order (columns)`, usual, areColumns));
  return order.join() === table.id.join() ? [] : order;
}

/** What is taken leaves the table, unless it is to stay as if a worker had done it. */
async function askMark(asker: Asker, { table }: Table): Promise<TableChoice['mark']> {
  const { mark, id, table: name } = table;
  if (mark === null || id.length > 1) return null;
  const set = Object.entries(mark).map(([column, value]) => `${column} = ${wordOf(value)}`);
  return asker.select<TableChoice['mark']>(`${name}: what becomes of a row that the stream has`, [
    { name: 'it is deleted', value: null },
    { name: `it stays, with ${set.join(', ')}`, value: mark },
  ]);
}

function wordOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'sql' in value ? String(value.sql) : String(value);
}

function columnRules(columns: readonly string[]) {
  const none = `no such column; there are ${columns.join(', ')}`;
  const isColumn = (text: string) => columns.includes(text.trim()) || /[(>:]/.test(text) || none;
  return {
    isColumn,
    optional: (text: string) => text.trim() === '' || isColumn(text),
    areColumns: (text: string) => listed(text).every((name) => columns.includes(name)) || none,
  };
}

function listed(text: string): string[] {
  return text.split(',').flatMap((name) => name.trim() || []);
}
