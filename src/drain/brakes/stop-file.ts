import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Probe } from './probe.ts';

const CLEAR = { value: 0, over: false, calm: true, room: Number.POSITIVE_INFINITY, reason: '' };

/** Stands still for as long as a file exists. A folder that is gone may be a share that is not mounted: that brakes, too. */
export function stopFileProbe(path: string): Probe {
  return {
    brake: 'stop-file',
    limit: path,
    look: async () => {
      if (await exists(path))
        return { ...CLEAR, value: 1, over: true, calm: false, room: 0, reason: `the file ${path} exists` };
      if (!(await exists(dirname(path)))) throw new Error(`the folder of ${path} does not exist`);
      return CLEAR;
    },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
