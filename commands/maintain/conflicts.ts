import type { Context } from '../context.ts';
import { usageError } from '../stream-work.ts';
import type { MaintainFlags } from './choose.ts';

/** The shortest interval that makes sense. */
export const MIN_EVERY_MS = 100;
/** What --follow does. */
const FOLLOWED = new Set(['scheduled', 'breakers']);

/** Throws before anything is connected to. */
export function refuseConflicts({ options }: Context, flags: MaintainFlags, follows: boolean): void {
  const { textfile, budget } = flags;
  if (textfile !== undefined && !textfile.endsWith('.prom'))
    throw usageError(
      '--textfile: expected a path that ends in .prom',
      'BAD_TEXTFILE',
      'node_exporter reads no other',
    );
  if (budget !== undefined && (budget <= 0 || budget > MOST_BUDGET_MS))
    throw usageError('--budget: expected more than 0s, and 1d at most', 'BAD_BUDGET', '--budget 45s');
  if (follows) refuseWithFollow(options, flags);
}

const MOST_BUDGET_MS = 86_400_000;

function refuseWithFollow(
  { output, outFile, dryRun }: Context['options'],
  { every, only = [], budget, textfile }: MaintainFlags,
): void {
  const conflict = (text: string, hint: string) => usageError(text, 'FOLLOW_CONFLICT', hint);
  if (every !== undefined && every < MIN_EVERY_MS)
    throw usageError('--every: expected an interval of 100ms or more', 'BAD_INTERVAL', '--every 1s');
  if (dryRun) throw conflict('--dry-run shows one look, --follow has no end', 'leave out one of the two');
  if (outFile !== undefined)
    throw conflict(
      '--out-file is written at the end, --follow has none',
      'redirect stdout, or leave out one of the two',
    );
  if (output !== 'table' && output !== 'ndjson')
    throw conflict(`-o ${output} is one document, --follow has no end`, 'use -o ndjson: it appends lines');
  if (budget !== undefined || textfile !== undefined)
    throw conflict(
      `${budget === undefined ? '--textfile' : '--budget'} is about one run, --follow has no end`,
      'leave out one of the two',
    );
  const other = only.find((part) => !FOLLOWED.has(part));
  if (other !== undefined)
    throw conflict(
      `--follow moves scheduled messages and looks after breakers; ${other} is for cron`,
      'leave out --follow',
    );
}
