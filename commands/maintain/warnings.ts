import type { BreakerWork, Leftover, StreamWork } from '../../src/maintain/index.ts';
import { forgottenWarning } from '../breaker/warn-forgotten.ts';
import type { Context } from '../context.ts';
import { printable } from '../term/text.ts';
import { leftoverWarning } from './format-leftovers.ts';

/** What of a plan or a report somebody should look at. */
export interface Warned {
  breakers: readonly BreakerWork[];
  leftovers: readonly Leftover[];
  streams: readonly StreamWork[];
  lostHolder?: string | null;
}

/** Shouts about what somebody should look at, so that cron mails it; `--quiet` silences it. */
export function warn({ io, options }: Context, { breakers, leftovers, streams, lostHolder }: Warned): void {
  if (options.quiet) return;
  for (const work of breakers) io.stderr.write(warningOf(work) ?? '');
  for (const leftover of leftovers) io.stderr.write(leftoverWarning(leftover));
  for (const { stream, part, warning } of streams)
    if (warning !== null)
      io.stderr.write(`qctl: warning: ${printable(`${part} of ${stream}: ${warning}`)}\n`);
  if (lostHolder)
    io.stderr.write(`qctl: warning: the run before ended without a word: ${printable(lostHolder)}\n`);
}

/** Shouts about an override that is forgotten; nothing for all other work. */
export function warningOf({ outcome, name, override, ageMs }: BreakerWork): string | undefined {
  if (outcome !== 'forgotten' || !override || ageMs === null) return undefined;
  return forgottenWarning({ name, override, ageMs });
}
