const LINE_END = 10;
const BULK = 36; // $
const ERROR = 45; // -

/** Reads the replies of calls that give a short text or an error, however they are cut into pieces. */
export class ReplyReader {
  readonly #onReply: (error: string | undefined) => void;
  #rest: Buffer | undefined;
  /** The line to come is the value of a bulk text. */
  #inBulk = false;

  /** @param onReply called in order, with the text of an error */
  constructor(onReply: (error: string | undefined) => void) {
    this.#onReply = onReply;
  }

  read(piece: Buffer): void {
    const data = this.#rest ? Buffer.concat([this.#rest, piece]) : piece;
    let from = 0;
    for (let end = data.indexOf(LINE_END, from); end >= 0; end = data.indexOf(LINE_END, from)) {
      this.#line(data, from, end);
      from = end + 1;
    }
    this.#rest = from < data.length ? data.subarray(from) : undefined;
  }

  #line(data: Buffer, from: number, end: number): void {
    if (this.#inBulk) {
      this.#inBulk = false;
      this.#onReply(undefined);
    } else if (data[from] === BULK) this.#inBulk = true;
    else this.#onReply(data[from] === ERROR ? data.toString('latin1', from + 1, end - 1) : undefined);
  }
}
