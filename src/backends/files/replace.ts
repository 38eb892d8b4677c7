import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readlink, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isQctlError, QctlError } from '../../errors.ts';

/** Longest chain of links that is followed, as in Linux. */
const MOST_LINKS = 40;

/** What a written file is like, besides its bytes. */
export interface WrittenFile {
  /** Permission bits. Default 0600. */
  mode?: number;
  /** Absent: whoever writes it. */
  uid?: number;
  gid?: number;
}

/** Bytes of a file, in one piece or in many. */
export type Chunks = Buffer | AsyncIterable<Buffer> | Iterable<Buffer>;

/**
 * Writes a file whole or not at all, durable when it returns: a temporary file beside it takes its place. A
 * link stays one, and what it points at is replaced. Whatever goes wrong, the file is as it was.
 *
 * @throws QctlError `failed` FILE_NOT_WRITTEN
 */
export async function writeAtomically(path: string, bytes: Chunks, like: WrittenFile = {}): Promise<void> {
  try {
    await replaceWhole(path, bytes, like);
  } catch (cause) {
    throw isQctlError(cause) ? cause : notWritten(path, cause as NodeJS.ErrnoException);
  }
}

/** Like {@link writeAtomically}, with the system's own errors. Returns how many bytes were written. */
export async function replaceWhole(path: string, bytes: Chunks, like: WrittenFile = {}): Promise<number> {
  const target = await linkTarget(path);
  const unique = `${process.pid}.${randomBytes(4).toString('hex')}`;
  const temporary = join(dirname(target), `.${basename(target).slice(0, 100)}.${unique}.tmp`);
  // A name that exists already was put there by somebody else.
  const file = await open(temporary, 'wx', 0o600);
  try {
    const written = await fill(file, bytes, like);
    await rename(temporary, target);
    await syncFolder(dirname(target));
    return written;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function fill(file: FileHandle, bytes: Chunks, like: WrittenFile): Promise<number> {
  let written = 0;
  try {
    for await (const chunk of Buffer.isBuffer(bytes) ? [bytes] : bytes) {
      await file.writeFile(chunk);
      written += chunk.length;
    }
    await giveTo(file, like);
    // After the owner: a change of it takes bits away.
    await file.chmod(like.mode ?? 0o600);
    await file.sync();
  } finally {
    await file.close();
  }
  return written;
}

async function giveTo(file: FileHandle, { uid, gid }: WrittenFile): Promise<void> {
  const own = await file.stat();
  if ((uid ?? own.uid) === own.uid && (gid ?? own.gid) === own.gid) return;
  await file.chown(uid ?? own.uid, gid ?? own.gid);
}

/** Where a path leads through links, also where nothing is there yet. Throws where its folder is not there. */
export async function linkTarget(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || links > MOST_LINKS) throw error;
  }
  const here = join(await realpath(dirname(resolve(path))), basename(path));
  const next = await readlink(here).catch(() => undefined);
  return next === undefined ? here : linkTarget(resolve(dirname(here), next), links + 1);
}

/** Makes names that were given or taken in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems know no such thing, and keep names by themselves.
    if (!['EINVAL', 'EPERM', 'EISDIR', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw error;
    }
  } finally {
    await handle.close();
  }
}

const HINTS: Record<string, string> = {
  EACCES: 'let this user write to its folder, or run as its owner',
  EPERM: 'only root can keep its owner and group: run as root, or as its owner',
  EROFS: 'the file system is mounted read-only',
  ENOSPC: 'make room on the file system',
  EDQUOT: 'make room within the quota',
  ENOENT: 'make its folder first',
  EBUSY: 'it is mounted by itself: mount its folder instead',
  EISDIR: 'name a file, not a folder',
};

function notWritten(path: string, cause: NodeJS.ErrnoException): QctlError {
  const why = cause.code ?? cause.message;
  return new QctlError('failed', `cannot write ${path}: ${why}; it is as it was`, {
    code: 'FILE_NOT_WRITTEN',
    hint: [HINTS[cause.code ?? ''] ?? 'check that its folder exists and may be written to'],
    details: { path },
    cause,
  });
}
