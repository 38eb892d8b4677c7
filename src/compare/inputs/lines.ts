const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Cuts bytes into lines, all of a chunk at once: a turn of the event loop a line would take most of the time. */
export class LineCutter {
  #rest: Buffer[] = [];
  restBytes = 0;

  /** The lines that end in this chunk; they share its memory. */
  cut(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      lines.push(this.#line(chunk.subarray(from, at)));
      from = at + 1;
    }
    if (from < chunk.length) {
      this.#rest.push(chunk.subarray(from));
      this.restBytes += chunk.length - from;
    }
    return lines;
  }

  /** What stands behind the last end of a line. */
  end(): Buffer[] {
    return this.restBytes > 0 ? [this.#line(Buffer.alloc(0))] : [];
  }

  #line(end: Buffer): Buffer {
    const line = this.#rest.length > 0 ? Buffer.concat([...this.#rest, end]) : end;
    this.#rest = [];
    this.restBytes = 0;
    return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
  }
}
