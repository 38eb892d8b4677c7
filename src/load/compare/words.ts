import { formatBytes } from '../../model/bytes.ts';
import { grouped } from '../../model/grouped.ts';
import type { MeasureUnit } from './kinds.ts';

/** A value as a person reads it: `12.3 ms`, `1.42 s`, `1,000/s`, `3`; `-` where it is not known. */
export function valueText(value: number | null, unit: MeasureUnit): string {
  if (value === null) return '-';
  if (value < 0) return `-${valueText(-value, unit)}`;
  if (unit === 'ms') return value < 1000 ? `${digits(value)} ms` : `${digits(value / 1000)} s`;
  if (unit === 'perSecond') return `${value < 100 ? digits(value) : grouped(value)}/s`;
  if (unit === 'bytes') return formatBytes(Math.round(value));
  return unit === 'cores' || !Number.isInteger(value) ? digits(value) : grouped(value);
}

/** `+12.3 %`, `-0.4 %`, `0 %`; `-` where it is not known. */
export function percentText(part: number | null): string {
  if (part === null) return '-';
  const percent = Math.abs(part) < 0.0005 ? 0 : Number((part * 100).toPrecision(3));
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

/** With its sign: `+1.5 ms`. */
export function changeText(change: number | null, unit: MeasureUnit): string {
  return change !== null && change > 0 ? `+${valueText(change, unit)}` : valueText(change, unit);
}

/** `0.012`, `<0.001`; `-` where nothing was tested. */
export function pText(p: number | null): string {
  if (p === null) return '-';
  return p < 0.001 ? '<0.001' : p.toFixed(3);
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
