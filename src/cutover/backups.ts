import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileFacts, syncFolder } from '../backends/files/index.ts';
import { isQctlError, QctlError } from '../errors.ts';
import type { Backup, BackupStore } from './backup.ts';

const ABSENT: Backup = { path: null, sha256: null, mode: null, uid: null, gid: null };

/**
 * Backups in a folder of their own (0700), which is made with the first of them. A copy has the name of its
 * content, so that the same bytes kept twice are one file, and a damaged copy is healed by the next.
 */
export function openBackups(folder: string): BackupStore {
  return {
    keep: (path) => keep(folder, path),
    keepBytes: async (bytes) => ({ ...ABSENT, ...(await store(folder, [bytes])) }),
    read: (backup) => collect(verified(backup)),
    stream: verified,
  };
}

async function keep(folder: string, path: string): Promise<Backup> {
  const facts = await fileFacts(path);
  return facts ? { ...(await store(folder, createReadStream(path))), ...facts } : ABSENT;
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function store(
  folder: string,
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<{ path: string; sha256: string }> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    return await storeInto(folder, bytes);
  } catch (cause) {
    throw isQctlError(cause) ? cause : notKept(folder, cause as NodeJS.ErrnoException);
  }
}

async function storeInto(
  folder: string,
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<{ path: string; sha256: string }> {
  const temporary = join(folder, `.${process.pid}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    const sha256 = await writeHashed(await open(temporary, 'wx', 0o600), bytes);
    const path = join(folder, sha256);
    await rename(temporary, path);
    await syncFolder(folder);
    return { path, sha256 };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeHashed(
  file: FileHandle,
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of bytes) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

async function* verified(backup: Backup): AsyncGenerator<Buffer> {
  const { path, sha256 } = backup;
  if (path === null) throw damaged(backup, 'it says that there was no file');
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (cause) {
    throw damaged(backup, `cannot be read (${(cause as NodeJS.ErrnoException).code ?? cause})`);
  }
  if (hash.digest('hex') !== sha256) throw damaged(backup, 'its bytes are not those that were kept');
}

function damaged({ path, sha256 }: Backup, why: string): QctlError {
  return new QctlError('failed', `backup ${path ?? 'of nothing'} is of no use: ${why}`, {
    code: 'BACKUP_DAMAGED',
    hint: ['restore the file by hand from another backup'],
    details: { path, sha256 },
  });
}

function notKept(folder: string, cause: NodeJS.ErrnoException): QctlError {
  return new QctlError('failed', `cannot keep a backup in ${folder}: ${cause.code ?? cause.message}`, {
    code: 'BACKUP_FAILED',
    hint: ['check that the folder may be written to, and that there is room'],
    details: { folder },
    cause,
  });
}
