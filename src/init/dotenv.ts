/** The variables of a `.env` file, as those who read such files understand it. What is no assignment is passed over. */
export function parseDotenv(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name, rest] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) found[name] = textOf(rest!);
  }
  return found;
}

/** In quotes to their end, else up to a comment. */
function textOf(text: string): string {
  const [, single] = /^'([^']*)'/.exec(text) ?? [];
  if (single !== undefined) return single;
  const [, double] = /^"((?:\\.|[^"\\])*)"/.exec(text) ?? [];
  if (double !== undefined)
    return double.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
  return text.replace(/(^|\s)#.*$/, '').trim();
}
