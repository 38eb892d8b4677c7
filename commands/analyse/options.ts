import { Option } from 'commander';
import type { QctlCommand } from '../command.ts';
import { addFormatOptions, type FormatFlags } from '../drain/format-options.ts';
import { addGenericOptions, type GenericFlags } from '../drain/generic-spec.ts';
import { addReceiverOptions, type ReceiverFlags } from '../drain/receiver-options.ts';
import { addTakeOptions, type TakeFlags } from '../drain/take-options.ts';
import { parseDuration, parsePositiveInteger } from '../options.ts';

/** The flags of `analyse`. */
export interface AnalyseFlags extends FormatFlags, GenericFlags, TakeFlags, ReceiverFlags {
  source?: string;
  target?: string;
  plan?: string;
  by?: 'type';
  observe?: number;
  sample?: number;
  strict?: boolean;
  save?: string;
  compare?: string;
  partitions?: number;
  durability?: string;
  queueUrl?: string;
  postgresUrl?: string;
  brokerUrl?: string;
  keyPrefix?: string;
}

/** What can be said beside a plan; all else is what the plan says itself. */
const WITH_PLAN = new Set(['plan', 'by', 'observe', 'sample', 'yes', 'strict', 'save', 'compare']);

/** Adds them; those that describe a source are those of the drain. */
export function addAnalyseOptions(command: QctlCommand): QctlCommand {
  const global = command.options.length;
  const plan = new Option('--plan <path>', 'every drain of this plan');
  command
    .option('--source <name>', 'source of the configuration (default: all of them)')
    .option('--target <stream>', 'stream that it is to go to (default: as configured)')
    .addOption(plan)
    .addOption(new Option('--by <what>', 'show what is ready to move, by type').choices(['type']))
    .option(
      '--observe <duration>',
      'look twice, so long apart, and tell what changes meanwhile',
      parseDuration,
    )
    .option(
      '--sample <n>',
      'SQS: receive up to n messages and give them back at once; asks first, since it counts as a receive',
      parsePositiveInteger,
    )
    .option('-y, --yes', 'do not ask before --sample receives')
    .option('--strict', 'end with exit code 3 on warnings as well')
    .option('--save <path>', 'keep this analysis, to compare a later one with it')
    .option('--compare <path>', 'tell what has changed since that analysis was saved')
    .option('--partitions <n>', 'partitions of the stream (default: as configured)', parsePositiveInteger)
    .option('--durability <level>', 'what an append must survive: memory, wait:N or aof (default: memory)');
  addFormatOptions(command);
  command.option('--key-prefix <text>', "Celery's global_keyprefix, where it has one");
  addGenericOptions(command);
  addTakeOptions(command);
  addReceiverOptions(command);
  const names = command.options.slice(global).map((option) => option.attributeName());
  plan.conflicts([...names.filter((name) => !WITH_PLAN.has(name)), 'queueUrl', 'postgresUrl', 'brokerUrl']);
  return command;
}
