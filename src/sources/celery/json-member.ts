/**
 * Where the value of a member stands in the text of a JSON object: from its first character to the one behind
 * it. The text must be well-formed, and the member its own, not one of an object in it. Of several members of
 * that name it is the last, as for `JSON.parse`.
 */
export function memberSpan(json: string, name: string): [from: number, to: number] | undefined {
  let found: [number, number] | undefined;
  let depth = 0;
  let key: string | undefined;
  let from = 0;
  for (let at = 0; at < json.length; at += 1) {
    const char = json[at]!;
    if (char === '"') {
      const end = stringEnd(json, at);
      if (depth === 1 && key === undefined) key = JSON.parse(json.slice(at, end)) as string;
      at = end - 1;
    } else if (char === ':' && depth === 1) from = at + 1;
    else if (depth === 1 && (char === ',' || char === '}')) {
      if (key === name) found = trimmed(json, from, at);
      key = undefined;
    }
    if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
  }
  return found;
}

/** Behind the quote that ends a string. */
function stringEnd(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); ; at = json.indexOf('"', at + 1)) {
    let slashes = 0;
    while (json[at - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
}

function trimmed(json: string, from: number, to: number): [number, number] {
  const value = json.slice(from, to);
  const start = from + value.length - value.trimStart().length;
  return [start, start + value.trim().length];
}
