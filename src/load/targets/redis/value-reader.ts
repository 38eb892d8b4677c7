const [CR, MINUS, ZERO] = [13, 45, 48];
const [TEXT, ERROR, NUMBER, BULK, ARRAY] = [43, 45, 58, 36, 42];

/** Where reading has come to in what has arrived so far. */
interface Place {
  data: Buffer;
  at: number;
}

/** Thrown where more bytes are needed: so many at least in all, as far as is known. */
class Incomplete {
  readonly bytes: number;

  constructor(bytes: number) {
    this.bytes = bytes;
  }
}

/** Reads replies in the protocol RESP2, however they are cut into pieces. An error of the server is an Error. */
export class ValueReader {
  readonly #onValue: (value: unknown) => void;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #needed = 0;

  /** @param onValue called in order. Bytes of texts belong to the piece that they came with */
  constructor(onValue: (value: unknown) => void) {
    this.#onValue = onValue;
  }

  read(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    // A long reply is not put together anew with each of its pieces.
    if (this.#bytes < this.#needed) return;
    const data = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    const place = { data, at: 0 };
    let from = 0;
    this.#needed = 0;
    try {
      for (; from < data.length; from = place.at) this.#onValue(valueAt(place));
    } catch (error) {
      if (!(error instanceof Incomplete)) throw error;
      this.#needed = error.bytes - from;
    }
    this.#pieces = from < data.length ? [data.subarray(from)] : [];
    this.#bytes = data.length - from;
  }
}

function valueAt(place: Place): unknown {
  const kind = place.data[place.at];
  const [from, end] = [place.at + 1, lineEnd(place)];
  place.at = end + 2;
  switch (kind) {
    case BULK:
      return bulkAt(place, numberIn(place.data, from, end));
    case ARRAY:
      return arrayAt(place, numberIn(place.data, from, end));
    case NUMBER:
      return numberIn(place.data, from, end);
    case TEXT:
      return place.data.subarray(from, end);
    case ERROR:
      return new Error(place.data.toString('latin1', from, end));
    default:
      throw new Error('Protocol error, got an unknown kind of reply');
  }
}

/** Where the line's end begins, which has two bytes. */
function lineEnd({ data, at }: Place): number {
  const end = data.indexOf(CR, at);
  if (end < 0 || end + 2 > data.length) throw new Incomplete(data.length + 1);
  return end;
}

/** Without a text in between: each delivery has a dozen of them. */
function numberIn(data: Buffer, from: number, end: number): number {
  const negative = data[from] === MINUS;
  let value = 0;
  for (let at = negative ? from + 1 : from; at < end; at += 1) value = value * 10 + data[at]! - ZERO;
  return negative ? -value : value;
}

function arrayAt(place: Place, length: number): unknown[] | null {
  if (length < 0) return null;
  const values: unknown[] = [];
  for (let n = 0; n < length; n += 1) values.push(valueAt(place));
  return values;
}

function bulkAt(place: Place, length: number): Buffer | null {
  if (length < 0) return null;
  const end = place.at + length;
  if (end + 2 > place.data.length) throw new Incomplete(end + 2);
  const value = place.data.subarray(place.at, end);
  place.at = end + 2;
  return value;
}
