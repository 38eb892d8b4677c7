import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';

export { formatBytes, formatDuration };

/** 1234567 as 1,234,567. */
export function grouped(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** By the second: one decimal below ten, so that a trickle is not 0. */
export function rateText(perSecond: number): string {
  if (perSecond !== 0 && Math.abs(perSecond) < 0.05) return '<0.1';
  return Math.abs(perSecond) < 10 ? perSecond.toFixed(1) : grouped(perSecond);
}

/** 0.9973 as `99.7%`. Only what is whole is called 100 or 0. */
export function percentText(share: number): string {
  const text = (share * 100).toFixed(1);
  if (share < 1 && text === '100.0') return '>99.9%';
  if (share > 0 && text === '0.0') return '<0.1%';
  return `${text.replace(/\.0$/, '')}%`;
}

/** What is known of a lag. */
export interface KnownLag {
  lag: number | null;
  lagAtLeast: number | null;
  lagAtMost: number | null;
}

/** From here on a count was given up: what may lie above is of no interest. */
const MUCH = 50;

/** As the terminal writes it: `12`, `≥1,000`, `1..1,200`; null where nothing is known. */
export function lagText({ lag, lagAtLeast, lagAtMost }: KnownLag): string | null {
  if (lag !== null) return grouped(lag);
  if (lagAtLeast === null || lagAtMost === null) return null;
  if (lagAtLeast >= MUCH) return `≥${grouped(lagAtLeast)}`;
  return `${grouped(lagAtLeast)}..${grouped(lagAtMost)}`;
}

/** A moment as people of this place read it, to the second; with the day where it is not today. */
export function timeText(rfc3339: string, nowMs = Date.now()): string {
  const at = new Date(rfc3339);
  if (Number.isNaN(at.getTime())) return rfc3339;
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  if (at.toDateString() === new Date(nowMs).toDateString()) return clock;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}

/** How long ago or how far ahead by the clock of the look, without saying which: `3m12s`. */
export function spanText(rfc3339: string, nowMs: number): string {
  return formatDuration(Math.abs(nowMs - Date.parse(rfc3339)));
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** `1 stream`, `3 streams`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** Short, for the axis of a chart: 1.2k, 3.4M. */
export function shortNumber(n: number): string {
  const size = Math.abs(n);
  if (size < 1000) return String(Math.round(n * 100) / 100);
  const [unit, name] = size < 1e6 ? [1e3, 'k'] : size < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  return `${Math.round((n / unit) * 10) / 10}${name}`;
}
