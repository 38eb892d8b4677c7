import { constants } from 'node:fs';
import { access, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileFacts, linkTarget, syncFolder, writeAtomically } from '../../backends/files/index.ts';
import { QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { Backup, BackupStore } from '../backup.ts';

/**
 * What speaks against replacing a file: its folder, its owner, other names of it.
 *
 * @param path where it is
 * @param shown how it is called
 */
export async function replaceFindings(path: string, shown: string): Promise<Finding[]> {
  const folder = await folderFinding(path, shown);
  if (folder) return [folder];
  const facts = await fileFacts(path);
  if (!facts) return [];
  const found: Finding[] = [];
  if (!mayGiveTo(facts.uid, facts.gid)) {
    found.push({
      level: 'blocker',
      code: 'FILE_OWNER',
      text: `${shown} belongs to ${facts.uid}:${facts.gid}, and this user cannot keep it so`,
      remedy: 'run qctl as its owner, or as root',
    });
  }
  if ((await stat(path)).nlink > 1) {
    found.push({
      level: 'warning',
      code: 'FILE_HARD_LINKS',
      text: `${shown} has other names (hard links), which go on naming the bytes as they are now`,
    });
  }
  return found;
}

async function folderFinding(path: string, shown: string): Promise<Finding | undefined> {
  try {
    await access(dirname(await linkTarget(path)), constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      level: 'blocker',
      code: 'FOLDER_NOT_WRITABLE',
      text: `cannot write ${shown}: ${code === 'ENOENT' ? 'there is no such folder' : `its folder may not be written to (${code})`}`,
      remedy: 'make the folder, or let this user write to it: a file is replaced by a new one beside it',
    };
  }
}

function mayGiveTo(uid: number, gid: number): boolean {
  const own = process.getuid?.() ?? uid;
  if (own === 0) return true;
  const groups = [process.getgid?.(), ...(process.getgroups?.() ?? [])];
  return uid === own && (groups.includes(gid) || process.getgid === undefined);
}

/** Puts a file back as a backup says it was, also where there was none. A link stays one. */
export async function restore(path: string, backup: Backup, backups: BackupStore): Promise<void> {
  if (backup.path !== null) {
    const { mode, uid, gid } = backup;
    const like = { mode: mode ?? undefined, uid: uid ?? undefined, gid: gid ?? undefined };
    return writeAtomically(path, backups.stream(backup), like);
  }
  const target = await linkTarget(path);
  await rm(target, { force: true });
  await syncFolder(dirname(target));
}

/**
 * The error where a file is to be put back whose folder is gone, or is another host's; undefined: it can be.
 *
 * @param path where it is
 * @param shown how it is called
 */
export async function folderGone(
  path: string,
  shown: string,
  backup: Backup,
): Promise<QctlError | undefined> {
  if (backup.path === null) return undefined;
  const folder = dirname(await linkTarget(path).catch(() => path));
  if ((await stat(folder).catch(() => undefined))?.isDirectory()) return undefined;
  return new QctlError('failed', `${shown} cannot be put back: there is no folder ${folder} on this host`, {
    code: 'FILE_FOLDER_MISSING',
    hint: [
      `${shown} as it was stands in ${describe(backup)}`,
      'make the folder and roll back again; where the file is on another host, roll back there',
    ],
    details: { path: shown, backup: backup.path },
  });
}

/** A file that somebody else has changed since, so that an undo does not write over it. */
export function changedSince(shown: string, backup: Backup, what: string): QctlError {
  const before =
    backup.path === null
      ? `there was no ${shown} before`
      : `${shown} as it was stands in ${describe(backup)}`;
  return new QctlError('failed', `${shown} was changed by others since: ${what}`, {
    code: 'FILE_CHANGED',
    hint: [before, 'compare the two and put right what is needed by hand'],
    details: { path: shown, backup: backup.path },
  });
}

function describe({ path, mode, uid, gid }: Backup): string {
  return mode === null
    ? `${path}`
    : `${path} (mode ${mode.toString(8).padStart(4, '0')}, owner ${uid}:${gid})`;
}
