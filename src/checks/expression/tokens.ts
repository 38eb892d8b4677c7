import { expressionError } from './error.ts';
import { parseQuantity, QUANTITY, type Unit } from './numbers.ts';

/** One word or sign of an expression. */
export type Token =
  | { kind: 'number'; at: number; text: string; value: number; unit: Unit | null }
  | { kind: 'string'; at: number; text: string; value: string }
  | { kind: 'word'; at: number; text: string }
  | { kind: 'sign'; at: number; text: string }
  | { kind: 'end'; at: number; text: '' };

const BLANK = /\s+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/y;
const SIGN = /<=|>=|==|!=|[<>()+\-*/]/y;
/** What other languages write. */
const FOREIGN: Record<string, string> = { '&&': 'and', '||': 'or', '=': '==', '!': 'not', '<>': '!=' };
const FOREIGN_SIGN = /&&|\|\||<>|=|!(?!=)/y;

/** Cuts a text into tokens; the last one is the end. Throws where something in it can be no part of an expression. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const blank = match(BLANK, text, at);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push(token);
    at += token.text.length;
  }
  return [...tokens, { kind: 'end', at: text.length, text: '' }];
}

function tokenAt(text: string, at: number): Token {
  if (text[at] === "'" || text[at] === '"') return stringAt(text, at);
  const number = match(QUANTITY, text, at);
  if (number !== undefined) return numberAt(text, at, number);
  const word = match(WORD, text, at);
  if (word !== undefined) return { kind: 'word', at, text: word };
  const foreign = match(FOREIGN_SIGN, text, at);
  if (foreign !== undefined && match(SIGN, text, at)?.length !== 2) {
    throw expressionError(text, at, `${foreign} is not known`, `write ${FOREIGN[foreign]}`);
  }
  const sign = match(SIGN, text, at);
  if (sign !== undefined) return { kind: 'sign', at, text: sign };
  const [character] = text.slice(at);
  throw expressionError(text, at, `${JSON.stringify(character)} can be no part of an expression`);
}

function numberAt(text: string, at: number, written: string): Token {
  const quantity = parseQuantity(written);
  if (quantity) return { kind: 'number', at, text: written, ...quantity };
  throw expressionError(
    text,
    at,
    `${written} is no number`,
    'numbers are such as 10, 1.5, 10ms, 2s, 5m, 1h30m, 20%, 64KB, 1.5GiB and 1000/s',
  );
}

function stringAt(text: string, at: number): Token {
  const quote = text[at]!;
  let value = '';
  for (let next = at + 1; next < text.length; next += 1) {
    const character = text[next]!;
    if (character === quote) return { kind: 'string', at, text: text.slice(at, next + 1), value };
    if (character !== '\\') {
      value += character;
      continue;
    }
    next += 1;
    if (!['\\', "'", '"'].includes(text[next] ?? '')) {
      throw expressionError(text, next - 1, 'a \\ stands before a quote or another \\ only', 'write \\\\');
    }
    value += text[next];
  }
  throw expressionError(text, at, `the text that begins here does not end`, `close it with ${quote}`);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
