import type { RunState } from '../../cutover/index.ts';
import { type Family, familyOf, stateFamily } from '../../model/exposition.ts';
import { CUTOVER_SERIES, ROUTE_SERIES } from '../../model/series/cutovers.ts';
import { SOURCE_SERIES, TARGET_SERIES } from '../../model/series/sources.ts';
import type { MoveRow, RouteRow, Snapshot } from '../snapshot.ts';

type CutoverRow = Snapshot['cutovers'][number];

/** All that a cutover can be in. */
const STATES: Record<RunState, true> = {
  running: true,
  waiting: true,
  paused: true,
  rollingBack: true,
  completed: true,
  rolledBack: true,
  rollbackFailed: true,
};

/**
 * Cutovers. What one waits for is a sentence, and would be a new series each time.
 *
 * @param nowMs when they were looked at
 */
export function cutoverFamilies(cutovers: readonly CutoverRow[], nowMs: number): Family[] {
  const of = ({ plan, run, rehearsal }: CutoverRow) => ({ plan, run, rehearsal: String(rehearsal) });
  const family = (name: keyof typeof CUTOVER_SERIES, measure: (row: CutoverRow) => number | boolean | null) =>
    familyOf(CUTOVER_SERIES[name], cutovers, of, measure);
  return [
    stateFamily(CUTOVER_SERIES.state, cutovers, of, {
      label: 'state',
      words: Object.keys(STATES),
      of: ({ state }) => state,
    }),
    family('step', ({ stepIndex }) => (stepIndex < 0 ? null : stepIndex + 1)),
    family('steps', ({ stepCount }) => stepCount),
    family('waiting', ({ waitingSince }) => {
      return waitingSince === null ? null : Math.max(0, nowMs - Date.parse(waitingSince)) / 1000;
    }),
    family('alive', ({ alive, endedAt }) => (endedAt === null ? alive : null)),
    family('started', ({ startedAt }) => Date.parse(startedAt) / 1000),
    family('ended', ({ endedAt }) => (endedAt === null ? null : Date.parse(endedAt) / 1000)),
  ];
}

/** How the traffic is shared between the old side and the new one. */
export function routeFamilies(routes: readonly RouteRow[]): Family[] {
  return [
    familyOf(
      ROUTE_SERIES.share,
      routes,
      ({ route }) => ({ route }),
      ({ percent }) => percent / 100,
    ),
  ];
}

/** Depth of the old queues against that of their streams. */
export function moveFamilies(moves: readonly MoveRow[]): Family[] {
  const of = ({ source, stream }: MoveRow) => ({ source, stream });
  return [
    familyOf(SOURCE_SERIES.ready, moves, of, ({ oldDepth }) => oldDepth),
    familyOf(SOURCE_SERIES.inFlight, moves, of, ({ oldInFlight }) => oldInFlight),
    familyOf(TARGET_SERIES.unfinished, moves, of, ({ newDepth }) => newDepth),
  ];
}
