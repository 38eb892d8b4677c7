/** What the consumers of a group have recorded of one stage of their work, since they began to. */
export interface StageRow {
  stream: string;
  group: string;
  stage: string;
  /** Which engine did it, such as `old` and `new`; null where they do not say. */
  engine: string | null;
  finished: number;
  /** For good. */
  failed: number;
  /** Tries that failed and come again. */
  retried: number;
  /** Of those that finished, all together. */
  sumMs: number;
  /** Cumulative: how many took so many ms or less; the last one is +Infinity, null in JSON. */
  buckets: { atMostMs: number | null; count: number }[];
}

/** Upper bounds of the times that are counted apart, in ms; what took longer counts under `inf`. */
export const STAGE_BOUNDS_MS: readonly number[] = [
  1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000,
];

const NAME = '[A-Za-z0-9_.-]{1,64}';
const WHOLE_NAME = new RegExp(`^${NAME}$`);
const FIELD = new RegExp(`^(${NAME})(?:@(${NAME}))?:(finished|failed|retried|ms|le:(?:inf|\\d{1,15}))$`);
const COUNT = /^\d{1,15}$/;
const SUM = /^\d{1,15}(?:\.\d{1,40})?$/;

/** Whether a stage or an engine may be called so: it becomes part of a field, and a label. */
export function isStageName(name: string): boolean {
  return WHOLE_NAME.test(name);
}

/** What the fields of a stage begin with: `render`, `render@new`. */
export function stageName(stage: string, engine?: string): string {
  return engine === undefined ? stage : `${stage}@${engine}`;
}

/** The field that counts what took so long; each message counts under one of them. */
export function bucketField(name: string, ms: number): string {
  return `${name}:le:${STAGE_BOUNDS_MS.find((bound) => ms <= bound) ?? 'inf'}`;
}

interface Counts {
  stage: string;
  engine: string | null;
  finished: number;
  failed: number;
  retried: number;
  ms: number;
  /** By {@link STAGE_BOUNDS_MS}, then what took longer; each message once. */
  times: number[];
}

/**
 * What a hash says, by stage and engine. Anybody may have written it: fields of other names and values that are no
 * number are as if they were not there, and a time with another bound counts under the next higher one.
 */
export function parseStages(hash: Record<string, string>): Omit<StageRow, 'stream' | 'group'>[] {
  const found = new Map<string, Counts>();
  for (const [field, value] of Object.entries(hash)) {
    const [, stage, engine, what] = FIELD.exec(field) ?? [];
    if (what === undefined || !(what === 'ms' ? SUM : COUNT).test(value)) continue;
    const name = stageName(stage!, engine);
    const counts = found.get(name) ?? noCounts(stage!, engine);
    found.set(name, counts);
    take(counts, what, Number(value));
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, counts]) => rowOf(counts));
}

function noCounts(stage: string, engine: string | undefined): Counts {
  const times = new Array<number>(STAGE_BOUNDS_MS.length + 1).fill(0);
  return { stage, engine: engine ?? null, finished: 0, failed: 0, retried: 0, ms: 0, times };
}

function take(counts: Counts, what: string, value: number): void {
  if (what === 'finished' || what === 'failed' || what === 'retried' || what === 'ms') counts[what] += value;
  else counts.times[bucketOf(what.slice('le:'.length))]! += value;
}

function bucketOf(bound: string): number {
  const at = bound === 'inf' ? -1 : STAGE_BOUNDS_MS.findIndex((one) => Number(bound) <= one);
  return at < 0 ? STAGE_BOUNDS_MS.length : at;
}

/** What finished without its time being counted took any time: it counts under +Infinity alone. */
function rowOf({ times, ms, ...counts }: Counts): Omit<StageRow, 'stream' | 'group'> {
  let count = 0;
  const buckets = times.map((more, at) => {
    count += more;
    return { atMostMs: STAGE_BOUNDS_MS[at] ?? null, count };
  });
  const finished = Math.max(counts.finished, count);
  buckets.at(-1)!.count = finished;
  return { ...counts, finished, sumMs: ms, buckets };
}
