import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from '../src/model/duration.ts';
import {
  CONNECTION_FLAGS,
  type Flag,
  type FlagScope,
  globalFlags,
  type OutputFormat,
  type System,
} from './flags.ts';

/** The global flags, read. */
export interface GlobalOptions {
  output: OutputFormat;
  outFile?: string;
  profile?: string;
  config?: string;
  quiet: boolean;
  verbose: boolean;
  yes: boolean;
  dryRun: boolean;
  /** `--timeout`, in milliseconds. */
  timeoutMs?: number;
  /** `--watch`: from the start of one run of the action to the start of the next, in milliseconds. */
  watchMs?: number;
}

/** Adds the flags of {@link globalFlags}, in a help group of their own. */
export function addGlobalOptions<C extends Command>(command: C, scope: FlagScope): C {
  for (const flag of globalFlags(scope)) {
    const option = toOption(flag).helpGroup('Global options:');
    if (flag.flags.startsWith('--timeout')) option.argParser(parseDuration);
    if (flag.flags.startsWith('--watch')) option.argParser(parseWatchInterval);
    command.addOption(option);
  }
  return command;
}

/** Adds the connection flags of these systems; the context reads them by itself. */
export function addConnectionOptions<C extends Command>(command: C, systems: readonly System[]): C {
  for (const flag of systems.flatMap((system) => CONNECTION_FLAGS[system])) {
    command.addOption(toOption(flag).helpGroup('Connection options:'));
  }
  return command;
}

/** A flag as commander knows it. */
export function toOption(flag: Flag): Option {
  const option = new Option(flag.flags, flag.description);
  return flag.choices ? option.choices([...flag.choices]) : option;
}

/** Parser for `.option('--idle <duration>', …, parseDuration)`: milliseconds. */
export function parseDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new InvalidArgumentError('expected a duration such as 500ms, 30s, 5m or 1h30m');
  return ms;
}

/** The interval of a bare `--watch`. */
export const DEFAULT_WATCH = '2s';
const MIN_WATCH_MS = 100;
// Timers of Node end at 24 days.
const MAX_WATCH_MS = 86_400_000;

/** Parser for `--watch`: milliseconds from 100ms to 1d. */
export function parseWatchInterval(text: string): number {
  const ms = parseDuration(text);
  if (ms >= MIN_WATCH_MS && ms <= MAX_WATCH_MS) return ms;
  throw new InvalidArgumentError('expected an interval from 100ms to 1d');
}

/** Parser for a count: a whole number from 1. */
export function parsePositiveInteger(text: string): number {
  return parseWholeNumber(text, 1);
}

/** Parser for a whole number from 0. */
export function parseNonNegativeInteger(text: string): number {
  return parseWholeNumber(text, 0);
}

function parseWholeNumber(text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError(`expected a whole number from ${least}`);
}

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600 };

/** Parser for a rate: `500/s`, `30000/m` or plain `500`, in messages a second. */
export function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:\/(s|m|h))?$/.exec(text);
  const perSecond = match ? Number(match[1]) / SECONDS[match[2] ?? 's']! : 0;
  if (perSecond <= 0) throw new InvalidArgumentError('expected a rate such as 500/s or 30000/m');
  return perSecond;
}
