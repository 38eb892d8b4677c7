import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BrakeConfig } from '../../src/config/schema.ts';
import { DEFAULT_SETTINGS, type DrainSettings, type DrainTarget } from '../../src/drain/index.ts';
import { QctlError } from '../../src/errors.ts';
import type { Rate } from '../../src/model/limits.ts';
import type { Context } from '../context.ts';
import { parseDuration, parsePositiveInteger } from '../options.ts';
import { addBrakeOptions, type BrakeFlags, parseFlow, toBrake } from './brake-options.ts';
import { addCompetingOptions, type CompetingFlags } from './competing-options.ts';
import { addFollowOptions, type FollowFlags, parseUntil, toFollow, type Until } from './follow-options.ts';
import { addScheduleOptions, type ScheduleFlags } from './schedule-options.ts';

/** The flags that every drain has. */
export interface DrainFlags extends BrakeFlags, CompetingFlags, FollowFlags, ScheduleFlags {
  stream?: string;
  partitions?: number;
  maxLen?: number;
  createGroup?: string;
  durability?: string;
  field?: Record<string, string>;
  batch?: number;
  workers?: number;
  limit?: number;
  rate?: Rate;
  until?: Until;
  settle?: number;
  maxBodyBytes?: number;
  allowEviction?: boolean;
  fresh?: boolean;
  resume?: string;
  archive?: string;
  verify: boolean;
}

/** What the configuration says of a source that a drain may be called with. */
export interface TargetDefaults {
  stream?: string;
  partitions?: number;
  fields?: Record<string, string> | null;
  brake?: BrakeConfig;
}

/** What differs from drain to drain. */
export interface DrainKind {
  /** What `--workers` means; undefined: there is nothing to choose. */
  workers: string | undefined;
  /** Whether messages may be archived on their way. */
  archive: boolean;
}

/** Adds them. */
export function addDrainOptions<C extends Command>(command: C, kind: DrainKind): C {
  command
    .option('--stream <name>', 'stream to append to')
    .option(
      '--partitions <n>',
      'spread over <stream>:{0} … by hash of the key (default: 1, the stream itself)',
      parsePositiveInteger,
    )
    .option(
      '--max-len <n>',
      'trim the stream to about so many entries (default: never)',
      parsePositiveInteger,
    )
    .option('--create-group <name>', 'make a consumer group at the start of the stream')
    .option(
      '--durability <level>',
      'memory, wait:N (replicas) or aof: what an append must survive before the source is settled (default: memory)',
      parseDurability,
    )
    .option(
      '--field <name=expression>',
      'field of the entry, as JMESPath over the message; replaces the default entry (repeatable)',
      collectPair,
    )
    .option(
      '--batch <n>',
      `messages that one append writes (default: ${DEFAULT_SETTINGS.batch})`,
      parsePositiveInteger,
    )
    .option('--limit <n>', 'stop after so many messages', parsePositiveInteger)
    .option('--rate <rate>', 'at most so many messages or bytes a second: 500/s, 5MB/s', parseFlow)
    .option(
      '--until <when>',
      'empty (default), a duration (10m), a time (2026-11-22T06:00:00Z), or enqueued:TIME, enqueued:now: only what was enqueued before',
      parseUntil,
    )
    .option(
      '--settle <duration>',
      'how long the source must stay empty to count as empty (default: 5s)',
      parseDuration,
    )
    .option(
      '--max-body-bytes <n>',
      'set larger messages aside in quarantine (default: 64 MiB)',
      parsePositiveInteger,
    )
    .option('--allow-eviction', 'go on although Redis may evict streams')
    .addOption(new Option('--resume <run>', 'continue this run, or refuse').conflicts('fresh'))
    .option('--fresh', 'give up an unfinished run of this source and start anew')
    .option('--no-verify', 'end with the counts, without reading both sides again');
  if (kind.workers !== undefined) command.option('--workers <n>', kind.workers, parsePositiveInteger);
  if (kind.archive)
    command.option(
      '--archive <path>',
      "write every message to this file, or to a file of its own in this folder/, before it is settled: NDJSON in gzip, as 'drain archive' takes it",
    );
  addFollowOptions(command);
  addBrakeOptions(command);
  return addCompetingOptions(addScheduleOptions(command));
}

/** The target that flags, configuration and environment name. */
export async function toTarget(
  context: Context,
  flags: DrainFlags,
  source: TargetDefaults,
): Promise<DrainTarget> {
  const config = await context.config();
  const stream = flags.stream ?? source.stream ?? config.defaults.stream;
  if (!stream) {
    throw new QctlError('usage', 'no stream is named to drain into', {
      code: 'STREAM_MISSING',
      hint: ['--stream NAME, stream: of the source in qctl.yaml, or REDIS_STREAM_NAME'],
    });
  }
  const settings = config.streams[stream];
  return {
    connection: await context.redisOptions(),
    stream,
    partitions: flags.partitions ?? source.partitions ?? settings?.partitions ?? 1,
    // A length in the configuration is what the stream's owner wants later; a backlog must not be cut by it.
    maxLen: flags.maxLen,
    fields: flags.field ?? source.fields ?? undefined,
    createGroup: flags.createGroup,
    durability: flags.durability ?? 'memory',
  };
}

/** The settings that the flags name, over those of the kind of source. */
export function toSettings(
  flags: DrainFlags,
  kind: Partial<DrainSettings>,
  source: TargetDefaults = {},
): DrainSettings {
  const given: Partial<DrainSettings> = {
    batch: flags.batch,
    workers: flags.workers,
    limit: flags.limit,
    ratePerSecond: flags.rate?.messages,
    bytesPerSecond: flags.rate?.bytes,
    brake: toBrake(flags, source.brake),
    ...toFollow(flags),
    settleMs: flags.settle,
    maxBodyBytes: flags.maxBodyBytes,
    allowEviction: flags.allowEviction,
    allowCompeting: flags.allowCompeting,
    refuseScheduled: flags.refuseScheduled,
    fresh: flags.fresh,
    resume: flags.resume,
    archive: flags.archive,
    verify: flags.verify,
  };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_SETTINGS, ...kind, ...Object.fromEntries(set) };
}

function parseDurability(text: string): string {
  if (text === 'memory' || text === 'aof' || /^wait:[1-9]\d*$/.test(text)) return text;
  throw new InvalidArgumentError('expected memory, wait:N or aof');
}

/** Collects `name=value`. */
export function collectPair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected name=value');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Collects a list, comma-separated or repeated. */
export function collectList(text: string, before: string[] = []): string[] {
  return [...before, ...text.split(',').map((part) => part.trim())].filter((part) => part !== '');
}
