import type { Output } from '../term/io.ts';
import { truncateColoured, visibleWidth } from '../term/text.ts';

const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * What makes a screen that shows some lines show others: only lines that differ are written, each over the old one,
 * so that nothing flickers. Where nothing is known of the screen all of it is written.
 *
 * @param before undefined: whatever stands there
 */
export function drawChanges(
  { columns, rows }: Pick<Output, 'columns' | 'rows'>,
  before: readonly string[] | undefined,
  lines: readonly string[],
): string {
  const shown = lines.slice(0, rows);
  const drawn = shown.map((line, at) => (before?.[at] === line ? '' : drawLine(line, at, columns)));
  const shorter = shown.length < rows && (before === undefined || before.length > shown.length);
  return `${drawn.join('')}${shorter ? `${cursorAt(shown.length)}${CLEAR_BELOW}` : ''}`;
}

function drawLine(line: string, at: number, columns: number): string {
  const cut = truncateColoured(line, columns);
  // Behind a full line the cursor stands on its last character, and clearing would take that away.
  return `${cursorAt(at)}${cut}${visibleWidth(cut) < columns ? CLEAR_LINE : ''}`;
}

function cursorAt(line: number): string {
  return `\x1b[${line + 1};1H`;
}
