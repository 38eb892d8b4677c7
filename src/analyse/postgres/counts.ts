import { moment } from '../../sources/postgres/expressions.ts';
import { isoUtc, rowsIfAllowed } from '../../sources/postgres/formats/relations.ts';
import { type Figure, figure, type How, UNKNOWN } from '../figure.ts';
import type { TypeCounts } from '../look.ts';
import { type Frame, type Frames, thinned } from './frame.ts';
import type { OpenTable } from './open.ts';
import type { PlanNode } from './plan-cost.ts';
import { type States, statesByRow } from './states.ts';
import { type Tallies, type Tally, type TypeTally, tally } from './tally.ts';

/** How many messages there are, and how that was come by. */
export interface Counts {
  rows: Figure;
  ready: Figure;
  running: Figure;
  scheduled: Figure;
  dead: Figure;
  types: TypeCounts[] | null;
  oldestAt: string | null;
  /** Enqueued within the last hour and still there, a second; null where no time of enqueueing is known. */
  recentPerSecond: number | null;
  /** Where ready rows are best looked for: in a frame, or through an index that finds them. */
  readyIn: Frame | 'index';
  /** How states were told apart. */
  states: States;
}

/** Beyond that a count says no more than a sample. */
const MOST_COUNTED = 1_000_000;
/** Fewer ready rows than that in a sample say nothing of how many there are. */
const FEWEST_SAMPLED = 30;
const ENOUGH_SAMPLED = 3000;
/** Ready rows that an index finds may be told apart by type. */
const MOST_TYPED = 200_000;
const MOST_TYPED_BYTES = 64 * 1024 * 1024;
const SOME = 5000;
const THIN = 0.05;

/** Counts a small table, and looks at parts of a large one. */
export async function countsOf(open: OpenTable, frames: Frames, exact: States): Promise<Counts> {
  const { whole } = frames;
  const counted = whole && (await open.session.attempt(() => tally(open, whole.from, exact)));
  if (whole && counted)
    return { ...scaled(counted, whole, counted.all.ready), readyIn: whole, states: exact };
  const { sampled, frame, states } = await firstTally(open, frames, exact);
  const sample = scaledBy(frames, frame, sampled?.all.rows);
  const some = (sampled?.all.ready ?? 0) >= FEWEST_SAMPLED;
  const figures = { ...(sampled ? scaled(sampled, sample) : NOTHING), states };
  const many = (figures.ready.value ?? 0) > MOST_COUNTED;
  const ready = many || open.spec.ready === undefined ? undefined : await countReady(open, states);
  if (ready !== undefined)
    return {
      ...figures,
      ...(await indexed(open, { ...frames, sample }, states, ready, some ? sampled : undefined)),
    };
  const oldestAt = (await oldestThroughIndex(open, states)) ?? figures.oldestAt;
  if (some) return { ...figures, oldestAt, readyIn: sample };
  return { ...figures, oldestAt, ready: await planned(open, states), readyIn: sample };
}

/** The largest sample that may be read; for a smaller one a condition may be looked up row by row. */
async function firstTally(
  open: OpenTable,
  frames: Frames,
  exact: States,
): Promise<{ sampled: Tallies | undefined; frame: Frame; states: States }> {
  const thin = thinned(open, frames, frames.sample, THIN);
  const byRow = statesByRow(open, exact);
  const ways: [Frame, States][] = [
    [frames.sample, exact],
    [thin, exact],
    ...(byRow ? [[frames.sample, byRow] satisfies [Frame, States]] : []),
  ];
  for (const [frame, states] of ways) {
    const sampled = await open.session.attempt(() => tally(open, frame.from, states));
    if (sampled) return { sampled, frame, states };
  }
  return { sampled: await tally(open, thin.from, exact), frame: frames.sample, states: exact };
}

/** Pages hold more rows or fewer, and more of them may be met or fewer: what is known of all rows says it better. */
function scaledBy({ rows }: Frames, frame: Frame, seen: number | undefined): Frame {
  return rows === null || !seen || rows < seen ? frame : { ...frame, factor: rows / seen };
}

const NOTHING: Omit<Counts, 'readyIn' | 'states'> = {
  rows: UNKNOWN,
  ready: UNKNOWN,
  running: UNKNOWN,
  scheduled: UNKNOWN,
  dead: UNKNOWN,
  types: null,
  oldestAt: null,
  recentPerSecond: null,
};

/** How many are ready, where that can be counted without reading too much; undefined where not, or where it is too many. */
export async function countReady(open: OpenTable, { ready }: States): Promise<number | undefined> {
  const [row] = await ifCheap<{ n: number }>(
    open,
    `SELECT count(*)::float8 AS n FROM (SELECT 1 FROM ${open.table.name} t WHERE ${ready} LIMIT ${MOST_COUNTED + 1}) s`,
  );
  return row === undefined || row.n > MOST_COUNTED ? undefined : row.n;
}

/** Of what a sample tells as well: nothing is missing where it is left out. */
function ifCheap<T extends object>({ session, client }: OpenTable, sql: string): Promise<T[]> {
  return session.attempt(() => rowsIfAllowed<T>(client, sql));
}

/** Types and the oldest of ready rows that were counted through an index: of all of them, or of some. */
async function indexed(
  open: OpenTable,
  { rowBytes, sample }: Frames,
  states: States,
  ready: number,
  sampled: Tallies | undefined,
): Promise<Pick<Counts, 'ready' | 'types' | 'oldestAt' | 'readyIn'>> {
  const all = ready <= Math.min(MOST_TYPED, MOST_TYPED_BYTES / rowBytes);
  const limit = all ? ready + 1 : SOME;
  const rows = `(SELECT t.* FROM ${open.table.name} t WHERE ${states.ready} LIMIT ${limit})`;
  const found = all || !sampled ? await tally(open, `FROM ${rows} t`, states) : sampled;
  const frame: Frame = { from: '', how: all ? 'counted' : 'sampled', factor: 1 };
  const { types, oldestAt } = found ? scaled(found, frame, ready) : NOTHING;
  const others = found === sampled ? types : (sampled && scaled(sampled, sample).types) || [];
  return {
    ready: figure(ready, 'counted'),
    types: types && others && withOthers(types, others),
    oldestAt: all ? oldestAt : ((await oldestThroughIndex(open, states)) ?? oldestAt),
    // Pages from all over the table tell more than the first rows of an index.
    readyIn: sampled && sampled.all.ready >= ENOUGH_SAMPLED ? sample : 'index',
  };
}

/** Ready rows say nothing of those in other states: that the sample has to tell. */
function withOthers(types: TypeCounts[], sampled: TypeCounts[]): TypeCounts[] {
  const others = new Map(sampled.map((one) => [one.type, one]));
  const own = new Set(types.map(({ type }) => type));
  const known = types.map((one) => {
    const { running = UNKNOWN, scheduled = UNKNOWN, dead = UNKNOWN } = others.get(one.type) ?? {};
    return { ...one, running, scheduled, dead };
  });
  const none = (one: TypeCounts): TypeCounts => ({ ...one, ready: figure(0, 'counted') });
  return [...known, ...sampled.filter(({ type }) => !own.has(type)).map(none)];
}

/** When the oldest ready message was enqueued, where an index of that time shows it. */
async function oldestThroughIndex(open: OpenTable, { ready }: States): Promise<string | null> {
  const { table, spec } = open;
  if (spec.enqueuedAt === undefined || !table.columns.has(spec.enqueuedAt)) return null;
  const at = moment(spec.enqueuedAt, table);
  const rows = await ifCheap<{ at: string | null }>(
    open,
    `SELECT ${isoUtc(`(${at})::timestamptz`)} AS at FROM ${table.name} t WHERE ${ready} AND ${at} IS NOT NULL ORDER BY ${at} LIMIT 1`,
  );
  return rows[0]?.at ?? null;
}

/** What the planner believes. */
async function planned({ client, table }: OpenTable, { ready }: States): Promise<Figure> {
  const rows = await rowsIfAllowed<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    client,
    `EXPLAIN (FORMAT JSON) SELECT 1 FROM ${table.name} t WHERE ${ready}`,
  );
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  return plan ? figure(plan['Plan Rows'], 'estimated') : UNKNOWN;
}

/** @param ready how many are ready, where that is known better than by the frame */
function scaled({ all, types }: Tallies, frame: Frame, ready?: number): Omit<Counts, 'readyIn' | 'states'> {
  const times = figureIn(frame);
  const perReady = ready === undefined || all.ready === 0 ? frame.factor : ready / all.ready;
  return {
    ...figuresOf(all, times),
    rows: times(all.rows),
    types:
      types?.filter(isThere).map((one) => typeCounts(one, times, figureIn({ ...frame, factor: perReady }))) ??
      null,
    oldestAt: all.oldestAt,
    recentPerSecond: all.recent === null ? null : (all.recent * frame.factor) / 3600,
  };
}

/** Types of which there are only messages that are done with are none to speak of. */
function isThere({ ready, running, scheduled, dead }: Tally): boolean {
  return ready + (running ?? 0) + (scheduled ?? 0) + (dead ?? 0) > 0;
}

type Scale = (n: number | null) => Figure;

function figureIn({ factor, how }: { factor: number; how: How }): Scale {
  return (n) => (n === null ? UNKNOWN : figure(Math.round(n * factor), how));
}

function figuresOf(
  { ready, running, scheduled, dead }: Tally,
  times: Scale,
): Pick<Counts, 'ready' | 'running' | 'scheduled' | 'dead'> {
  return { ready: times(ready), running: times(running), scheduled: times(scheduled), dead: times(dead) };
}

function typeCounts(one: TypeTally, times: Scale, ready: Scale): TypeCounts {
  const { type, oldestAt, attempts } = one;
  return { type, ...figuresOf(one, times), ready: ready(one.ready), oldestAt, attempts };
}
