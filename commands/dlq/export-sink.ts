import { chmod, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { QctlError } from '../../src/errors.ts';
import { usageError } from '../stream-work.ts';
import { drained } from '../term/drained.ts';
import type { Output } from '../term/io.ts';

/** Writes what comes, as fast as the reader takes it. Returns early where the reader has gone away. */
export async function writeToOutput(
  output: Output,
  chunks: AsyncIterable<Buffer>,
  binary: boolean,
): Promise<void> {
  if (binary && output.isTTY)
    throw usageError(
      'compressed data is not for a terminal',
      'GZIP_TO_TERMINAL',
      'write it to a file with --out-file, or into a pipe',
    );
  for await (const chunk of chunks) {
    if (output.closed) return;
    if (binary) output.stream.write(chunk);
    else output.write(chunk.toString('utf8'));
    await drained(output);
  }
}

/** Writes a file whole or not at all, readable by its owner alone. Returns its size in bytes. */
export async function writeToFile(path: string, chunks: AsyncIterable<Buffer>): Promise<number> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  let fileBytes = 0;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await chmod(temporary, 0o600);
      for await (const chunk of chunks) {
        await file.write(chunk);
        fileBytes += chunk.length;
      }
      // A purge may follow: the copy must be on the disk by then.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    return fileBytes;
  } catch (cause) {
    await rm(temporary, { force: true });
    throw isSystemError(cause) ? cannotWrite(path, cause) : cause;
  }
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
