/**
 * JSON with line breaks and two spaces a level. Numbers, names and their order stay letter for letter as they were:
 * parsing would round great numbers and lose repeated names. Undefined where the text is no JSON.
 */
export function reindent(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const parts: string[] = [];
  let level = 0;
  const line = (): string => `\n${'  '.repeat(Math.min(level, DEEPEST))}`;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{}' || token === '[]' || /^[{[]\s+[}\]]$/.test(token))
      parts.push(token[0]! + token.at(-1));
    else if (token === '{' || token === '[') {
      level += 1;
      parts.push(token, line());
    } else if (token === '}' || token === ']') {
      level -= 1;
      parts.push(line(), token);
    } else if (token === ',') parts.push(token, line());
    else if (token === ':') parts.push(': ');
    else parts.push(token);
  }
  return parts.join('');
}

const TOKENS = /"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Deeper levels stand no further to the right: hostile nesting must not take all memory. */
const DEEPEST = 40;
