import type { Family, Sample } from '../model/exposition.ts';
import type { MetricDefinition } from '../model/series/definition.ts';
import { DRAIN_GAUGES, DRAIN_SERIES, DRAIN_TOTALS } from '../model/series/drains.ts';
import { BRAKES } from './brakes/probe.ts';
import type { RunStatus } from './status.ts';

type Counted = keyof typeof DRAIN_TOTALS | keyof typeof DRAIN_GAUGES;

/**
 * Runs as metrics. Why a run stands still is told by the name of the brake: the sentence, which changes
 * with each look, would be a new series each time.
 */
export function runFamilies(runs: readonly RunStatus[]): Family[] {
  const counted = Object.entries({ ...DRAIN_TOTALS, ...DRAIN_GAUGES }) as [Counted, MetricDefinition][];
  return [
    ...counted.map(([field, definition]) => of(definition, runs, (run) => run[field])),
    of(DRAIN_SERIES.eta, runs, ({ etaMs }) => inSeconds(etaMs)),
    {
      definition: DRAIN_SERIES.state,
      samples: runs.map((run) => ({ labels: { ...labelsOf(run), state: run.state }, value: 1 })),
    },
    { definition: DRAIN_SERIES.held, samples: runs.flatMap(heldBy) },
    of(DRAIN_SERIES.waits, runs, ({ waits }) => waits.length),
    of(DRAIN_SERIES.lastSeen, runs, ({ lastSeenAt }) => {
      return lastSeenAt === null ? null : inSeconds(Date.parse(lastSeenAt));
    }),
  ];
}

function of(
  definition: MetricDefinition,
  runs: readonly RunStatus[],
  measure: (run: RunStatus) => number | null,
): Family {
  const samples = runs.flatMap((run) => {
    const value = measure(run);
    return value === null ? [] : [{ labels: labelsOf(run), value }];
  });
  return { definition, samples };
}

function heldBy(run: RunStatus): Sample[] {
  const held = new Set<string>(run.brakes.map(({ brake }) => brake));
  if (run.paused) held.add('paused');
  return [...BRAKES, 'paused'].map((reason) => ({
    labels: { ...labelsOf(run), reason },
    value: held.has(reason) ? 1 : 0,
  }));
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

function labelsOf({ run, mode, source, stream }: RunStatus): Record<string, string> {
  return { run, mode, source, stream };
}
