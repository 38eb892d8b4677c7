import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { grouped } from '../term/number.ts';
import type { Unit } from './metrics.ts';

/** A value as a person reads it: `5,210`, `4m12s`, `0.21ms`, `81.5%`, `1.2 MiB`. */
export function formatValue(value: number, unit: Unit): string {
  if (unit === 'percent') return `${plainNumber(Math.round(value * 10) / 10)}%`;
  if (unit === 'bytes') return formatBytes(value);
  if (unit !== 'ms') return grouped(value);
  // Of a round trip on one host the whole milliseconds are all 0.
  return value < 10 && value > 0 ? `${plainNumber(Math.round(value * 100) / 100)}ms` : formatDuration(value);
}

/** Decimal digits without exponent and without zeros at the end. */
export function plainNumber(value: number): string {
  return value.toFixed(6).replace(/\.?0+$/, '');
}
