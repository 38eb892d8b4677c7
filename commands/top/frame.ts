import { colourOf } from '../term/colour.ts';
import { printable, truncate } from '../term/text.ts';
import { contentOf } from './content.ts';
import { footerLine, headLines } from './head.ts';
import { helpLines } from './help.ts';
import { drawTable } from './render-table.ts';
import { chosenRows, sortsOf } from './rows.ts';
import { type Scene, sized } from './scene.ts';
import { type Extent, type Page, pageOf, placeOf, type TopState } from './state.ts';
import type { Table, Text } from './table.ts';

/** What is on the screen, line by line, and what keys go by. */
export interface Frame {
  lines: string[];
  extent: Extent;
}

/** What a frame is made of besides the state. */
export interface Stage extends Scene {
  /** Why what is shown is old: a clause; null while it is not. */
  old: string | null;
  /** False: nothing can be typed. */
  keys: boolean;
}

const LEAST_COLUMNS = 40;
const LEAST_ROWS = 8;
const NOTHING: Extent = { rows: [], at: 0, top: 0, room: 1, lines: null, sorts: [] };

/** The whole screen: no line is wider than the terminal, and there are no more of them than it has. */
export function frameOf(stage: Stage, state: TopState): Frame {
  const { output, old } = stage;
  const { columns, rows } = output;
  if (columns < LEAST_COLUMNS || rows < LEAST_ROWS) return tooSmall(stage);
  const calm = { ...stage, output: sized(output, { columns, colour: output.colour && old === null }) };
  const above = headLines(stage, state);
  const room = rows - above.length - 1;
  const middle = middleOf(calm, state, room);
  const { dim } = colourOf(output);
  const shown = middle.lines.map((line) => (old === null ? line : dim(line)));
  const blanks = Array.from({ length: Math.max(0, room - shown.length) }, () => '');
  const footer = footerLine(stage, state, middle.extent);
  return { lines: [...above, ...shown, ...blanks, footer], extent: middle.extent };
}

function tooSmall({ output: { columns, rows } }: Stage): Frame {
  const text = `too small: ${columns}x${rows}, needs ${LEAST_COLUMNS}x${LEAST_ROWS}`;
  return { lines: [truncate(text, columns)], extent: NOTHING };
}

function middleOf(stage: Stage, state: TopState, room: number): Frame {
  if (state.help !== null) return linesFrame(helpLines(stage.output), state.help, room);
  const content = contentOf(stage, state.view, placeOf(state));
  const page = pageOf(state);
  return content.kind === 'table' ? rowsFrame(stage, content, page, room) : textFrame(content, page, room);
}

function rowsFrame({ output }: Stage, table: Table, page: Page, all: number): Frame {
  const rows = chosenRows(table, page);
  const room = Math.max(1, all - 1);
  const found = page.selected === null ? 0 : rows.findIndex(({ key }) => key === page.selected);
  const at = Math.max(0, Math.min(found < 0 ? page.at : found, rows.length - 1));
  const top = Math.max(0, Math.min(Math.max(page.top, at - room + 1), at, Math.max(0, rows.length - room)));
  const extent = { rows, at, top, room, lines: null, sorts: sortsOf(table) };
  if (rows.length === 0) return { lines: [emptyLine(table, page, output.columns)], extent };
  const seen = rows.slice(top, top + room);
  const drawn = drawTable(table, seen, { output, width: output.columns, sort: page }, at - top);
  return { lines: [drawn.head, ...drawn.rows], extent };
}

function emptyLine({ rows, empty }: Table, { filter }: Page, columns: number): string {
  const text = rows.length > 0 ? `nothing matches ${filter}` : empty;
  return truncate(`  ${printable(text)}`, columns);
}

function textFrame({ lines }: Text, page: Page, room: number): Frame {
  const wanted = page.filter.toLowerCase();
  const chosen = wanted === '' ? lines : lines.filter((line) => line.toLowerCase().includes(wanted));
  return linesFrame(chosen, page.top, room);
}

function linesFrame(lines: readonly string[], wanted: number, room: number): Frame {
  const top = Math.max(0, Math.min(wanted, lines.length - room));
  return { lines: lines.slice(top, top + room), extent: { ...NOTHING, top, room, lines: lines.length } };
}
