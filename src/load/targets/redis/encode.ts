import type { Outgoing } from '../target.ts';

/** Writes XADD calls of one stream as the protocol wants them, without a step in between. */
export class XaddEncoder {
  readonly #plain: Buffer;
  readonly #keyed: Buffer;

  constructor(stream: string) {
    const name = bulk(Buffer.from(stream));
    const head = (parts: number) =>
      Buffer.concat([
        Buffer.from(`*${parts}\r\n$4\r\nXADD\r\n`),
        name,
        Buffer.from('$1\r\n*\r\n$2\r\nid\r\n'),
      ]);
    this.#plain = head(7);
    this.#keyed = head(9);
  }

  /** Bytes that {@link XaddEncoder.write} takes at most. */
  sizeOf({ id, key, body }: Outgoing): number {
    return this.#keyed.length + id.length + body.length + (key === null ? 0 : key.length * 3) + 80;
  }

  /** @returns where the next one begins */
  write({ id, key, body }: Outgoing, into: Buffer, from: number): number {
    let at = from;
    at += (key === null ? this.#plain : this.#keyed).copy(into, at);
    at += into.write(`$${id.length}\r\n${id}\r\n$4\r\nbody\r\n$${body.length}\r\n`, at, 'latin1');
    at += body.copy(into, at);
    at += into.write('\r\n', at, 'latin1');
    if (key !== null) at += into.write(`$3\r\nkey\r\n$${Buffer.byteLength(key)}\r\n${key}\r\n`, at);
    return at;
  }
}

function bulk(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')]);
}

/** One call, a word after the other. */
export function encodeCall(words: readonly (string | number | Buffer)[]): Buffer {
  if (words.some(Buffer.isBuffer)) {
    const all = words.map((word) => bulk(Buffer.isBuffer(word) ? word : Buffer.from(`${word}`)));
    return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...all]);
  }
  const texts = words.map((word) => `$${Buffer.byteLength(`${word}`)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${texts.join('')}`);
}
