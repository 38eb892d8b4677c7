import type { CutoverOptions, Sandbox } from '../../src/cutover/index.ts';
import type { Context } from '../context.ts';
import { stateFolderOf } from '../state-folder.ts';

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

/** Where journals and backups stand. */
export function stateFolder(context: Context): string {
  return stateFolderOf(context, 'cutovers');
}
