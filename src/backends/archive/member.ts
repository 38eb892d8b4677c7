import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';

const deflate = promisify(deflateRaw) as (data: Buffer) => Promise<Buffer>;

/** Bytes of a member's head: gzip's own ten, the length of the extra field, and the extra field. */
export const HEAD_BYTES = 24;
/** What every member begins with: gzip, deflate, an extra field. */
export const OWN_START = Buffer.from([0x1f, 0x8b, 8, 4]);
const TRAILER_BYTES = 8;
const EXTRA_BYTES = 12;

/** One member of an archive, as its head tells. */
export interface MemberHead {
  /** Of the whole member, head and trailer included. */
  bytes: number;
  /** Messages in it. */
  count: number;
}

/**
 * Packs lines into a gzip member of their own, which any gunzip reads. Its length stands in the head
 * (extra field `QC`), so that an archive is walked through without being unpacked, and a member that a
 * crash has cut off is known as such.
 */
export async function packMember(lines: Buffer, count: number): Promise<Buffer> {
  const packed = await deflate(lines);
  const bytes = HEAD_BYTES + packed.length + TRAILER_BYTES;
  const head = Buffer.alloc(HEAD_BYTES);
  head.set(OWN_START);
  head[9] = 0xff;
  head.writeUInt16LE(EXTRA_BYTES, 10);
  head.write('QC', 12, 'latin1');
  head.writeUInt16LE(EXTRA_BYTES - 4, 14);
  head.writeUInt32LE(bytes, 16);
  head.writeUInt32LE(count, 20);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(crc32(lines), 0);
  trailer.writeUInt32LE(lines.length % 2 ** 32, 4);
  return Buffer.concat([head, packed, trailer], bytes);
}

/** What a member's head says; undefined where the bytes are no head that {@link packMember} wrote. */
export function readHead(head: Buffer): MemberHead | undefined {
  const own =
    head.length >= HEAD_BYTES &&
    head.subarray(0, OWN_START.length).equals(OWN_START) &&
    head.readUInt16LE(10) === EXTRA_BYTES &&
    head.toString('latin1', 12, 14) === 'QC';
  return own ? { bytes: head.readUInt32LE(16), count: head.readUInt32LE(20) } : undefined;
}
