import { constants } from 'node:fs';
import { access, type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { replaceWhole } from '../../src/backends/files/index.ts';
import { QctlError } from '../../src/errors.ts';

/** Where a path leads. A device or a pipe is written to; a file is replaced by a whole one. */
interface Destination {
  path: string;
  whole: boolean;
}

/**
 * Writes a file whole or not at all; a link stays one. What is no file, such as a pipe or /dev/null, is
 * written to as it is. Returns how many bytes were written. Throws `failed` OUT_FILE_FAILED.
 *
 * @param mode who may read it; default the owner alone
 */
export async function writeWhole(
  path: string,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  mode = 0o600,
): Promise<number> {
  try {
    const destination = await destinationOf(path);
    if (!destination.whole) return await writeInto(await open(destination.path, 'w'), chunks);
    return await replaceWhole(destination.path, chunks, { mode });
  } catch (cause) {
    throw isSystemError(cause) ? cannotWrite(path, cause) : cause;
  }
}

/** Like {@link writeWhole}, for a text. */
export async function writeOutFile(path: string, text: string, mode?: number): Promise<void> {
  await writeWhole(path, [Buffer.from(text)], mode);
}

/**
 * Throws `failed` OUT_FILE_FAILED where a file could not be written, before anything is done whose result
 * nobody would see then. Writes nothing.
 */
export async function requireWritableFile(path: string): Promise<void> {
  try {
    const { path: target, whole } = await destinationOf(path);
    await access(whole ? dirname(target) : target, constants.W_OK);
    if (!whole && (await stat(target)).isDirectory()) throw directory();
  } catch (cause) {
    throw isSystemError(cause) ? cannotWrite(path, cause) : cause;
  }
}

function directory(): Error {
  return Object.assign(new Error('it is a folder'), { code: 'EISDIR', syscall: 'open' });
}

async function destinationOf(path: string): Promise<Destination> {
  try {
    // The path of a pipe, /dev/stdout for one, leads nowhere that could be opened.
    if (!(await stat(path)).isFile()) return { path, whole: false };
    return { path: await realpath(path), whole: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { path: join(await realpath(dirname(path)), basename(path)), whole: true };
  }
}

async function writeInto(
  file: FileHandle,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<number> {
  let written = 0;
  try {
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      written += chunk.length;
    }
  } finally {
    await file.close();
  }
  return written;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

function cannotWrite(path: string, cause: NodeJS.ErrnoException): QctlError {
  return new QctlError('failed', `cannot write ${path}: ${cause.code}`, {
    code: 'OUT_FILE_FAILED',
    hint: ['check that the folder exists and may be written to, and that there is room'],
    details: { path },
    cause,
  });
}
