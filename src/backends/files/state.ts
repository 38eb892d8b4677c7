import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { QctlError } from '../../errors.ts';

/** A file as it is, links followed. All null: there is none. */
export interface FileState {
  /** Hex. */
  sha256: string | null;
  /** Permission bits. */
  mode: number | null;
  uid: number | null;
  gid: number | null;
}

/** Who may do what with a file. */
export interface FileFacts {
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
}

/**
 * What a file is like at present.
 *
 * @throws QctlError `failed` NOT_A_FILE for a folder, a device or a pipe, FILE_UNREADABLE
 */
export async function fileState(path: string): Promise<FileState> {
  const facts = await fileFacts(path);
  if (!facts) return { sha256: null, mode: null, uid: null, gid: null };
  const sha256 = await sha256Of(createReadStream(path)).catch((cause) => {
    throw unreadable(path, cause);
  });
  return { sha256, ...facts };
}

/** Like {@link fileState}, without reading it; undefined where there is none. */
export async function fileFacts(path: string): Promise<FileFacts | undefined> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw unreadable(path, cause);
  });
  if (!found) return undefined;
  if (!found.isFile()) throw notAFile(path);
  return { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
}

/** Hex SHA-256 of bytes. */
export async function sha256Of(bytes: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest('hex');
}

function notAFile(path: string): QctlError {
  return new QctlError('failed', `${path} is no file`, {
    code: 'NOT_A_FILE',
    hint: ['name a file; folders, devices and pipes are not copied'],
    details: { path },
  });
}

function unreadable(path: string, cause: NodeJS.ErrnoException): QctlError {
  return new QctlError('failed', `cannot read ${path}: ${cause.code ?? cause.message}`, {
    code: 'FILE_UNREADABLE',
    hint: ['check that this user may read the file and look into its folder'],
    details: { path },
    cause,
  });
}
