import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { InvalidArgumentError, Option } from 'commander';
import type { RecipeInputs } from '../../src/cutover/index.ts';
import { QctlError } from '../../src/errors.ts';
import { parseDurationMs } from '../../src/model/duration.ts';
import { shellWord } from '../../src/model/shell-word.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import { renderResult } from '../term/render.ts';

interface InitFlags {
  recipe: string;
  from: 'sqs' | 'postgres';
  source: string;
  stream: string;
  group: string;
  name?: string;
  oldUnit?: string[];
  newUnit?: string[];
  kubectl?: string[];
  producer?: string[];
  envFile?: string;
  env?: Record<string, string>;
  /** False with `--no-route`. */
  route?: string | boolean;
  maxPause: string;
  plan: string;
}

const EXAMPLES: [string, string][] = [
  [
    'qctl cutover init --from postgres --source alerts --stream alerts --group workers --old-unit worker --env-file /etc/app/.env --no-route',
    'the same workers, with other settings',
  ],
  [
    'qctl cutover init --from sqs --source webhooks --stream webhooks --group workers --kubectl web-1 web-2 --plan night.yaml',
    'deployments, one after the other',
  ],
];

/** `qctl cutover init --recipe queue …`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverInit): QctlCommand {
  const command = createCommand(entry);
  command
    .addOption(
      new Option('--recipe <name>', 'what the plan begins with (default: queue)')
        .choices(['queue'])
        .default('queue'),
    )
    .addOption(
      new Option('--from <kind>', 'what the queue is today')
        .choices(['sqs', 'postgres'])
        .makeOptionMandatory(),
    )
    .requiredOption('--source <name>', 'the source, by its name in qctl.yaml')
    .requiredOption('--stream <name>', 'the stream that it moves to')
    .requiredOption('--group <name>', 'consumer group of the new workers')
    .option('--name <name>', 'of the plan (default: SOURCE-to-redis)')
    .option('--old-unit <unit...>', 'systemd units of the workers today')
    .option('--new-unit <unit...>', 'those of the new workers (default: the old ones are switched in place)')
    .option('--kubectl <deployment...>', 'deployments of the workers, switched in place; in place of units')
    .option('--producer <name...>', 'units, or deployments, of the producers')
    .option('--env-file <path>', 'file that tells workers and producers which side they use')
    .option(
      '--env <name=value>',
      'what is set for the new side (default: QUEUE_TYPE=redis-streams)',
      parseEnv,
    )
    .option('--route <name>', 'route that producers ask, so that traffic moves by percent (default: STREAM)')
    .option('--no-route', 'producers ask no route: all moves at once')
    .option('--max-pause <duration>', 'the longest that nobody may consume (default: 30s)', parsePause, '30s')
    .option(
      '--plan <path>',
      'file to be written; it must not be there yet (default: cutover.yaml)',
      'cutover.yaml',
    );
  addExamples(command, EXAMPLES);
  return command.action((flags: InitFlags) => run(context, flags));
}

function parseEnv(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected NAME=VALUE');
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

function parsePause(text: string): string {
  if (parseDurationMs(text) === undefined) throw new InvalidArgumentError('expected a duration such as 30s');
  return text;
}

/** Carries it out. */
export async function runCutoverInit(context: Context, flags: InitFlags): Promise<void> {
  const { io, options } = context;
  const { RECIPES } = await import('../../src/cutover/index.ts');
  const text = RECIPES[flags.recipe]!(inputsOf(context, flags));
  if (!options.dryRun) await writeNew(flags.plan, text);
  const next = `qctl cutover plan ${shellWord(flags.plan)}`;
  await renderResult(io, options, {
    type: 'cutover-init',
    data: {
      path: flags.plan,
      recipe: flags.recipe,
      dryRun: options.dryRun,
      next,
      ...(options.dryRun && { text }),
    },
    table: () => (options.dryRun ? text : `wrote ${flags.plan}; look for FILL IN in it, then: ${next}\n`),
  });
}

function inputsOf({ options }: Context, flags: InitFlags): RecipeInputs {
  const { kubectl = [], oldUnit = [], newUnit = [], route = true } = flags;
  if (kubectl.length === 0 && oldUnit.length === 0)
    throw usageError(
      'neither --old-unit nor --kubectl says what the workers of today are',
      'WORKERS_MISSING',
      '--old-unit worker.service, or --kubectl DEPLOYMENT',
    );
  if (kubectl.length > 0 && oldUnit.length + newUnit.length > 0)
    throw usageError(
      'workers are units or deployments, not both',
      'WORKERS_CONFLICT',
      'leave out one of the two',
    );
  if (kubectl.length === 0 && newUnit.length === 0 && flags.envFile === undefined)
    throw usageError(
      'nothing says how the workers become new ones',
      'NEW_SIDE_MISSING',
      '--new-unit UNIT where there are other workers, or --env-file FILE where the same ones read it',
    );
  return {
    ...{ name: flags.name, profile: options.profile, from: flags.from, source: flags.source },
    ...{ stream: flags.stream, group: flags.group, envFile: flags.envFile, maxPause: flags.maxPause },
    ...{ oldUnits: oldUnit, newUnits: newUnit, deployments: kubectl, producers: flags.producer ?? [] },
    env: flags.env ?? { QUEUE_TYPE: 'redis-streams' },
    route: route === false ? null : route === true ? flags.stream : route,
  };
}

/** What is there already, a link to nowhere included, is not touched. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
    await file.writeFile(text).finally(() => file.close());
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new QctlError('refused', `${path} is there already, and is left as it is`, {
        code: 'PLAN_EXISTS',
        hint: ['name another file with --plan, or move that one away'],
        cause,
      });
    throw new QctlError('failed', `cannot write the plan to ${path} (${code})`, {
      code: 'PLAN_NOT_WRITTEN',
      hint: ['check the folder and its permissions'],
      cause,
    });
  }
}
