import { resolve } from 'node:path';
import type { CutoverHost, CutoverOptions, KeptConfig } from '../../src/cutover/index.ts';
import { QctlError } from '../../src/errors.ts';
import type { Context } from '../context.ts';

/**
 * The profile of a run counts from here on, where this host has its journal: nothing is connected yet. Throws
 * `refused` OTHER_PROFILE where another one is asked for.
 */
export async function useKeptProfile(context: Context, run: string): Promise<void> {
  const { keptConfig } = await import('../../src/cutover/index.ts');
  const { stateFolder } = await import('./parts.ts');
  const kept = await keptConfig(stateFolder(context), run);
  if (kept) await use(context, run, kept);
}

/**
 * Likewise of a run that was found, wherever its journal is: in Redis, too. To be called before anything is
 * touched; what is asked of the host after it is asked of that profile.
 */
export async function useRunProfile(
  context: Context,
  host: CutoverHost,
  run: string,
  options: CutoverOptions,
): Promise<void> {
  const { runConfig } = await import('../../src/cutover/index.ts');
  const kept = await runConfig(host, run, options);
  const before = (await context.config()).profile;
  await use(context, run, kept);
  const { profile, files } = await context.config();
  if (context.options.quiet) return;
  const { stderr } = context.io;
  if (profile !== before)
    stderr.write(`${run} was begun with profile ${profile}: it counts in place of ${before ?? 'none'}\n`);
  // They may stand elsewhere on another host, or have moved.
  const [was, is] = [kept.files, files].map((paths) => paths?.map((path) => resolve(path)).join(', '));
  if (was !== undefined && was !== is)
    stderr.write(
      `${run} was begun with ${was ? `the configuration ${was}` : 'no configuration file'}, and this is ${is || 'none'}\n`,
    );
}

async function use(context: Context, run: string, { profile: kept, files = [] }: KeptConfig): Promise<void> {
  if (!kept) return;
  const asked = context.askedProfile();
  if (kept.inForce && asked && asked.name !== kept.name) throw otherProfile(run, kept.name, asked);
  context.useProfile(kept.name);
  await context.config().catch((error) => {
    if (!(error instanceof QctlError) || files.length === 0) throw error;
    const hint = [`${run} was begun with this configuration: --config ${files[0]}`, ...error.hint];
    throw new QctlError(error.kind, error.message, { ...error, hint, cause: error });
  });
}

function otherProfile(
  run: string,
  kept: string,
  { name, by }: NonNullable<ReturnType<Context['askedProfile']>>,
): QctlError {
  return new QctlError('refused', `run ${run} was begun with profile ${kept}, and ${by} names ${name}`, {
    code: 'OTHER_PROFILE',
    hint: [
      by === '--profile' ? `leave it out, or say --profile ${kept}` : `unset it, or say --profile ${kept}`,
      'nothing was changed: what a run has moved goes back to where it came from',
    ],
    details: { run, was: kept, is: name },
  });
}
