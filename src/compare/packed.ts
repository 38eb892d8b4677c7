/** A record as it waits for its partner: bytes alone. */
export interface PackedRecord {
  key: string;
  position: string;
  /** Null: not known. */
  timeMs: number | null;
  isError: boolean;
  /** JSON. */
  text: Buffer;
}

const HEAD_BYTES = 4 + 1 + 8 + 4 + 4;

/** Appends nothing to the record that is not needed later; {@link unpack} is the way back. */
export function pack({ key, position, timeMs, isError, text }: PackedRecord): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const positionBytes = Buffer.byteLength(position);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + keyBytes + positionBytes + text.length);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt8(isError ? 1 : 0, 4);
  bytes.writeDoubleLE(timeMs ?? Number.NaN, 5);
  bytes.writeUInt32LE(keyBytes, 13);
  bytes.writeUInt32LE(positionBytes, 17);
  bytes.write(key, HEAD_BYTES);
  bytes.write(position, HEAD_BYTES + keyBytes);
  text.copy(bytes, HEAD_BYTES + keyBytes + positionBytes);
  return bytes;
}

/** Shares its text with the bytes. */
export function unpack(bytes: Buffer): PackedRecord {
  const timeMs = bytes.readDoubleLE(5);
  const keyEnd = HEAD_BYTES + bytes.readUInt32LE(13);
  const positionEnd = keyEnd + bytes.readUInt32LE(17);
  return {
    key: bytes.toString('utf8', HEAD_BYTES, keyEnd),
    position: bytes.toString('utf8', keyEnd, positionEnd),
    timeMs: Number.isNaN(timeMs) ? null : timeMs,
    isError: bytes.readUInt8(4) === 1,
    text: bytes.subarray(positionEnd),
  };
}

/** Packed records one after the other. */
export function* packedIn(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

/** Which part a key belongs to; with another seed it is another part. */
export function partOf(key: string, parts: number, seed: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(seed + 1, 0x9e3779b1);
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  // The low bits of the hash alone know little of the first characters.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return ((hash ^ (hash >>> 12)) >>> 0) % parts;
}
