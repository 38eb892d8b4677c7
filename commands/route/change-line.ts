import type { RouteChangeRecord } from '../../src/routing/index.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { printable, wrapLines } from '../term/text.ts';
import { changedRows } from './format-change.ts';

/** A change that somebody saw; `lost`: it is not there any more, and nobody has removed it. */
export type SeenChange = RouteChangeRecord & { lost?: boolean };

/**
 * One change as a line: `2026-11-22T02:00:00Z  v7  percent 5% -> 25%; by ann@desk: second step`.
 *
 * @param before the change before it; undefined: nobody knows
 */
export function changeLines(
  output: Output,
  change: SeenChange,
  before: RouteChangeRecord | undefined,
): string {
  const { version, changedAt, changedBy, reason, route, lost } = change;
  const at = changedAt === null ? '-' : `${changedAt.slice(0, 19)}Z`;
  const by = changedBy === null ? '' : `; by ${changedBy}`;
  const why = reason === null ? '' : `: ${reason}`;
  const gone = lost ? 'lost, by nobody: processes keep the last that they know' : 'removed';
  const what = route === null ? gone : whatText(change, before);
  const line = `  v${version}  ${printable(`${what}${by}${why}`)}`;
  return `${colourOf(output).dim(at)}${wrapLines(line, Math.max(20, output.columns - at.length))}\n`;
}

function whatText({ route }: RouteChangeRecord, before: RouteChangeRecord | undefined): string {
  const rows = changedRows({ prior: before?.route ?? null, next: route }).filter(
    ({ what }) => what !== 'version',
  );
  return rows
    .map(({ what, before: was, now }) => `${what} ${was === null ? '' : `${was} -> `}${now ?? 'none'}`)
    .join(', ');
}
