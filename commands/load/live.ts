import type { LoadProgress, LoadSecond } from '../../src/load/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { sparkline } from '../term/sparkline.ts';
import { visibleWidth } from '../term/text.ts';
import { type Item, liveNumbers } from './live-numbers.ts';
import { latencyText, rateText } from './words.ts';

const PHASES: Record<LoadProgress['phase'], string> = {
  warmup: 'warming up',
  measure: 'measuring',
  drain: 'draining',
};

/** How a run stands, in a line. */
export function progressLine(progress: LoadProgress): string {
  const { last, soFar, counts, backlog } = progress;
  return [
    timeText(progress),
    ...(last ? [lastRateText(last)] : []),
    ...(soFar ? [`p99 ${latencyText(soFar.p99)}, max ${latencyText(soFar.max)}`] : []),
    `${grouped(backlog)} behind`,
    ...(troubles(counts) > 0 ? [`${grouped(troubles(counts))} errors`] : []),
  ].join(', ');
}

/**
 * How a run stands, as lines for a terminal of this width and height; two lines are left for a header.
 *
 * @param history the last seconds, the oldest first
 */
export function liveFrame(output: Output, progress: LoadProgress, history: readonly LoadSecond[]): string {
  const blocks = [
    [timeLine(output, progress)],
    liveNumbers(progress).flatMap(([name, items]) => fitted(output, name, items)),
    courses(output, history),
  ].filter((lines) => lines.length > 0);
  const lines = blocks.flat();
  const roomy = lines.length + blocks.length - 1 <= output.rows - 2;
  return `${(roomy ? blocks.map((block) => block.join('\n')) : lines).join(roomy ? '\n\n' : '\n')}\n`;
}

function timeText({ phase, elapsedMs, leftMs }: LoadProgress): string {
  const left = leftMs === null || phase === 'drain' ? '' : `, ${formatDuration(leftMs)} left`;
  return `${PHASES[phase]}, ${formatDuration(elapsedMs)}${left}`;
}

const BAR_SIGNS = { done: '█', left: '░' };
const LONGEST_BAR = 40;
const SHORTEST_BAR = 8;

function timeLine(output: Output, progress: LoadProgress): string {
  const { elapsedMs, leftMs, phase } = progress;
  const text = timeText(progress);
  const room = Math.min(LONGEST_BAR, output.columns - text.length - 2);
  if (leftMs === null || phase === 'drain' || room < SHORTEST_BAR) return text;
  const done = Math.round((elapsedMs / Math.max(1, elapsedMs + leftMs)) * room);
  return `${text}  ${BAR_SIGNS.done.repeat(done)}${colourOf(output).dim(BAR_SIGNS.left.repeat(room - done))}`;
}

function lastRateText({ confirmed, wanted }: LoadSecond): string {
  return wanted > 0 ? `${rateText(confirmed)} of ${rateText(wanted)}` : rateText(confirmed);
}

function troubles({ errors, failed, dropped }: LoadProgress['counts']): number {
  return errors + failed + dropped;
}

const NAME_WIDTH = 9;
const GAP = '   ';

/** A line of numbers, or several where they do not fit into one; none is broken. */
function fitted(output: Output, name: string, items: readonly Item[]): string[] {
  const { bold, dim, red } = colourOf(output);
  const lines: string[] = [];
  for (const { name: label, text, bad } of items) {
    const shown = `${dim(label)} ${bad ? red(text) : text}`;
    const last = lines.at(-1);
    const wide = NAME_WIDTH + visibleWidth(`${last}${GAP}${shown}`) > output.columns;
    if (last === undefined || wide) lines.push(shown);
    else lines[lines.length - 1] = `${last}${GAP}${shown}`;
  }
  return lines.map(
    (line, at) => `${at === 0 ? bold(name.padEnd(NAME_WIDTH)) : ' '.repeat(NAME_WIDTH)}${line}`,
  );
}

/** The last seconds, as many as fit: the newest are at the right. */
function courses(output: Output, history: readonly LoadSecond[]): string[] {
  if (history.length < 2) return [];
  const p99 = history.map(({ endToEnd, enqueue }) => (endToEnd ?? enqueue)?.p99 ?? null);
  const rate = history.map(({ phase, confirmed }) => (phase === 'drain' ? null : confirmed));
  return [course(output, 'p99', p99, latencyText), course(output, 'rate', rate, rateText)].filter(
    (line) => line !== '',
  );
}

const NOTE_WIDTH = 16;

function course(
  output: Output,
  name: string,
  values: readonly (number | null)[],
  text: (value: number) => string,
): string {
  const shown = values.slice(-Math.max(1, output.columns - NAME_WIDTH - NOTE_WIDTH));
  const top = shown.reduce<number | null>((a, b) => (a === null || (b !== null && b > a) ? b : a), null);
  if (top === null) return '';
  const { bold, cyan } = colourOf(output);
  return `${bold(name.padEnd(NAME_WIDTH))}${cyan(sparkline(shown, shown.length))}  up to ${text(top)}`;
}
