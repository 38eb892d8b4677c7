const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Splits bytes at line feeds, a carriage return before one included; the last line may lack its end.
 * Unlike Node's readline it takes no other character for the end of a line.
 *
 * @param tooLong the error for a line that grows beyond `most` bytes
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  most: number,
  tooLong: () => Error,
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      yield withoutReturn(Buffer.concat([...parts, chunk.subarray(from, at)]));
      [parts, length, from] = [[], 0, at + 1];
    }
    parts.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > most) throw tooLong();
  }
  if (length > 0) yield withoutReturn(Buffer.concat(parts));
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
