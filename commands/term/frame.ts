import { colourOf } from './colour.ts';
import type { Output } from './io.ts';
import { truncateColoured, visibleWidth } from './text.ts';

const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * What draws a header and a text over whatever stands on the screen, in one piece: nothing is cleared
 * before its new text is there. It never scrolls: what does not fit is cut, and said to be.
 */
export function composeFrame(output: Output, header: string, text: string): string {
  const { columns, rows } = output;
  const lines = [colourOf(output).dim(header), '', ...fitLines(output, text)].slice(0, rows);
  const drawn = lines.map((line) => {
    const cut = truncateColoured(line, columns);
    // Behind a full line the cursor stands on its last character, and clearing would take that away.
    return visibleWidth(cut) < columns ? `${cut}${CLEAR_LINE}` : cut;
  });
  const below = lines.length < rows ? `\r\n${CLEAR_BELOW}` : '';
  return `${HOME}${drawn.join('\r\n')}${below}`;
}

/** The lines for which there is room below the header and its empty line. */
function fitLines(output: Output, text: string): string[] {
  const lines = text.trimEnd().split('\n');
  const room = Math.max(1, output.rows - 2);
  if (lines.length <= room) return lines;
  const kept = lines.slice(0, room - 1);
  return [...kept, colourOf(output).dim(`… ${lines.length - kept.length} more lines`)];
}
