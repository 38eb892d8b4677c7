import type { CelerySourceConfig } from '../../src/config/schema.ts';
import type { DrainRequest } from '../../src/drain/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { addCeleryOptions, type CeleryQueueFlags, celerySpec } from './celery-options.ts';
import { addDrainOptions, type DrainFlags, toSettings, toTarget } from './options.ts';
import { resumedRun } from './resume.ts';
import { runDrainCommand, startedBy } from './run-drain.ts';

/** The flags of `qctl drain celery`. */
export type CeleryFlags = DrainFlags & CeleryQueueFlags;

/** `qctl drain celery`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainCelery): QctlCommand {
  const command = createCommand(entry);
  addCeleryOptions(command);
  // One lane keeps the order of the queue.
  addDrainOptions(command, { workers: undefined, archive: true });
  addConnectionOptions(command, ['redis', 'celery']);
  command.addHelpText(
    'after',
    '\nThe broker may be another server or another database than the target. What workers have been given and\nhave not acknowledged stays with them: stop them first, a warm shutdown gives back what they have prefetched.',
  );
  addExamples(command, [
    [
      'qctl drain celery --broker-url redis://localhost:6379/1 --stream jobs --dry-run',
      'show the plan; nothing is taken',
    ],
    ['qctl drain celery --queue reports --stream jobs --yes', 'drain the broker of CELERY_BROKER_URL'],
    [
      'qctl drain celery --stream jobs --types reports.generate,reports.mail --yes',
      'drain two tasks; the others stay in the queue',
    ],
  ]);
  return command.action((source: string | undefined, flags: CeleryFlags) => run(context, source, flags));
}

/** Carries it out. Returns the exit code. */
export async function runDrainCelery(
  context: Context,
  sourceName: string | undefined,
  flags: CeleryFlags,
): Promise<number> {
  return runDrainCommand(context, await celeryRequest(context, sourceName, flags));
}

/** What the flags, the configuration and the run that is resumed ask for. */
export async function celeryRequest(
  context: Context,
  sourceName: string | undefined,
  flags: CeleryFlags,
): Promise<DrainRequest> {
  const resumed = await resumedRun(context, flags.resume, 'celery');
  const connection = await context.brokerOptions(sourceName);
  const configured =
    sourceName === undefined
      ? undefined
      : ((await context.config()).sources[sourceName] as CelerySourceConfig);
  const spec = celerySpec(flags, configured, resumed?.celery ?? undefined);
  return {
    source: { kind: 'celery', name: sourceName ?? resumed?.name ?? spec.queue, connection, spec },
    target: await toTarget(context, flags, resumed ?? configured ?? {}),
    settings: toSettings(flags, { workers: 1 }, configured ?? {}),
    startedBy: startedBy(),
  };
}
