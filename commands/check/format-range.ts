import type { Range } from '../../src/checks/index.ts';
import { plainNumber } from './format-value.ts';
import type { Unit } from './metrics.ts';

/** Which values a range alerts on, as a person says it: `above 5000`, `below 5m`, `from 10 to 20`. */
export function describeRange(range: Range, unit: Unit): string {
  const [start, end] = operands(range.text).map((text) => withUnit(text, unit)) as [string, string];
  const fromStart = range.start > 0;
  const toEnd = range.end !== Number.POSITIVE_INFINITY;
  if (range.inside) {
    if (fromStart && toEnd) return `from ${start} to ${end}`;
    return fromStart ? `from ${start}` : toEnd ? `up to ${end}` : 'always';
  }
  if (fromStart && toEnd) return `outside ${start} to ${end}`;
  return toEnd ? `above ${end}` : `below ${start || 0}`;
}

function operands(text: string): [start: string, end: string] {
  const [first = '', second] = text.replace(/^@/, '').split(':');
  return second === undefined ? ['', first] : [first, second];
}

/** A bare number means seconds where durations are expected, and percent where those are. */
function withUnit(text: string, unit: Unit): string {
  if (text === '' || !/[\d.]$/.test(text)) return text;
  return `${text}${unit === 'ms' ? 's' : unit === 'percent' ? '%' : ''}`;
}

/** A range as performance data has it: in seconds where the value is. */
export function perfRange(range: Range | undefined, unit: Unit): string {
  if (!range) return '';
  const { start, end, inside } = range;
  const scale = unit === 'ms' ? 1000 : 1;
  const to = end === Number.POSITIVE_INFINITY ? '' : plainNumber(end / scale);
  const from = start === Number.NEGATIVE_INFINITY ? '~:' : `${plainNumber(start / scale)}:`;
  return `${inside ? '@' : ''}${start === 0 && to !== '' ? '' : from}${to}`;
}
