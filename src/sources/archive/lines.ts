import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { parseHeadLine } from '../../backends/archive/index.ts';
import { QctlError } from '../../errors.ts';
import { splitLines } from '../../model/lines.ts';
import type { Message } from '../../model/message.ts';
import { messageFromJson } from '../../model/message-json.ts';

const CHUNK_BYTES = 1 << 18;
const MOST_LINE_BYTES = 500_000_000;

/** A file of archived messages, opened: as qctl wrote it, or unpacked, or packed anew by other programs. */
export interface ArchiveFile {
  path: string;
  file: FileHandle;
  compressed: boolean;
  /** How much of it is whole. */
  bytes: number;
}

/**
 * The messages of an archive in their order, those that stand in it twice included.
 *
 * @throws QctlError `refused` ARCHIVE_BAD_LINE with the number of the first line that is no message;
 * `source` ARCHIVE_UNREADABLE where the file is damaged
 */
export async function* readMessages(archive: ArchiveFile): AsyncGenerator<Message> {
  const { path } = archive;
  let line = 0;
  for await (const bytes of readLines(archive)) {
    line += 1;
    if (bytes.length === 0) continue;
    const message = parseLine(bytes);
    if (message === 'head') continue;
    if (!message) throw badLine(`line ${line} of ${path}`, 'is no message');
    yield message;
  }
}

/** The lines themselves. */
export function readLines({ path, file, compressed, bytes }: ArchiveFile): AsyncGenerator<Buffer> {
  const chunks = chunksOf(file, bytes);
  const tooLong = () => badLine(`a line of ${path}`, `is longer than ${MOST_LINE_BYTES} bytes`);
  return translated(path, splitLines(compressed ? unpacked(chunks) : chunks, MOST_LINE_BYTES, tooLong));
}

function parseLine(bytes: Buffer): Message | 'head' | undefined {
  const text = bytes.toString('utf8');
  try {
    const value = JSON.parse(text) as { type?: unknown; message?: unknown };
    if (value.type === 'message') return messageFromJson(value.message);
    return parseHeadLine(text) && 'head';
  } catch {
    return undefined;
  }
}

function unpacked(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // What goes wrong comes out at the other end.
  pipeline(chunks, gunzip).catch(() => undefined);
  return gunzip;
}

async function* chunksOf(file: FileHandle, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes; ) {
    const wanted = Math.min(CHUNK_BYTES, bytes - at);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function* translated(path: string, lines: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* lines;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!code.startsWith('Z_') && !(error as NodeJS.ErrnoException).syscall) throw error;
    throw new QctlError(
      'source',
      `cannot read ${path}: ${code.startsWith('Z_') ? 'its compressed data is damaged' : code}`,
      {
        code: 'ARCHIVE_UNREADABLE',
        hint: ['what could be read is in the stream; the same command goes on once the file is whole again'],
        details: { path },
        cause: error,
      },
    );
  }
}

function badLine(where: string, what: string): QctlError {
  return new QctlError('refused', `${where} ${what}`, {
    code: 'ARCHIVE_BAD_LINE',
    hint: ['an archive is what --archive has written, whole', 'mend the line or take it out'],
    details: { where },
  });
}
