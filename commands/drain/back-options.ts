import { type Command, InvalidArgumentError, Option } from 'commander';
import { BACK_SETTINGS, type BackSettings } from '../../src/drain/index.ts';
import { QctlError } from '../../src/errors.ts';
import { parseStreamId } from '../../src/model/stream-id.ts';
import { parseDuration, parseNonNegativeInteger, parsePositiveInteger, parseRate } from '../options.ts';
import { collectPair } from './options.ts';

/** The flags of the way back, besides those that describe a table. */
export interface BackFlags {
  stream?: string;
  partitions?: number;
  group?: string;
  to?: string;
  from?: string;
  body?: string;
  whole?: boolean;
  restore?: Record<string, string>;
  ledgerTable?: string;
  marks: boolean;
  clipDelay?: boolean;
  delete?: boolean;
  activeWithin?: number;
  allowActive?: boolean;
  minIdle?: number;
  batch?: number;
  workers?: number;
  limit?: number;
  rate?: number;
  maxLeft?: number;
  durability?: string;
  fresh?: boolean;
  verify: boolean;
}

/** Adds them. */
export function addBackOptions<C extends Command>(command: C): C {
  addWhat(command);
  addWhere(command);
  return addHow(command);
}

function addWhat(command: Command): void {
  command
    .option('--stream <name>', 'stream whose entries go back')
    .option('--partitions <n>', 'the stream is spread over <stream>:{0} …', parsePositiveInteger)
    .option('--group <name>', 'consumer group; what it has not finished goes back')
    .option('--from <id>', 'leave out entries before this id: that of the cutover', parseId)
    .addOption(
      new Option(
        '--body <field>',
        'of entries that qctl did not write: this field is the body, the others are attributes',
      ).conflicts('whole'),
    )
    .option('--whole', 'of entries that qctl did not write: the whole entry as JSON is the body')
    .option('--delete', 'delete what was given back from the stream as well: other groups lose it')
    .option(
      '--active-within <duration>',
      'a consumer that was seen so lately is at work (default: 60s)',
      parseDuration,
    )
    .option('--allow-active', 'go on although consumers of the group are at work')
    .option(
      '--min-idle <duration>',
      'leave entries with their consumer that were delivered so lately (default: 60s)',
      parseDuration,
    );
}

function addWhere(command: Command): void {
  command
    .option('--to <where>', 'sqs, postgres, or the name of a source of qctl.yaml')
    .option(
      '--restore <column=sql>',
      "Postgres: what a column gets that no message carries, as SQL over the message m: state='pending' (repeatable)",
      collectPair,
    )
    .option(
      '--ledger-table <name>',
      'Postgres: remembers what was given back (default: qctl_returned beside the table)',
    )
    .option('--no-marks', 'SQS: do not add qctl.id, qctl.entry and the like to the attributes')
    .option(
      '--clip-delay',
      'SQS: send what is not due yet with the longest delay there is, rather than leave it',
    );
}

function addHow<C extends Command>(command: C): C {
  command
    .option(
      '--batch <n>',
      `entries that are taken at once; rows of a transaction (default: ${BACK_SETTINGS.batch})`,
      parsePositiveInteger,
    )
    .option(
      '--workers <n>',
      `sends to SQS side by side (default: ${BACK_SETTINGS.workers})`,
      parsePositiveInteger,
    )
    .option('--limit <n>', 'stop after so many entries', parsePositiveInteger)
    .option('--rate <rate>', 'at most so many entries a second: 500/s', parseRate)
    .option(
      '--max-left <n>',
      `end after so many entries that cannot be given back (default: ${BACK_SETTINGS.maxLeft})`,
      parseNonNegativeInteger,
    )
    .option(
      '--durability <level>',
      'memory, wait:N (replicas) or aof: what an acknowledgement must survive (default: memory)',
      parseDurability,
    )
    .option('--fresh', 'give up an unfinished run of this group that went elsewhere')
    .option('--no-verify', 'end with the counts, without looking at both sides again');
  return command;
}

/** The settings that the flags name. */
export function toBackSettings(flags: BackFlags): BackSettings {
  const given: Partial<BackSettings> = {
    batch: flags.batch,
    workers: flags.workers,
    limit: flags.limit,
    ratePerSecond: flags.rate,
    activeWithinMs: flags.activeWithin,
    minIdleMs: flags.minIdle,
    allowActive: flags.allowActive,
    delete: flags.delete,
    maxLeft: flags.maxLeft,
    durability: flags.durability,
    fresh: flags.fresh,
    verify: flags.verify,
  };
  if (flags.body !== undefined) given.other = { body: flags.body };
  if (flags.whole) given.other = { whole: true };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...BACK_SETTINGS, ...Object.fromEntries(set) };
}

/** Throws `usage` with what is missing. */
export function required(value: string | undefined, code: string, what: string, hint: string): string {
  if (value !== undefined) return value;
  throw new QctlError('usage', what, { code, hint: [hint] });
}

function parseId(text: string): string {
  const id = parseStreamId(text);
  if (!id) throw new InvalidArgumentError('expected the id of an entry: 1795288304046-0');
  return `${id.ms}-${id.seq}`;
}

function parseDurability(text: string): string {
  if (text === 'memory' || text === 'aof' || /^wait:[1-9]\d*$/.test(text)) return text;
  throw new InvalidArgumentError('expected memory, wait:N or aof');
}
