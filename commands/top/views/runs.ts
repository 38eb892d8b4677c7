import type { Snapshot } from '../../../src/overview/index.ts';
import { stateText as cutoverStateText } from '../../cutover/format-status.ts';
import { waitsOf } from '../../drain/waits.ts';
import { rateText } from '../../load/words.ts';
import { grouped } from '../../term/number.ts';
import { ageColumn, emptyText, since } from '../cells.ts';
import type { Scene } from '../scene.ts';
import { type Paint, type Table, type TopColumn, tableOf } from '../table.ts';

type DrainRun = Snapshot['runs'][number];
type CutoverRun = Snapshot['cutovers'][number];

/** A drain or a cutover as one line. */
interface RunRow {
  kind: 'drain' | 'cutover';
  run: string;
  of: string;
  state: string;
  startedAt: string;
  /** From 0 to 1; null where nobody knows. */
  share: number | null;
  progress: string;
  rate: string | null;
  etaMs: number | null;
  why: string | null;
  /** At work, and not waiting. */
  moves: boolean;
  ended: boolean;
}

/** Drains and cutovers: those under way first, then the newest. */
export function runsView({ snapshot }: Scene): Table {
  const rows = [...snapshot.cutovers.map(cutoverRow), ...snapshot.runs.map(drainRow)];
  return tableOf({
    columns: columnsAt(snapshot),
    rows: rows.toSorted(
      (a, b) => Number(a.ended) - Number(b.ended) || Date.parse(b.startedAt) - Date.parse(a.startedAt),
    ),
    key: ({ kind, run }) => `${kind} ${run}`,
    open: ({ kind, run }) => (kind === 'drain' ? { kind: 'run', run } : { kind, run }),
    empty: emptyText(snapshot, ['runs', 'cutovers'], 'there are no runs'),
  });
}

function columnsAt(snapshot: Snapshot): TopColumn<RunRow>[] {
  return [
    { head: 'RUN', rank: 0, grows: 3, least: 14, text: ({ run }) => run, order: ({ run }) => run },
    { head: 'KIND', rank: 7, text: ({ kind }) => kind, order: ({ kind }) => kind },
    {
      head: 'STATE',
      rank: 0,
      least: 8,
      text: ({ state }) => state,
      order: ({ state }) => state,
      paint: paintOf,
    },
    {
      head: 'PROGRESS',
      rank: 1,
      grows: 2,
      least: 10,
      text: ({ progress }) => progress,
      order: ({ share }) => share,
    },
    { head: 'RATE', rank: 3, align: 'right', text: ({ rate }) => rate },
    ageColumn({ head: 'LEFT', rank: 4 }, ({ etaMs }) => etaMs),
    ageColumn({ head: 'AGE', rank: 6 }, ({ startedAt }) => since(startedAt, snapshot)),
    { head: 'OF', rank: 5, text: ({ of }) => of, order: ({ of }) => of },
    { head: 'WHY', rank: 2, grows: 1, least: 20, text: ({ why }) => why },
  ];
}

function paintOf({ moves, ended, why }: RunRow): Paint | undefined {
  if (ended) return 'dim';
  return moves ? 'cyan' : why ? 'yellow' : undefined;
}

function drainRow(run: DrainRun): RunRow {
  const { remaining, appended, etaMs, ratePerSecond, processes, createdAt, finishedAt } = run;
  const waits = waitsOf(run);
  const total = remaining === null ? null : appended + remaining;
  const share = total === null ? null : total === 0 ? 1 : appended / total;
  return {
    ...{ kind: 'drain', run: run.run, of: `${run.source} -> ${run.stream}`, state: run.state },
    ...{ startedAt: createdAt, share, etaMs, rate: rateText(ratePerSecond) },
    progress: total === null ? `${grouped(appended)} done` : `${percent(share!)} of ${grouped(total)}`,
    why: waits,
    moves: processes > 0 && waits === null,
    ended: finishedAt !== null || processes === 0,
  };
}

function cutoverRow(run: CutoverRun): RunRow {
  const { step, stepIndex, stepCount, steps, startedAt, endedAt, waitingFor, waitingSince, why } = run;
  const done = steps.filter(({ state }) => state === 'applied' || state === 'already').length;
  const waits =
    waitingFor === null || waitingSince === null
      ? waitingFor
      : `${waitingFor} (since ${waitingSince.slice(11, 19)}Z)`;
  return {
    ...{ kind: 'cutover', run: run.run, of: run.rehearsal ? `${run.plan} (rehearsal)` : run.plan },
    ...{ state: cutoverStateText(run), startedAt, etaMs: null, rate: null },
    share: stepCount === 0 ? null : done / stepCount,
    progress: step === null ? `${done}/${stepCount}` : `${stepIndex + 1}/${stepCount} ${step}`,
    why: waits ?? why,
    moves: run.alive && waitingFor === null,
    ended: endedAt !== null,
  };
}

function percent(share: number): string {
  return `${Math.floor(share * 100)}%`;
}
