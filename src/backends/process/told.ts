const LINE_FEED = 0x0a;

/** Keeps the first bytes of an output. */
export class Head {
  readonly #most: number;
  readonly #parts: Buffer[] = [];
  #length = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  add(chunk: Buffer): void {
    const room = this.#most - this.#length;
    if (room <= 0) return;
    const part = Buffer.from(chunk.subarray(0, room));
    this.#parts.push(part);
    this.#length += part.length;
  }

  /** Without a character of which only the beginning fitted in. */
  text(): string {
    const bytes = Buffer.concat(this.#parts);
    const cut = bytes.length === this.#most;
    // A decoder that is told that more follows keeps an unfinished character to itself.
    return new TextDecoder().decode(bytes, { stream: cut });
  }
}

/** Keeps the last bytes of several outputs together, line by line, so that no line runs into another. */
export class Tail {
  readonly #most: number;
  readonly #open = new Map<string, Buffer>();
  #lines: Buffer = Buffer.alloc(0);

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  add(output: string, chunk: Buffer): void {
    const bytes = Buffer.concat([this.#open.get(output) ?? Buffer.alloc(0), chunk]);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    this.#keep(bytes.subarray(0, end));
    // More than is shown tells a line that was cut from one that just fits, also where blanks at its end go.
    this.#open.set(output, Buffer.from(bytes.subarray(end).subarray(-2 * this.#most)));
  }

  /** Valid UTF-8 of no more bytes than asked for, without the line feed at its end. */
  text(): string {
    for (const bytes of this.#open.values()) {
      if (bytes.length > 0) this.#keep(Buffer.concat([bytes, Buffer.from('\n')]));
    }
    this.#open.clear();
    return lastLines(this.#lines.toString('utf8').trimEnd(), this.#most);
  }

  #keep(lines: Buffer): void {
    if (lines.length === 0) return;
    this.#lines = Buffer.from(Buffer.concat([this.#lines, lines]).subarray(-2 * this.#most));
  }
}

/**
 * The last whole lines of a text that fit; of a line that is too long for itself, its end, from a whole word on
 * where it has words.
 *
 * @param most in bytes
 */
export function lastLines(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  const from = bytes.length - most;
  const lineFeed = bytes.indexOf(LINE_FEED, from - 1);
  if (lineFeed >= 0 && lineFeed < bytes.length - 1) return bytes.toString('utf8', lineFeed + 1);
  // 10xxxxxx goes on with a character that began before.
  const begin = bytes.findIndex((byte, at) => at >= from && (byte & 0xc0) !== 0x80);
  const end = bytes.toString('utf8', begin);
  const cutWord = !/\s/.test(text.charAt(text.length - end.length - 1));
  const words = cutWord ? end.slice(end.search(/\s/) + 1) : end;
  return words.trim() === '' ? end : words;
}
