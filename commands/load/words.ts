import type { LoadResult, LoadVerdict, Stage } from '../../src/load/index.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { grouped } from '../term/number.ts';

/** The stages in the order in which they are shown; what belongs together is side by side. */
export const STAGE_ROWS: readonly { stage: Stage; name: string; from: string }[] = [
  { stage: 'endToEnd', name: 'end to end', from: 'planned' },
  { stage: 'endToEndSent', name: 'end to end', from: 'sent' },
  { stage: 'enqueue', name: 'enqueue', from: 'planned' },
  { stage: 'enqueueSent', name: 'enqueue', from: 'sent' },
  { stage: 'schedule', name: 'hand-over', from: 'planned' },
  { stage: 'wait', name: 'queue wait', from: 'confirmed' },
  { stage: 'processing', name: 'processing', from: 'delivered' },
];

/** What the two ways of counting mean, for whoever reads the table for the first time. */
export const FROM_TEXT = [
  'from planned: counts from when the schedule wanted it, so that what waited for its turn is in it; believe these',
  'from sent: counts from the actual sending, and hides what waited before it (coordinated omission)',
] as const;

const VERDICTS: Record<LoadVerdict, string> = {
  passed: 'passed',
  failed: 'failed',
  invalid: 'invalid: the numbers say little of the target',
  stopped: 'stopped before its time',
};

/** The verdict as a clause, without its reasons. */
export function verdictText({ verdict, thresholds }: Pick<LoadResult, 'verdict' | 'thresholds'>): string {
  if (verdict === 'passed' && thresholds.length === 0) return 'passed: there was no threshold to fail';
  return VERDICTS[verdict];
}

/** What a run is called among others. */
export function titleOf({ run, name }: Pick<LoadResult, 'run' | 'name'>): string {
  return name === null ? run : `${name} (${run})`;
}

/** A latency of three digits: `0.401ms`, `2.96ms`, `859ms`, `1.34s`, `2m05s`; null stays null. */
export function latencyText(ms: number): string;
export function latencyText(ms: number | null): string | null;
export function latencyText(ms: number | null): string | null {
  if (ms === null) return null;
  if (ms < 0.0995) return `${Number(ms.toPrecision(3))}ms`;
  if (ms < 999.5) return `${ms.toPrecision(3)}ms`;
  return ms < 99_950 ? `${(ms / 1000).toPrecision(3)}s` : formatDuration(ms);
}

/** `1,000/s`, `2.5/s`. */
export function rateText(perSecond: number): string;
export function rateText(perSecond: number | null): string | null;
export function rateText(perSecond: number | null): string | null {
  if (perSecond === null) return null;
  return `${perSecond < 99.95 ? Number(perSecond.toPrecision(3)) : grouped(perSecond)}/s`;
}

/** `0.42 cores`. */
export function coresText(cores: number | null): string | null {
  if (cores === null) return null;
  const text = Number(cores.toFixed(2));
  return `${text} ${text === 1 ? 'core' : 'cores'}`;
}

/** Whole bytes only: a mean may be a fraction. */
export function bytesText(bytes: number | null): string | null {
  return bytes === null ? null : formatBytes(Math.round(bytes));
}

const BYTES = new Set(['memory', 'queueBytes']);
const RATES = new Set(['rate', 'processedRate']);

/** A measure in the unit that its name stands for. */
export function measureText(name: string, value: number | null): string {
  if (value === null) return 'not known';
  if (BYTES.has(name)) return bytesText(value)!;
  if (RATES.has(name)) return rateText(value);
  if (name === 'cpu') return coresText(value)!;
  return isTime(name) ? latencyText(value) : grouped(value);
}

function isTime(name: string): boolean {
  return /^(?:\w+\.)?(?:p\d+|mean|min|max)$/.test(name);
}
