import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Context } from './context.ts';

/**
 * Where this host keeps what must outlive a process: below QCTL_STATE_DIR, XDG_STATE_HOME or ~/.local/state.
 *
 * @param room what it is for: `cutovers`, `alerts`
 * @param given by a flag, above all of these
 */
export function stateFolderOf({ env }: Pick<Context, 'env'>, room: string, given?: string): string {
  const folder = given ?? env.QCTL_STATE_DIR;
  if (folder) return join(folder, room);
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'qctl', room);
}
