import { StringDecoder } from 'node:string_decoder';

/**
 * A key: a character as it is, or `up`, `down`, `left`, `right`, `home`, `end`, `pageup`, `pagedown`, `enter`,
 * `escape`, `tab`, `backtab`, `backspace`, `ctrl-c` and so on.
 */
export type Key = string;

const CONTROLS: Record<string, Key> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
};
const LETTERS: Record<string, Key> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  Z: 'backtab',
};
const NUMBERS: Record<string, Key> = { 1: 'home', 4: 'end', 5: 'pageup', 6: 'pagedown', 7: 'home', 8: 'end' };

// A sequence of VT terminals, whatever it means: those that are not known must not be taken for letters.
const SEQUENCE = /^\x1b(?:\[([\x30-\x3f]*)[\x20-\x2f]*([\x40-\x7e])|O([\x40-\x7e]))/;
const UNFINISHED = /^\x1b(?:\[[\x20-\x3f]*|O)?$/;

/** Makes keys of what a terminal in raw mode sends; a sequence may come in pieces. */
export class KeyReader {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** Whether what came last may be the beginning of more: a lone Escape is known by what does not follow. */
  get waits(): boolean {
    return this.#rest !== '';
  }

  read(chunk: Buffer): Key[] {
    this.#rest += this.#decoder.write(chunk);
    const keys: Key[] = [];
    while (this.#rest !== '' && !UNFINISHED.test(this.#rest)) {
      const [key, length] = firstKey(this.#rest);
      this.#rest = this.#rest.slice(length);
      if (key !== undefined) keys.push(key);
    }
    return keys;
  }

  /** Nothing more has come for a while. */
  flush(): Key[] {
    const [first] = this.#rest;
    this.#rest = '';
    return first === '\x1b' ? ['escape'] : [];
  }
}

function firstKey(text: string): [key: Key | undefined, length: number] {
  const sequence = SEQUENCE.exec(text);
  if (sequence) return [sequenceKey(sequence), sequence[0].length];
  const char = String.fromCodePoint(text.codePointAt(0)!);
  if (char === '\x1b') return ['escape', 1];
  if (CONTROLS[char]) return [CONTROLS[char], 1];
  const code = char.codePointAt(0)!;
  if (code < 0x20) return [`ctrl-${String.fromCharCode(code + 0x60)}`, 1];
  return [code >= 0x80 && code < 0xa0 ? undefined : char, char.length];
}

/** With a modifier (`1;5A`) it is the same key. */
function sequenceKey([, numbers = '', letter, application]: RegExpExecArray): Key | undefined {
  const last = application ?? letter!;
  return last === '~' ? NUMBERS[numbers.split(';')[0]!] : LETTERS[last];
}
