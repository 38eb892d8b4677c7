import { type Command, InvalidArgumentError } from 'commander';
import { type Operand, parseRange, type Range, type Thresholds } from '../../src/checks/index.ts';
import { QctlError } from '../../src/errors.ts';
import type { Context } from '../context.ts';

/** What is judged by a pair of flags. */
export interface ThresholdFlags {
  /** What it is, as the help says it: `the lag`. */
  what: string;
  operand?: Operand;
  /** Of `--warning-age`: `age`. Without it the flags are `-w, --warning` and `-c, --critical`. */
  suffix?: string;
  /** As the help says them. */
  defaults?: { warning?: string; critical?: string };
}

const EXAMPLES: Record<Operand, string> = {
  number: '1000, 10:, ~:10, 10:20 or @10:20',
  duration: '5m, 300 (seconds), 10s: or @1m:5m',
  percent: '80, 80% or 20:80',
};

/** Adds the two flags. The defaults are shown only; the command applies them. */
export function addThresholds<C extends Command>(command: C, given: ThresholdFlags): C {
  const { what, operand = 'number', suffix, defaults = {} } = given;
  const parse = (text: string) => parseThreshold(text, operand);
  for (const name of ['warning', 'critical'] as const) {
    const flag = suffix ? `--${name}-${suffix}` : `-${name[0]}, --${name}`;
    const shown = defaults[name] === undefined ? '' : ` (default: ${defaults[name]})`;
    command.option(`${flag} <range>`, `${name.toUpperCase()} where ${what} is outside of it${shown}`, parse);
  }
  return command;
}

/** Adds what a range is to the help. */
export function addRangeHelp<C extends Command>(command: C): C {
  return command.addHelpText(
    'after',
    `
Ranges are those of the Nagios plugins, their ends are no alert:
  10      outside 0 to 10, that is above 10
  10:     below 10
  10:20   outside 10 to 20
  @10:20  from 10 to 20, the ends included
Of ages and idle times: 5m, 1h30m:, @10s:1m; a bare number is seconds.`,
  );
}

function parseThreshold(text: string, operand: Operand): Range {
  const range = parseRange(text, operand);
  if (range) return range;
  throw new InvalidArgumentError(`expected a range such as ${EXAMPLES[operand]}`);
}

/** Whether anything is to be judged. */
export function isGiven({ warning, critical }: Thresholds): boolean {
  return warning !== undefined || critical !== undefined;
}

/**
 * Throws `usage` where a check has nothing to judge by: it would be OK whatever it found. Metrics need
 * no thresholds, Prometheus has rules of its own.
 */
export function requireThresholds(context: Context, flags: string, ...all: Thresholds[]): void {
  if (all.some(isGiven) || context.options.output === 'prometheus') return;
  throw new QctlError('usage', 'no threshold is given, so that nothing could ever be wrong', {
    code: 'THRESHOLD_MISSING',
    hint: [`give at least one of ${flags}`, '-o prometheus needs none'],
  });
}

/** A default threshold, written as a flag's value. */
export function defaultRange(text: string, operand: Operand = 'number'): Range {
  return parseRange(text, operand)!;
}
