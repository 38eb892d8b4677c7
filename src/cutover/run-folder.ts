import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Measure } from '../checks/index.ts';
import { QctlError } from '../errors.ts';

/** The folder in which a run was started: relative paths of its plan count from there, wherever it is taken up. */
export interface RunFolder {
  path: string;
  isThere(): boolean;
  /** Where a path leads. Throws `failed` RUN_FOLDER_MISSING for a relative one where this host has no such folder. */
  resolve(path: string): string;
  /** Where a command runs that names this folder; undefined: none. Throws as `resolve`. */
  cwdOf(cwd: string | undefined): string;
}

/**
 * @param kept as the journal has it; null: it is older than that, and the current folder counts, as it did
 * @param begunOn host
 */
export function runFolder(kept: string | null, begunOn: string): RunFolder {
  const path = kept ?? process.cwd();
  const isThere = (): boolean => existsSync(path);
  const leads = (to: string, told: string): string => {
    if (!isAbsolute(to) && !isThere()) throw missing(path, begunOn, told);
    return resolve(path, to);
  };
  return {
    path,
    isThere,
    resolve: (to) => leads(to, `${to} is left alone`),
    cwdOf: (cwd = '.') => leads(cwd, 'no command is run'),
  };
}

/** Measures with the folder that relative paths count from. */
export function measureIn({ path: cwd }: RunFolder, measure: Measure): Measure {
  return (ref, signal) => measure({ ...ref, cwd }, signal);
}

function missing(folder: string, begunOn: string, told: string): QctlError {
  return new QctlError(
    'failed',
    `the run was started in ${folder} on ${begunOn}, and this host has no such folder: ${told}`,
    {
      code: 'RUN_FOLDER_MISSING',
      hint: [`bring that folder here, with what was in it, or go to ${begunOn}; then the same command again`],
      details: { folder, begunOn },
    },
  );
}
