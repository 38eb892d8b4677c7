import type { SqsSourceConfig } from '../../src/config/schema.ts';
import type { DrainRequest, DrainSettings } from '../../src/drain/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, parseDuration } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { addDrainOptions, type DrainFlags, toSettings, toTarget } from './options.ts';
import {
  addQueueSelectionOptions,
  type QueueSelectionFlags,
  selectionOf,
} from './queue-selection-options.ts';
import { addReceiverOptions, type ReceiverFlags, receiversOf } from './receiver-options.ts';
import { resumedRun } from './resume.ts';
import { runDrainCommand, startedBy } from './run-drain.ts';
import { WAY_BACK } from './way-back-help.ts';

/** The flags of `qctl drain sqs`. */
export interface SqsFlags extends Omit<DrainFlags, 'type'>, ReceiverFlags, QueueSelectionFlags {
  visibility?: number;
  wait?: number;
  window?: number;
}

const LONGEST_POLL_S = 20;

const EXAMPLES: [string, string][] = [
  [
    'qctl drain sqs --queue-url https://sqs.us-east-1.amazonaws.com/123456789012/webhooks --stream webhook-events --dry-run',
    'show the plan; nothing is received',
  ],
  [
    'qctl drain sqs --queue-url … --stream webhook-events --receivers 8..128 --yes',
    'drain it with as many receivers as help, and no more than 128',
  ],
  [
    'qctl drain sqs --queue-url … --stream webhook-events --type body.kind --types refund,invoice --yes',
    'drain two types of messages; the others stay in the queue',
  ],
];

/** `qctl drain sqs`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainSqs): QctlCommand {
  const command = createCommand(entry);
  command
    .option(
      '--visibility <duration>',
      'how long received messages stay invisible; extended at half of it while they are held (default: 30s)',
      parseDuration,
    )
    .option(
      '--wait <duration>',
      'length of a long poll, 1s to 20s (default: 5s, with --follow 20s)',
      parseDuration,
    )
    .option(
      '--window <duration>',
      'how long a deleted message is remembered, should SQS deliver it again (default: 1h)',
      parseDuration,
    );
  addReceiverOptions(command);
  addQueueSelectionOptions(command);
  addDrainOptions(command, {
    workers: 'a fixed number of receivers, the same as --receivers <n>',
    archive: true,
  });
  addConnectionOptions(command, ['redis', 'sqs']);
  command.addHelpText('after', `\n${WAY_BACK}`);
  addExamples(command, EXAMPLES);
  return command.action((source: string | undefined, flags: SqsFlags) => run(context, source, flags));
}

/** Carries it out. Returns the exit code. */
export async function runDrainSqs(
  context: Context,
  sourceName: string | undefined,
  flags: SqsFlags,
): Promise<number> {
  return runDrainCommand(context, await sqsRequest(context, sourceName, flags));
}

/** What the flags, the configuration and the run that is resumed ask for. */
export async function sqsRequest(
  context: Context,
  sourceName: string | undefined,
  flags: SqsFlags,
): Promise<DrainRequest> {
  const resumed = await resumedRun(context, flags.resume, 'sqs');
  const receivers = receiversOf(flags);
  const connection = await context.sqsOptions(sourceName);
  const configured =
    sourceName === undefined ? undefined : ((await context.config()).sources[sourceName] as SqsSourceConfig);
  const kind: Partial<DrainSettings> = { workers: receivers.max, receivers };
  if (flags.passOver !== undefined) kind.passOverMs = flags.passOver;
  if (flags.allowReceiveCount !== undefined) kind.allowReceiveCount = flags.allowReceiveCount;
  if (flags.visibility !== undefined) kind.visibilityMs = flags.visibility;
  if (flags.window !== undefined) kind.windowMs = flags.window;
  // Nobody is in a hurry to notice the end of a queue that is followed.
  if (flags.follow) kind.waitSeconds = LONGEST_POLL_S;
  if (flags.wait !== undefined)
    kind.waitSeconds = Math.min(LONGEST_POLL_S, Math.max(1, Math.round(flags.wait / 1000)));
  return {
    source: {
      kind: 'sqs',
      name: sourceName ?? resumed?.name ?? queueName(connection.queueUrl),
      connection,
      selection: selectionOf(flags, resumed?.selection ?? configured),
    },
    target: await toTarget(context, flags, resumed ?? configured ?? {}),
    settings: toSettings(flags, kind, configured ?? {}),
    startedBy: startedBy(),
  };
}

function queueName(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
