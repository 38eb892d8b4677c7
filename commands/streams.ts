import type { Command } from 'commander';
import { isPattern } from '../src/config/streams.ts';
import { formatDuration } from '../src/model/duration.ts';
import type { StreamSettings } from '../src/streams/index.ts';
import { parsePositiveInteger } from './options.ts';
import { grouped } from './term/number.ts';

/** An age as a cell: `3m12s`; null where it is not known. */
export function ageText(ms: number | null): string | null {
  return ms === null ? null : formatDuration(ms);
}

/** What is known of a lag. Null where there is nobody who could lag. */
export interface KnownLag {
  lag: number | null;
  lagAtLeast: number | null;
  lagAtMost: number | null;
}

/** So much was counted before the count was given up: what may lie above is of no interest. */
const MUCH = 50;

/** A lag as a cell: `12`, `≥1,000` where counting was given up, `1..1,200` where it is between the two. */
export function lagText({ lag, lagAtLeast, lagAtMost }: KnownLag): string | null {
  if (lag !== null) return grouped(lag);
  if (lagAtLeast === null || lagAtMost === null) return null;
  if (lagAtLeast >= MUCH) return `≥${grouped(lagAtLeast)}`;
  return `${grouped(lagAtLeast)}..${grouped(lagAtMost)}`;
}

/** See {@link addCountOption}. */
export interface CountFlags {
  countUpTo: number;
}

/** Counted together with the facts, at the same instant; what lies above is counted after that, page by page. */
export const COUNTED_AT_ONCE = 1000;

/** Adds `--count-up-to`. */
export function addCountOption<C extends Command>(command: C): C {
  const text = 'count a lag that Redis does not know, up to so many entries (default: 100000)';
  return command.option('--count-up-to <n>', text, parsePositiveInteger, 100_000);
}

/** Whether an argument may mean several streams: its result is a list then, even of one. */
export function isSeveral(argument: string | undefined, chosen: readonly StreamSettings[]): boolean {
  // A stream whose name looks like a pattern is that one stream.
  if (chosen.length === 1 && chosen[0]!.stream === argument) return false;
  return chosen.length > 1 || (argument !== undefined && isPattern(argument));
}
