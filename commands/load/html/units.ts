import { grouped } from '../../term/number.ts';
import { bytesText, coresText, latencyText, rateText } from '../words.ts';
import type { Unit } from './chart.ts';

const TEXTS: Record<Unit, (value: number) => string> = {
  ms: latencyText,
  perSecond: rateText,
  count: grouped,
  bytes: (value) => bytesText(value)!,
  cores: (value) => coresText(value)!,
};

/** A value in full; a gap is a dash. */
export function valueText(unit: Unit, value: number | null): string {
  return value === null ? '-' : TEXTS[unit](value);
}

/** A value on an axis, where there is little room. */
export function tickText(unit: Unit, value: number): string {
  if (unit === 'ms') return value < 1000 ? `${short(value)}ms` : `${short(value / 1000)}s`;
  if (unit === 'bytes') return bytesText(value)!.replace('.0 ', ' ');
  if (unit === 'cores') return short(value);
  const text = countText(value);
  return unit === 'perSecond' ? `${text}/s` : text;
}

function countText(value: number): string {
  if (value >= 1e6) return `${short(value / 1e6)}M`;
  if (value >= 1e4) return `${short(value / 1e3)}k`;
  return value < 10 ? short(value) : grouped(value);
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
