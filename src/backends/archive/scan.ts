import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { HEAD_BYTES, OWN_START, readHead } from './member.ts';

const unpack = promisify(gunzip) as (data: Buffer) => Promise<Buffer>;

/** How far an archive is whole. */
export interface ArchiveScan {
  /** Messages in whole members, those that stand in it twice included. */
  messages: number;
  /** Where the last whole member ends. */
  wholeBytes: number;
  /** What stands behind it: a member that a crash has cut off, or no member at all. */
  restBytes: number;
  /** Bytes of the first member; 0 where there is none. */
  firstBytes: number;
}

/**
 * Walks through the members of an archive by their heads, and unpacks the last one alone: every other
 * one was on the disk before the next was begun.
 *
 * @returns undefined where the file is not empty and holds anything but members of qctl's, and a last
 * one that was cut off or whose blocks never reached the disk
 */
export async function scanArchive(file: FileHandle): Promise<ArchiveScan | undefined> {
  const { size } = await file.stat();
  const scan: ArchiveScan = { messages: 0, wholeBytes: 0, restBytes: 0, firstBytes: 0 };
  for (;;) {
    const head = await headAt(file, scan.wholeBytes);
    const end = scan.wholeBytes + (head?.bytes ?? 0);
    if (!head || end > size) break;
    if (end === size && !(await isSound(file, scan.wholeBytes, head.bytes))) break;
    scan.firstBytes ||= head.bytes;
    scan.messages += head.count;
    scan.wholeBytes = end;
  }
  scan.restBytes = size - scan.wholeBytes;
  return scan.restBytes === 0 || (await isTorn(file, scan.wholeBytes, scan.restBytes)) ? scan : undefined;
}

/** Whether the rest may be a member that was being written: it begins as one, or is empty blocks. */
async function isTorn(file: FileHandle, at: number, rest: number): Promise<boolean> {
  const length = Math.min(rest, HEAD_BYTES);
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, at);
  if (buffer.every((byte) => byte === 0)) return true;
  if (length === HEAD_BYTES) return readHead(buffer) !== undefined;
  return OWN_START.subarray(0, length).equals(buffer.subarray(0, OWN_START.length));
}

async function headAt(file: FileHandle, at: number) {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, at);
  return bytesRead === HEAD_BYTES ? readHead(buffer) : undefined;
}

async function isSound(file: FileHandle, at: number, bytes: number): Promise<boolean> {
  return (await unpackAt(file, at, bytes)) !== undefined;
}

/** The lines of one member; undefined where it is damaged. */
export async function unpackAt(file: FileHandle, at: number, bytes: number): Promise<Buffer | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
  if (bytesRead < bytes) return undefined;
  return unpack(buffer).catch(() => undefined);
}
