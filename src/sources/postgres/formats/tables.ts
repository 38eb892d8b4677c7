import { QctlError } from '../../../errors.ts';
import type { FoundQueue, QueueFormat } from './format.ts';

/** Types of the columns of the queue's table, as `detect` has noted them: `facts.columns`. */
export function notedColumns(found: FoundQueue): Record<string, string> {
  return found.facts.columns as Record<string, string>;
}

/**
 * Refuses tables whose shape is not understood, where no number says their version.
 *
 * @param what in which way it is not
 */
export function unknownShape(
  { title, versions }: Pick<QueueFormat, 'title' | 'versions'>,
  found: FoundQueue,
  what: string,
  remedy: string,
): QctlError {
  return new QctlError(
    'refused',
    `the tables of ${title} in schema ${found.schema} are of a version that is not understood: ${what}`,
    {
      code: 'UNKNOWN_FORMAT_VERSION',
      hint: [`understood are: ${versions}`, remedy],
      details: { found: found.version, schema: found.schema },
    },
  );
}

/** Those of `needed` that the table has not. */
export function missingColumns(columns: Record<string, string>, needed: string[]): string[] {
  return needed.filter((name) => !(name in columns));
}

/**
 * Columns that an application or a plugin has added, as attributes of the same name: what qctl does not
 * know it carries all the same.
 */
export function addedColumns(columns: Record<string, string>, known: string[]): Record<string, string> {
  const added = Object.keys(columns).filter((name) => !known.includes(name));
  return Object.fromEntries(added.map((name) => [name, name]));
}
