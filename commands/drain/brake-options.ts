import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BrakeConfig } from '../../src/config/schema.ts';
import type { BrakeLimits } from '../../src/drain/index.ts';
import { type MemoryLimit, parseMemoryLimit, parseRateLimit, type Rate } from '../../src/model/limits.ts';
import { parsePositiveInteger } from '../options.ts';

/** The flags that hold a drain back. */
export interface BrakeFlags {
  maxLag?: number;
  maxStreamLength?: number;
  maxMemory?: MemoryLimit;
  maxSourceLoad?: string;
  stopFile?: string;
}

/** Adds those that every source has. */
export function addBrakeOptions<C extends Command>(command: C): C {
  command
    .option(
      '--max-lag <n>',
      'stand still while a consumer group of the stream has so many entries before it',
      parsePositiveInteger,
    )
    .option(
      '--max-stream-length <n>',
      'stand still while the stream holds so many entries',
      parsePositiveInteger,
    )
    .option(
      '--max-memory <limit>',
      'stand still while Redis uses so much: 80% of its maxmemory, or 2GB',
      parseMemory,
    )
    .option('--stop-file <path>', 'stand still while this file exists');
  return command;
}

/** For sources that can be asked. */
export function sourceLoadOption(): Option {
  return new Option(
    '--max-source-load <sql>',
    'stand still while this query over the source gives true or a number above 0',
  );
}

/** The limits of flags and configuration; each flag wins over its counterpart. */
export function toBrake(flags: BrakeFlags, configured: BrakeConfig = {}): BrakeLimits {
  const fromFile = configured.maxMemory === undefined ? undefined : parseMemoryLimit(configured.maxMemory);
  const limits: BrakeLimits = {
    maxLag: flags.maxLag ?? configured.maxLag,
    maxStreamLength: flags.maxStreamLength ?? configured.maxStreamLength,
    maxMemory: flags.maxMemory ?? fromFile,
    maxSourceLoad: flags.maxSourceLoad ?? configured.maxSourceLoad,
    stopFile: flags.stopFile ?? configured.stopFile,
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** Parser for `--rate`. */
export function parseFlow(text: string): Rate {
  const rate = parseRateLimit(text);
  if (!rate) throw new InvalidArgumentError('expected a rate such as 500/s, 30000/m or 5MB/s');
  return rate;
}

function parseMemory(text: string): MemoryLimit {
  const limit = parseMemoryLimit(text);
  if (!limit) throw new InvalidArgumentError('expected a part such as 80% or an amount such as 2GB');
  return limit;
}
