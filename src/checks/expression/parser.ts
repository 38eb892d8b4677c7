import { findSimilar } from '../../config/similar.ts';
import { shortList } from '../../model/short-list.ts';
import { expressionError } from './error.ts';
import { type Token, tokensOf } from './tokens.ts';
import { COMPARISONS, FUNCTIONS, type FunctionName, type Node, type Operator } from './tree.ts';

const MOST_CHARACTERS = 1000;
/** More names than that are no help. */
const MOST_LISTED = 12;
const MOST_NESTED = 50;
const WORDS = ['and', 'or', 'not', 'true', 'false', 'null'] as const;
const LITERALS: Record<string, boolean | null> = { true: true, false: false, null: null };

/** From the loosest to the tightest. */
const LEVELS: readonly (readonly Operator[])[] = [
  ['+', '-'],
  ['*', '/'],
];

/** Reads an expression by recursive descent. */
export class ExpressionParser {
  readonly #text: string;
  readonly #names: readonly string[];
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string, names: readonly string[]) {
    if (text.length > MOST_CHARACTERS) {
      throw expressionError(text, MOST_CHARACTERS, `it is longer than ${MOST_CHARACTERS} characters`);
    }
    this.#text = text;
    this.#names = names;
    this.#tokens = tokensOf(text);
  }

  /** The whole text. */
  parse(): Node {
    const node = this.#or();
    if (this.#token.kind !== 'end') throw this.#unexpected('and, or or the end', ['and', 'or']);
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #take<T extends string>(texts: readonly T[]): (Token & { text: T }) | undefined {
    const token = this.#token;
    if (token.kind !== 'sign' && token.kind !== 'word') return undefined;
    if (!(texts as readonly string[]).includes(token.text)) return undefined;
    this.#next += 1;
    return token as Token & { text: T };
  }

  #or(): Node {
    return this.#chain(['or'], () => this.#chain(['and'], () => this.#not()));
  }

  #chain(operators: readonly Operator[], operand: () => Node): Node {
    let left = operand();
    for (let sign = this.#take(operators); sign; sign = this.#take(operators)) {
      left = { kind: 'binary', at: sign.at, operator: sign.text, left, right: operand() };
    }
    return left;
  }

  #not(): Node {
    const sign = this.#take(['not']);
    if (!sign) return this.#comparison();
    return { kind: 'not', at: sign.at, of: this.#deeper(sign, () => this.#not()) };
  }

  #comparison(): Node {
    const left = this.#sum();
    const sign = this.#take(COMPARISONS);
    if (!sign) return left;
    const node: Node = { kind: 'binary', at: sign.at, operator: sign.text, left, right: this.#sum() };
    const second = this.#take(COMPARISONS);
    if (!second) return node;
    const hint = 'write two comparisons: value >= 10 and value <= 20';
    throw expressionError(this.#text, second.at, 'one comparison cannot follow another', hint);
  }

  #sum(level = 0): Node {
    const operators = LEVELS[level];
    return operators ? this.#chain(operators, () => this.#sum(level + 1)) : this.#unary();
  }

  #unary(): Node {
    const sign = this.#take(['-']);
    if (!sign) return this.#atom();
    return { kind: 'minus', at: sign.at, of: this.#deeper(sign, () => this.#unary()) };
  }

  #atom(): Node {
    const token = this.#token;
    if (this.#take(['('])) return this.#enclosed(token);
    if (token.kind === 'end' || token.kind === 'sign') throw this.#unexpected('a name, a number or a text');
    this.#next += 1;
    const { at } = token;
    if (token.kind === 'number') {
      return { kind: 'number', at, value: token.value, text: token.text, unit: token.unit };
    }
    if (token.kind === 'string') return { kind: 'literal', at, value: token.value };
    if (Object.hasOwn(LITERALS, token.text)) return { kind: 'literal', at, value: LITERALS[token.text]! };
    return this.#named(token);
  }

  #named({ at, text }: Token): Node {
    const called = FUNCTIONS.find((name) => name === text);
    if (called) return this.#call(called, at);
    if (this.#names.includes(text)) return { kind: 'name', at, name: text };
    const known = [...this.#names, ...FUNCTIONS];
    const similar = findSimilar(text, [...known, ...WORDS]);
    const problem = `expected ${known.length > MOST_LISTED ? shortList(known) : listed(known)}, got ${text}`;
    // A text in quotes is what nobody thinks of.
    const hint = similar ? `did you mean ${similar}?` : `a text stands in quotes: '${text}'`;
    throw expressionError(this.#text, at, problem, hint);
  }

  #call(name: FunctionName, at: number): Node {
    const opening = this.#token;
    if (!this.#take(['('])) throw this.#unexpected(`( after ${name}`);
    return { kind: 'call', at, name, of: this.#enclosed(opening) };
  }

  #enclosed(opening: Token): Node {
    const node = this.#deeper(opening, () => this.#or());
    if (!this.#take([')'])) throw this.#unexpected(') or an operator', ['and', 'or']);
    return node;
  }

  #deeper(token: Token, read: () => Node): Node {
    this.#depth += 1;
    if (this.#depth > MOST_NESTED) {
      throw expressionError(this.#text, token.at, `it is nested deeper than ${MOST_NESTED}`);
    }
    const node = read();
    this.#depth -= 1;
    return node;
  }

  #unexpected(expected: string, words: readonly string[] = []): Error {
    const { at, kind, text } = this.#token;
    const got = kind === 'end' ? 'it ends' : `got ${text}`;
    const similar = kind === 'word' ? findSimilar(text, words) : undefined;
    return expressionError(
      this.#text,
      at,
      `expected ${expected}, ${got}`,
      similar && `did you mean ${similar}?`,
    );
  }
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
