import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isQctlError, QctlError } from '../../src/errors.ts';
import type { Context } from '../context.ts';

/** An export that can be read as often as one likes. */
export interface ImportInput {
  /** For people. */
  name: string;
  /** Its content, uncompressed, from the start. */
  open(): AsyncIterable<Buffer>;
}

/**
 * Opens a file, `-` being stdin. What cannot be read twice is kept in a temporary file, for the eyes of
 * this user alone, until the process has ended.
 */
export async function openInput(context: Context, path: string): Promise<ImportInput> {
  const name = path === '-' ? 'stdin' : path;
  try {
    const file = path === '-' ? await spool(context, context.io.stdin.stream) : await openFile(context, path);
    return { name, open: () => contentOf(file, name) };
  } catch (error) {
    throw cannotRead(name, error);
  }
}

async function openFile(context: Context, path: string): Promise<FileHandle> {
  const file = await open(path, 'r');
  context.onCleanup(() => file.close());
  const info = await file.stat();
  if (info.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  return info.isFile() ? file : spool(context, bytesOf(file, false));
}

async function spool(context: Context, from: AsyncIterable<Buffer>): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-import-'));
  const file = await open(join(folder, 'lines'), 'w+', 0o600);
  context.onCleanup(() => file.close());
  // It is read by way of its handle: without a name it is gone even after kill -9.
  await rm(folder, { recursive: true, force: true });
  for await (const chunk of from) {
    context.signal.throwIfAborted();
    await file.writeFile(chunk);
  }
  return file;
}

async function* contentOf(file: FileHandle, name: string): AsyncGenerator<Buffer> {
  const { buffer: head } = await file.read(Buffer.alloc(2), 0, 2, 0);
  const compressed = head[0] === 0x1f && head[1] === 0x8b;
  try {
    yield* compressed ? uncompressed(file) : bytesOf(file, true);
  } catch (error) {
    throw cannotRead(name, error);
  }
}

function uncompressed(file: FileHandle): AsyncIterable<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // What goes wrong comes out at the other end.
  pipeline(bytesOf(file, true), gunzip).catch(() => undefined);
  return gunzip;
}

const CHUNK_BYTES = 1 << 18;

/** @param fromStart false reads on from where the file stands, as a pipe must be read */
async function* bytesOf(file: FileHandle, fromStart: boolean): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, fromStart ? at : null);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

function cannotRead(name: string, error: unknown): unknown {
  if (isQctlError(error) || !(error instanceof Error)) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!/^(?:E[A-Z]+|Z_[A-Z_]+)$/.test(code)) return error;
  const damaged = code.startsWith('Z_');
  const why = damaged ? 'its compressed data is damaged or cut off' : code;
  return new QctlError('failed', `cannot read ${name}: ${why}`, {
    code: 'IMPORT_UNREADABLE',
    hint: [damaged ? 'export it again' : 'check the name, and that you may read it'],
    details: { file: name },
    cause: error,
  });
}
