import { InvalidArgumentError } from 'commander';
import type { QctlCommand } from '../command.ts';
import { addConnectionOptions, parseDuration } from '../options.ts';

/** `--reason` and `--create`. */
export interface SteerFlags {
  reason?: string;
  create?: boolean;
}

const WHY = 'why, for those who look at the breaker later';

/** Adds `--reason` and the connection to Redis. */
export function addSteerOptions(command: QctlCommand, reason: 'needed' | 'optional'): QctlCommand {
  if (reason === 'needed') command.requiredOption('--reason <text>', `${WHY} (needed)`, parseReason);
  else command.option('--reason <text>', WHY, parseReason);
  return addConnectionOptions(command, ['redis']);
}

/** Adds `--create`. */
export function addCreateOption(command: QctlCommand): QctlCommand {
  return command.option('--create', 'also a breaker that neither Redis nor qctl.yaml knows');
}

/** Stands in every list, event and status line. */
const MOST_REASON = 300;

function parseReason(text: string): string {
  const reason = text.trim();
  if (reason === '') throw new InvalidArgumentError('expected a text that says why');
  if (reason.length > MOST_REASON)
    throw new InvalidArgumentError(
      `expected at most ${MOST_REASON} characters: put the rest into the ticket`,
    );
  return reason;
}

/** The longest that a trip or an override with an end may last, in ms. */
export const YEAR_MS = 365 * 86_400_000;

/** Parser for how long a trip or an override lasts: milliseconds, from 1s to a year. */
export function parseSpan(text: string): number {
  const ms = parseDuration(text);
  if (ms >= 1000 && ms <= YEAR_MS) return ms;
  throw new InvalidArgumentError('expected a duration from 1s to 365d');
}
