import { visibleWidth } from '../term/text.ts';
import type { Head, Row } from './table.ts';

/** A column that has found room. */
export interface Fitted {
  /** Which column of the table. */
  at: number;
  width: number;
}

/** Between two columns. */
export const GAP = 2;
const LEAST_TEXT = 12;

/**
 * The columns for which there is room, in their order: the less important are left out first, texts are cut
 * before anything is left out, and what then remains goes to lines of signs.
 *
 * @param width Infinity where nothing has to fit
 */
export function fitColumns(heads: readonly Head[], rows: readonly Row[], width: number): Fitted[] {
  const sizes = heads.map((head, at) => sizeOf(head, at, rows));
  const kept: number[] = [];
  let left = width + GAP;
  for (const at of byRank(heads)) {
    const needed = sizes[at]!.least + GAP;
    if (needed > left && heads[at]!.rank > 0) continue;
    kept.push(at);
    left -= needed;
  }
  const widths = sizes.map(({ least }) => least);
  left = grow(widths, kept, heads, (at) => sizes[at]!.natural, left);
  if (width !== Number.POSITIVE_INFINITY) growEvenly(widths, kept, heads, left);
  // Even what always stays has to end somewhere.
  return kept.toSorted((a, b) => a - b).map((at) => ({ at, width: Math.min(widths[at]!, width) }));
}

function byRank(heads: readonly Head[]): number[] {
  return heads.map((_, at) => at).toSorted((a, b) => heads[a]!.rank - heads[b]!.rank);
}

function growsAt({ grows, rank }: Head): number {
  return grows ?? rank;
}

function sizeOf(head: Head, at: number, rows: readonly Row[]): { least: number; natural: number } {
  if (head.most !== undefined) {
    const least = Math.max(head.least ?? LEAST_TEXT, head.head.length);
    return { least, natural: least };
  }
  const values = rows.reduce((most, row) => Math.max(most, visibleWidth(row.cell(at, 0))), 0);
  const natural = Math.max(values, head.head.length);
  const cut = head.align === 'right' ? Math.max(values, (head.short ?? head.head).length) : head.least;
  return { least: Math.min(natural, cut ?? LEAST_TEXT), natural };
}

/** Gives each its natural width, one after the other. Gives back what is left then. */
function grow(
  widths: number[],
  kept: readonly number[],
  heads: readonly Head[],
  natural: (at: number) => number,
  room: number,
): number {
  let left = room;
  for (const at of kept.toSorted((a, b) => growsAt(heads[a]!) - growsAt(heads[b]!))) {
    const more = Math.max(0, natural(at) - widths[at]!);
    // The whole of a heading stands above numbers, or its short form.
    if (more > left && heads[at]!.align === 'right') continue;
    widths[at]! += Math.min(more, left);
    left -= Math.min(more, left);
  }
  return left;
}

function growEvenly(widths: number[], kept: readonly number[], heads: readonly Head[], room: number): void {
  const growing = kept.filter((at) => heads[at]!.most !== undefined);
  const share = Math.max(0, Math.floor(room / growing.length));
  for (const at of growing) widths[at] = Math.min(heads[at]!.most!, widths[at]! + share);
}
