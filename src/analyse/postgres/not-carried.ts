import type { Reference } from './findings/foreign-keys.ts';
import type { OpenTable } from './open.ts';

/** What of the table does not arrive in the stream, each as a sentence. */
export function notCarried(open: OpenTable, triggers: string[], references: Reference[]): string[] {
  const { table, spec } = open;
  const sentences: string[] = [];
  const columns = columnsLeft(open);
  if (columns.length > 0)
    sentences.push(
      `No field of the entry carries ${columns.length === 1 ? 'column' : 'columns'} ${columns.join(', ')} of ${table.name}${remedyFor(open, columns[0]!)}.`,
    );
  for (const { from, relation, name } of references)
    sentences.push(
      `Rows of ${from} that point at a message (${name}) do not go along: ${relation} stays as it is or as its foreign key says.`,
    );
  if (triggers.length > 0 && spec.mode === 'move')
    sentences.push(
      `What triggers of ${table.name} do when workers finish a message (${triggers.join(', ')}) is not repeated by consumers of the stream.`,
    );
  return sentences;
}

/** Only who describes the table says what goes along. */
function remedyFor({ spec }: OpenTable, column: string): string {
  return spec.format === 'generic' ? `: --attribute ${column}=${column} carries one along` : '';
}

/** Columns that no field names, those left out by which rows are claimed. */
function columnsLeft({ spec, table }: OpenTable): string[] {
  const { payload, key, type, priority, attempts, enqueuedAt, notBefore, attributes = {}, claim } = spec;
  const fields = [
    payload,
    key,
    type,
    priority,
    attempts,
    enqueuedAt,
    notBefore,
    ...Object.values(attributes),
  ];
  const carried = [...spec.id, ...fields].filter((text) => text !== undefined);
  const claiming = claim ? [...Object.keys(claim.set), ...Object.keys(claim.release)] : [];
  const named = (name: string): boolean =>
    carried.some((text) => text === name || wordsOf(text).has(name)) || claiming.includes(name);
  return [...table.columns.keys()].filter((name) => !named(name));
}

function wordsOf(sql: string): Set<string> {
  return new Set(sql.match(/[A-Za-z_][\w$]*/g) ?? []);
}
