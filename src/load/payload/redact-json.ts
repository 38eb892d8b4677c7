import { alikeEscaped, alikeNumber } from './shape.ts';

/** An object or a list around the place that is looked at. */
interface Around {
  list: boolean;
  /** Of the field or the element that is looked at. */
  name: string;
  index: number;
  /** The next string is the name of a field. */
  atName: boolean;
}

/**
 * Replaces the strings and numbers of a JSON text where they stand, so that its blanks, the order of its fields and the
 * way its numbers are written stay.
 *
 * @param text JSON that has been parsed before
 * @param keep see `redact`
 */
export function redactJson(text: string, keep: readonly string[], random: () => number): string {
  return new JsonRedaction(text, keep, random).run();
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Keeps a stack of its own: a body may be nested deeper than functions can be. */
class JsonRedaction {
  readonly #text: string;
  readonly #keep: readonly string[][];
  readonly #random: () => number;
  readonly #around: Around[] = [];
  readonly #out: string[] = [];
  #at = 0;

  constructor(text: string, keep: readonly string[], random: () => number) {
    this.#text = text;
    this.#keep = keep.map((path) => path.split('.'));
    this.#random = random;
  }

  run(): string {
    while (this.#at < this.#text.length) this.#step(this.#text[this.#at]!);
    return this.#out.join('');
  }

  #step(char: string): void {
    const around = this.#around.at(-1);
    if (char === '"') this.#string(around);
    else if (char === '{' || char === '[') this.#open(char === '[');
    else if (/[-\d]/.test(char)) this.#number();
    else {
      if (char === '}' || char === ']') this.#around.pop();
      else if (char === ',') next(around!);
      this.#copy(this.#at + 1);
    }
  }

  #open(list: boolean): void {
    if (this.#isKept()) this.#copy(endOfContainer(this.#text, this.#at));
    else {
      this.#around.push({ list, name: '0', index: 0, atName: !list });
      this.#copy(this.#at + 1);
    }
  }

  #string(around: Around | undefined): void {
    const end = endOfString(this.#text, this.#at);
    if (around?.atName) {
      around.name = JSON.parse(this.#text.slice(this.#at, end));
      around.atName = false;
      this.#copy(end);
    } else if (this.#isKept()) this.#copy(end);
    else this.#put(`"${alikeEscaped(this.#text.slice(this.#at + 1, end - 1), this.#random)}"`, end);
  }

  #number(): void {
    NUMBER.lastIndex = this.#at;
    const [written] = NUMBER.exec(this.#text)!;
    const end = this.#at + written.length;
    if (this.#isKept()) this.#copy(end);
    else this.#put(alikeNumber(written, this.#random), end);
  }

  /** Whether the value that begins here stands at a path that is kept. */
  #isKept(): boolean {
    const around = this.#around;
    return this.#keep.some(
      (path) =>
        path.length === around.length && path.every((part, at) => part === '*' || part === around[at]!.name),
    );
  }

  #copy(end: number): void {
    this.#put(this.#text.slice(this.#at, end), end);
  }

  #put(instead: string, end: number): void {
    this.#out.push(instead);
    this.#at = end;
  }
}

function next(around: Around): void {
  around.index += 1;
  if (around.list) around.name = String(around.index);
  else around.atName = true;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfContainer(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const char = text[at]!;
    if (char === '"') at = endOfString(text, at);
    else {
      if (char === '{' || char === '[') depth += 1;
      else if (char === '}' || char === ']') depth -= 1;
      at += 1;
    }
  } while (depth > 0);
  return at;
}
