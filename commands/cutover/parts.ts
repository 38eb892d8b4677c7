import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CutoverOptions, Sandbox } from '../../src/cutover/index.ts';
import type { Context } from '../context.ts';

/** What the runner works with: the checks, the drains and the files of this process. */
export async function cutoverParts(
  context: Context,
  sandbox?: Sandbox,
): Promise<Pick<CutoverOptions, 'parts' | 'stateFolder' | 'version'>> {
  const { arithmetic, openBackups, returnMessages } = await import('../../src/cutover/index.ts');
  const { takeBaseline, watchChecks } = await import('../../src/checks/index.ts');
  return {
    parts: {
      arithmetic,
      takeBaseline,
      watchChecks,
      backups: openBackups,
      returnMessages,
      ...(sandbox && { sandbox }),
    },
    stateFolder: stateFolder(context),
    version: context.version,
  };
}

/** Where journals and backups stand: below QCTL_STATE_DIR, XDG_STATE_HOME or ~/.local/state. */
export function stateFolder({ env }: Context): string {
  if (env.QCTL_STATE_DIR) return join(env.QCTL_STATE_DIR, 'cutovers');
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'qctl', 'cutovers');
}
