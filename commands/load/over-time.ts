import type { LoadResult, LoadSecond } from '../../src/load/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { condense, type Pick, sparkline } from '../term/sparkline.ts';
import { latencyText, rateText } from './words.ts';

/** One line of the course of a run. */
interface Course {
  name: string;
  pick: Pick;
  values: (number | null)[];
  text: (value: number) => string;
}

const PIPE_COLUMNS = 80;
const NAME_WIDTH = 6;
const MIN_SIGNS = 10;

/** A run over its time: p99, rate and lag as lines of signs, and below them where something was done to it. */
export function formatOverTime(output: Output, result: LoadResult): string {
  const courses = coursesOf(result).filter(({ values }) => values.some((value) => value !== null));
  if (courses.length === 0) return '';
  const { seconds } = result;
  const columns = Math.min(output.columns, Number.isFinite(output.columns) ? 200 : PIPE_COLUMNS);
  const notes = courses.map(noteOf);
  const room = columns - NAME_WIDTH - 2 - Math.max(...notes.map(({ length }) => length));
  const width = Math.min(seconds.length, Math.max(MIN_SIGNS, room));
  const lines = courses.map(({ name, values, pick }, at) => {
    const signs = sparkline(values, width, pick).padEnd(width);
    return `${name.padEnd(NAME_WIDTH)}${signs}  ${notes[at]}`;
  });
  const marks = marksOf(result, width);
  const all = marks.trim() === '' ? lines : [...lines, `${' '.repeat(NAME_WIDTH)}${marks}`];
  const perSign = formatDuration((seconds.length / width) * 1000);
  return `${[...all, `a sign is ${perSign}${legendOf(marks)}`].map((line) => line.trimEnd()).join('\n')}\n`;
}

function coursesOf({ seconds, latency }: LoadResult): Course[] {
  const stage = latency.endToEnd ? 'endToEnd' : 'enqueue';
  // In the drain nothing is sent any more: that the rate is 0 then says nothing.
  const sending = (value: (second: LoadSecond) => number) =>
    seconds.map((second) => (second.phase === 'drain' ? null : value(second)));
  const lag = seconds.map(({ backend }) => backend?.lag ?? null);
  return [
    {
      name: 'p99',
      pick: 'most',
      values: seconds.map((second) => second[stage]?.p99 ?? null),
      text: latencyText,
    },
    { name: 'rate', pick: 'least', values: sending(({ confirmed }) => confirmed), text: rateText },
    { name: 'lag', pick: 'most', values: lag, text: grouped },
  ];
}

function noteOf({ values, pick, text }: Course): string {
  const known = values.filter((value) => value !== null);
  const most = known.reduce((a, b) => Math.max(a, b));
  if (pick === 'most') return `up to ${text(most)}`;
  return `${text(known.reduce((a, b) => Math.min(a, b)))} to ${text(most)}`;
}

/** `w` for the warm-up, `d` for the drain, `F` where a fault was caused. */
function marksOf({ seconds, faults }: LoadResult, width: number): string {
  const marks = seconds.map(({ phase }): number | null =>
    phase === 'warmup' ? MARKS.indexOf('w') : phase === 'drain' ? MARKS.indexOf('d') : null,
  );
  for (const { atMs } of faults) {
    const second = Math.floor(atMs / 1000);
    if (second < marks.length) marks[second] = MARKS.indexOf('F');
  }
  return condense(marks, width)
    .map((mark) => (mark === null ? ' ' : MARKS[mark]))
    .join('');
}

/** The later ones hide the earlier where they fall on one sign. */
const MARKS = ['w', 'd', 'F'];
const MEANINGS: Record<string, string> = { w: 'warm-up', F: 'a fault', d: 'drain' };

function legendOf(marks: string): string {
  const told = Object.entries(MEANINGS).filter(([mark]) => marks.includes(mark));
  const gaps = '; blank: nothing ended, or nothing is known';
  return `${told.map(([mark, meaning]) => `, ${mark} ${meaning}`).join('')}${gaps}`;
}
