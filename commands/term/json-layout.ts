/**
 * JSON laid out over lines, two blanks a level. Only blanks and line ends between its parts are changed:
 * numbers beyond 2^53, repeated names and escapes stay as they were written. Undefined where the text is
 * no object or list of JSON, or an empty one.
 */
export function layOutJson(text: string): string | undefined {
  if (!/^\s*[{[]\s*[^\s\]}]/.test(text) || !isJson(text)) return undefined;
  // Strings, numbers and words, and the six signs between them.
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
  let out = '';
  let level = 0;
  tokens.forEach((token, at) => {
    const opens = token === '{' || token === '[';
    const closes = token === '}' || token === ']';
    const empty = /^[{[]$/.test(tokens[at - 1] ?? '') && closes;
    if (closes) level -= 1;
    if (closes && !empty) out += lineAt(level);
    out += token;
    if (opens) level += 1;
    if (token === ':') out += ' ';
    if (token === ',' || (opens && !/^[}\]]$/.test(tokens[at + 1]!))) out += lineAt(level);
  });
  return out;
}

function lineAt(level: number): string {
  return `\n${'  '.repeat(level)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
