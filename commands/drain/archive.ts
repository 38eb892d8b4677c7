import { basename } from 'node:path';
import type { DrainRequest } from '../../src/drain/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { addDrainOptions, type DrainFlags, toSettings, toTarget } from './options.ts';
import { resumedRun } from './resume.ts';
import { runDrainCommand, startedBy } from './run-drain.ts';

/** Nothing comes to a file, and nobody else takes from it: the first is refused, the second changes nothing. */
const OF_LIVE_SOURCES = ['--follow', '--allow-competing'];

/** `qctl drain archive FILE`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainArchive): QctlCommand {
  const command = createCommand(entry);
  // Neither lanes nor an archive of an archive.
  addDrainOptions(command, { workers: undefined, archive: false });
  for (const option of command.options) if (OF_LIVE_SOURCES.includes(option.long!)) option.hideHelp();
  addConnectionOptions(command, ['redis']);
  command.addHelpText(
    'after',
    '\nThe file stays as it is. Each message is taken once, however often a crash has made it stand there.\nThe same command again appends nothing twice: it goes on where it stood.',
  );
  addExamples(command, [
    ['qctl drain archive webhooks.ndjson.gz --stream webhook-events --dry-run', 'how much it holds'],
    ['qctl drain archive webhooks.ndjson.gz --stream webhook-events --yes', 'bring all of it back'],
  ]);
  return command.action((file: string, flags: DrainFlags) => run(context, file, flags));
}

/** Carries it out. Returns the exit code. */
export async function runDrainArchive(context: Context, file: string, flags: DrainFlags): Promise<number> {
  const resumed = await resumedRun(context, flags.resume, 'archive');
  const request: DrainRequest = {
    source: { kind: 'archive', name: resumed?.name ?? nameOf(file), path: file },
    target: await toTarget(context, flags, resumed ?? {}),
    settings: toSettings(flags, { workers: 1 }),
    startedBy: startedBy(),
  };
  return runDrainCommand(context, request);
}

function nameOf(file: string): string {
  return basename(file).replace(/\.ndjson(?:\.gz)?$/, '') || 'archive';
}
