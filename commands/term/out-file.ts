import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { QctlError } from '../../src/errors.ts';

/**
 * Writes a file whole or not at all.
 *
 * @param mode who may read it; default the owner alone
 */
export async function writeOutFile(path: string, text: string, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await writeFile(temporary, text, { mode, flag: 'w' });
    await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new QctlError('failed', `cannot write ${path}: ${reason}`, {
      code: 'OUT_FILE_FAILED',
      hint: ['check that the folder exists and may be written to'],
      details: { path },
      cause,
    });
  }
}
