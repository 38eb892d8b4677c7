import { open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QctlError } from '../../errors.ts';

/** A write takes milliseconds: what is older was left behind by a process that was killed. */
const LEFT_BEHIND_MS = 10_000;
const PAUSE_MS = 20;
const MOST_MS = 15_000;

/**
 * Runs work while no other process of qctl changes this file. Throws `locked` where one does for long.
 *
 * @param code of that error
 */
export async function withFileLock<T>(path: string, code: string, work: () => Promise<T>): Promise<T> {
  const lock = join(dirname(path), `.${basename(path)}.qctl-lock`);
  const deadline = Date.now() + MOST_MS;
  while (!(await tryLock(lock))) {
    if (Date.now() > deadline) throw stillLocked(path, lock, code);
    await takeAwayWhatIsOld(lock);
    await sleep(PAUSE_MS);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600);
    await file.writeFile(`${process.pid}\n`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function takeAwayWhatIsOld(lock: string): Promise<void> {
  const info = await stat(lock).catch(() => undefined);
  if (info && Date.now() - info.mtimeMs > LEFT_BEHIND_MS) await rm(lock, { force: true });
}

function stillLocked(path: string, lock: string, code: string): QctlError {
  return new QctlError('locked', `${path} is being changed by another process`, {
    code,
    hint: [`try again; where no qctl runs, remove ${lock}`],
    details: { file: path },
  });
}
