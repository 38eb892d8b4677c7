import { formatDuration } from '../../src/model/duration.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import type { Column } from '../term/table.ts';
import type { ShownBreaker } from './chosen.ts';
import { formatWithWhy } from './why-table.ts';
import { type Concern, concernOf, nextText, silentForMs, sinceText, stateText, whyText } from './wording.ts';

/** A row for each breaker; one that says why goes on below where the terminal is narrow. */
export function formatBreakers(output: Output, breakers: readonly ShownBreaker[]): string {
  return formatWithWhy(output, columnsOf(output, breakers), { head: 'WHY', text: whyText }, breakers);
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
