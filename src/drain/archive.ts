import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { isQctlError, QctlError } from '../errors.ts';
import { ArchiveSink } from '../sinks/index.ts';
import { isGone, type MemberInfo, thisProcess } from './host.ts';
import type { OpenDrain } from './open.ts';

/** The archive that this process writes, and the lock that keeps others off it. */
export interface RunArchive {
  sink: ArchiveSink;
  lock: string;
}

/** The file that a run writes: a path that ends with / is a folder, in which each run has a file of its name. */
export function archiveFile(path: string, run: string): string {
  return path.endsWith('/') ? `${path}${run}.ndjson.gz` : path;
}

/**
 * Opens the archive that the plan names, for this process alone.
 *
 * @throws QctlError `locked` ARCHIVE_IN_USE where a living process writes it
 */
export async function openArchive(drain: OpenDrain, now: Date): Promise<RunArchive | undefined> {
  const { archive: path } = drain.plan;
  if (path === null) return undefined;
  const lock = `${path}.lock`;
  await takeLock(lock, path, now);
  try {
    const { run } = drain.attachment.manifest;
    return { sink: await ArchiveSink.open(path, { run, source: drain.source.label }, now), lock };
  } catch (error) {
    await unlink(lock).catch(() => undefined);
    throw error;
  }
}

/** Closes it, once nobody writes any more. */
export async function closeArchive(archive: RunArchive | undefined): Promise<void> {
  if (!archive) return;
  await archive.sink.close().catch(() => undefined);
  await unlink(archive.lock).catch(() => undefined);
}

async function takeLock(lock: string, path: string, now: Date): Promise<void> {
  const { member, info } = thisProcess(now);
  const own = `${lock}.${member}`;
  try {
    await writeFile(own, JSON.stringify(info), { mode: 0o600, flag: 'wx' });
    // A link appears whole or not at all.
    while (!(await linked(own, lock))) await clear(lock, path, `${own}.old`);
  } catch (error) {
    throw isQctlError(error) ? error : cannotLock(lock, path, error);
  } finally {
    await unlink(own).catch(() => undefined);
  }
}

async function linked(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Takes a lock away whose holder was killed; throws where it lives. */
async function clear(lock: string, path: string, aside: string): Promise<void> {
  const seen = await holderOf(lock);
  if (!seen || !isGone(seen)) throw inUse(lock, path, seen);
  await rename(lock, aside).catch(() => undefined);
  const moved = await holderOf(aside);
  // Somebody else was faster, and this is his: back it goes.
  if (moved && !isGone(moved)) await link(aside, lock).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}

async function holderOf(lock: string): Promise<MemberInfo | undefined> {
  try {
    return JSON.parse(await readFile(lock, 'utf8')) as MemberInfo;
  } catch {
    return undefined;
  }
}

function inUse(lock: string, path: string, holder: MemberInfo | undefined): QctlError {
  const who = holder ? `pid ${holder.pid} on ${holder.host} since ${holder.since}` : 'another process';
  return new QctlError('locked', `--archive ${path} is being written by ${who}`, {
    code: 'ARCHIVE_IN_USE',
    hint: ['name another file for this process', `if that process is gone, remove ${lock}`],
    details: { path },
  });
}

function cannotLock(lock: string, path: string, cause: unknown): QctlError {
  return new QctlError('failed', `cannot write ${lock}: ${(cause as NodeJS.ErrnoException).code}`, {
    code: 'ARCHIVE_FAILED',
    hint: ['check that the folder exists and may be written to, and that there is room'],
    details: { path },
    cause,
  });
}
