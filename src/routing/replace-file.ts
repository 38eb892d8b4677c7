import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Mode of a file that is new: services of other users must be able to read it. */
const NEW_MODE = 0o644;

/**
 * Puts a new text in the place of a file: whole or not at all, on the disk when it returns, with mode and owner as
 * they were. A link stays one. Throws the error of the system.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(async () => join(await realpath(dirname(path)), basename(path)));
  const was = await stat(target).catch(() => undefined);
  const temporary = join(
    dirname(target),
    `.${basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}`,
  );
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await keepOwner(file, was);
    // After the owner: to change that takes bits away.
    await file.chmod(was ? was.mode & 0o7777 : NEW_MODE);
    await file.sync();
    await file.close();
    await rename(temporary, target);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

async function keepOwner(file: FileHandle, was: { uid: number; gid: number } | undefined): Promise<void> {
  const now = await file.stat();
  if (was && (now.uid !== was.uid || now.gid !== was.gid)) await file.chown(was.uid, was.gid);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
