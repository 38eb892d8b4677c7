import { formatDuration } from '../../src/model/duration.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type Column, formatTable } from '../term/table.ts';
import { printable, visibleWidth, wrap } from '../term/text.ts';
import type { ShownBreaker } from './chosen.ts';
import { type Concern, concernOf, nextText, silentForMs, sinceText, stateText, whyText } from './wording.ts';

/** Columns that reasons need to be read beside the others; where there are less, they stand below their rows. */
const ROOM_FOR_WHY = 24;

/** A row for each breaker; one that says why goes on below where the terminal is narrow. */
export function formatBreakers(output: Output, breakers: readonly ShownBreaker[]): string {
  const columns = columnsOf(output, breakers);
  const why: Column<ShownBreaker> = { head: 'WHY', value: whyText, wrap: true };
  const whole = formatTable({ ...output, columns: Number.POSITIVE_INFINITY }, columns, breakers);
  const width = Math.max(...whole.split('\n').map(visibleWidth));
  const left = output.columns - width;
  if (left < 0 || left >= ROOM_FOR_WHY) return formatTable(output, [...columns, why], breakers);
  const [head, ...rows] = whole.trimEnd().split('\n');
  return `${[head, ...rows.flatMap((row, at) => [row, ...whyLines(output, breakers[at]!)])].join('\n')}\n`;
}

function columnsOf(output: Output, breakers: readonly ShownBreaker[]): Column<ShownBreaker>[] {
  const columns: Column<ShownBreaker>[] = [
    { head: 'BREAKER', value: ({ name }) => name, whole: true },
    { head: 'STATE', value: stateText, whole: true, style: (text, one) => painted(output, text, one) },
    { head: 'SINCE', value: sinceText, align: 'right' },
    { head: 'NEXT', value: nextText, whole: true },
    { head: 'FAILED', value: failedText, align: 'right' },
    { head: 'REJECTED', value: rejectedText, align: 'right' },
  ];
  if (breakers.some((one) => silentForMs(one) !== null))
    columns.push({ head: 'SEEN', value: lastSeenText, align: 'right' });
  return columns;
}

function whyLines(output: Output, one: ShownBreaker): string[] {
  const why = whyText(one);
  if (why === null) return [];
  const text = wrap(printable(why), Math.max(1, output.columns - 2));
  return text.split('\n').map((line) => `  ${line}`);
}

function failedText({ known, counts: { ok, failed } }: ShownBreaker): string | null {
  return known ? `${grouped(failed)}/${grouped(ok + failed)}` : null;
}

function rejectedText({ known, counts }: ShownBreaker): string | null {
  return known ? grouped(counts.rejected) : null;
}

function lastSeenText(one: ShownBreaker): string | null {
  const ms = silentForMs(one);
  if (ms !== null) return formatDuration(ms);
  return one.seenMs === null ? null : 'now';
}

const PAINT: Record<Concern, 'red' | 'yellow' | undefined> = {
  open: 'red',
  'half-open': 'yellow',
  held: 'yellow',
  closed: undefined,
};

/** A state in the colour of its concern; plain where all is well. */
export function painted(output: Output, text: string, one: ShownBreaker): string {
  const paint = paintOf(one);
  return paint ? colourOf(output)[paint](text) : text;
}

/** See {@link painted}. */
export function paintOf(one: ShownBreaker): 'red' | 'yellow' | undefined {
  return PAINT[concernOf(one)];
}
