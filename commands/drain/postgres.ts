import type { PostgresSourceConfig } from '../../src/config/schema.ts';
import type { DrainRequest } from '../../src/drain/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { sourceLoadOption } from './brake-options.ts';
import { withNotify } from './follow-options.ts';
import { addFormatOptions } from './format-options.ts';
import { addGenericOptions } from './generic-spec.ts';
import { addDrainOptions, collectList, type DrainFlags, toSettings, toTarget } from './options.ts';
import { resumedRun } from './resume.ts';
import { runDrainCommand, startedBy } from './run-drain.ts';
import { type SourceFlags, sourceNameOf, sourceSpec } from './source-spec.ts';
import { addTakeOptions, type TakeFlags, withTakeOptions } from './take-options.ts';
import { WAY_BACK } from './way-back-help.ts';

/** The flags of `qctl drain postgres`. */
export type PostgresFlags = DrainFlags & TakeFlags & SourceFlags & { notify?: string[] };

/** `qctl drain postgres`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainPostgres): QctlCommand {
  const command = createCommand(entry);
  addFormatOptions(command);
  addGenericOptions(command);
  addTakeOptions(command);
  command
    .option('--notify <channels>', 'channels that tell of new messages, with --follow', collectList)
    .addOption(sourceLoadOption());
  addDrainOptions(command, {
    workers:
      'lanes, which share the rows and have a session each; fixed for the life of a run (default: 2, copy: 1)',
    archive: true,
  });
  addConnectionOptions(command, ['redis', 'postgres']);
  command.addHelpText('after', `\n${WAY_BACK}`);
  addExamples(command, [
    [
      'qctl drain postgres --stream jobs --dry-run',
      'find the queue of a job library (pg-boss, River, …) and show the plan',
    ],
    ['qctl drain postgres --format pgboss --queue emails --stream emails --yes', 'move one of its queues'],
    [
      'qctl drain postgres --table alerts --ready "state = \'pending\'" --stream alerts --dry-run',
      'show the plan',
    ],
    [
      'qctl drain postgres --table alerts --key agent_id --stream alerts --yes',
      'move the table, keeping the order of each agent',
    ],
    [
      'qctl drain postgres --table alerts --stream alerts --follow --notify new_alert --max-lag 10000 --yes',
      'keep on, for as long as the old producers are at work',
    ],
    [
      'qctl drain postgres --table alerts --mode copy --stream alerts --yes',
      'copy it and compare both sides',
    ],
  ]);
  return command.action((source: string | undefined, flags: PostgresFlags) => run(context, source, flags));
}

/** Carries it out. Returns the exit code. */
export async function runDrainPostgres(
  context: Context,
  sourceName: string | undefined,
  flags: PostgresFlags,
): Promise<number> {
  return runDrainCommand(context, await postgresRequest(context, sourceName, flags));
}

/** What the flags, the configuration and the run that is resumed ask for. Looks into the database for it. */
export async function postgresRequest(
  context: Context,
  sourceName: string | undefined,
  flags: PostgresFlags,
): Promise<DrainRequest> {
  const resumed = await resumedRun(context, flags.resume, 'postgres');
  const configured = await configuredSource(context, sourceName);
  // What costs no look into the database is refused before one.
  const target = await toTarget(context, flags, resumed ?? configured ?? {});
  const defaults = { name: sourceName, configured, resumed: resumed?.spec ?? undefined };
  const described = await sourceSpec(context, flags, defaults);
  const taken = withTakeOptions(described, flags, configured ?? defaults.resumed);
  const spec = withNotify(taken, flags.notify, configured?.notify);
  const workers = spec.mode === 'copy' ? 1 : 2;
  return {
    source: {
      kind: 'postgres',
      name: sourceName ?? resumed?.name ?? sourceNameOf(spec),
      connection: await context.postgresOptions(sourceName),
      spec,
    },
    target,
    settings: toSettings(flags, { workers }, configured ?? {}),
    startedBy: startedBy(),
  };
}

async function configuredSource(
  context: Context,
  name: string | undefined,
): Promise<PostgresSourceConfig | undefined> {
  if (name === undefined) return undefined;
  // Throws where there is no such source, or where it is one of another kind.
  await context.postgresOptions(name);
  const source = (await context.config()).sources[name];
  return source?.kind === 'postgres' ? source : undefined;
}
