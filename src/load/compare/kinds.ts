import { PERCENTILES, type Percentile, type Stage } from '../result.ts';

/** What a measure is. Times are ms, levels the most that was seen; a count is a fact of a run and needs no test. */
export type MeasureKind = 'time' | 'rate' | 'amount' | 'count' | 'level';

/** How the numbers of a measure are to be read. */
export type MeasureUnit = 'ms' | 'perSecond' | 'bytes' | 'cores' | 'count';

/** What is known of a measure by its name. */
export interface MeasureTraits {
  kind: MeasureKind;
  unit: MeasureUnit;
  /** Which way is worse. */
  worse: 'up' | 'down';
}

const RATES = ['rate', 'processedRate'];
/** How much was done: less is worse. */
const AMOUNTS = ['sent', 'confirmed', 'processed'];
const LEVELS: Record<string, MeasureUnit> = {
  lag: 'count',
  pending: 'count',
  length: 'count',
  memory: 'bytes',
  queueBytes: 'bytes',
  cpu: 'cores',
};

/** Of a name of `MEASURES`. */
export function traitsOf(name: string): MeasureTraits {
  if (RATES.includes(name)) return { kind: 'rate', unit: 'perSecond', worse: 'down' };
  if (AMOUNTS.includes(name)) return { kind: 'amount', unit: 'count', worse: 'down' };
  const level = LEVELS[name];
  if (level) return { kind: 'level', unit: level, worse: 'up' };
  return timeOf(name)
    ? { kind: 'time', unit: 'ms', worse: 'up' }
    : { kind: 'count', unit: 'count', worse: 'up' };
}

/** A time by its parts; `stage` is null for the way of a message as a whole: end to end, or enqueue. */
export interface TimeName {
  stage: Stage | null;
  time: Percentile | 'mean' | 'min' | 'max';
}

const TIMES = new Set<string>([...Object.keys(PERCENTILES), 'mean', 'min', 'max']);

/** Undefined for what is no time. */
export function timeOf(name: string): TimeName | undefined {
  const [first, second] = name.split('.');
  const time = second ?? first!;
  if (!TIMES.has(time)) return undefined;
  return { stage: second === undefined ? null : (first as Stage), time: time as TimeName['time'] };
}
