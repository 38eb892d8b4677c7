/*
 * How SQL writes a name and a text. These are pg's own rules, here again so that what only writes SQL, or only may
 * have to, does not load the whole of pg.
 */

/** A name of a table, a column or a function, in the quotes that make it stand for itself. */
export function escapeIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as a constant, whatever `standard_conforming_strings` says. */
export function escapeLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? ` E${quoted}` : quoted;
}
