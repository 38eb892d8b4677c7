import type { CutoverHost, CutoverOptions, KeptProfile } from '../../src/cutover/index.ts';
import { QctlError } from '../../src/errors.ts';
import type { Context } from '../context.ts';

/**
 * The profile of a run counts from here on, where this host has its journal: nothing is connected yet. Throws
 * `refused` OTHER_PROFILE where another one is asked for.
 */
export async function useKeptProfile(context: Context, run: string): Promise<void> {
  const { keptProfile } = await import('../../src/cutover/index.ts');
  const { stateFolder } = await import('./parts.ts');
  use(context, run, await keptProfile(stateFolder(context), run));
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
  const { runProfile } = await import('../../src/cutover/index.ts');
  const kept = await runProfile(host, run, options);
  const before = (await context.config()).profile;
  use(context, run, kept);
  const { profile } = await context.config();
  if (profile === before || context.options.quiet) return;
  context.io.stderr.write(
    `${run} was begun with profile ${profile}: it counts in place of ${before ?? 'none'}\n`,
  );
}

function use(context: Context, run: string, kept: KeptProfile | undefined): void {
  if (!kept) return;
  const asked = context.askedProfile();
  if (kept.inForce && asked && asked.name !== kept.name) throw otherProfile(run, kept.name, asked);
  context.useProfile(kept.name);
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
