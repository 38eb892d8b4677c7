import { type Family, familyOf, type Sample, seconds } from '../model/exposition.ts';
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
    ...counted.map(([field, definition]) => familyOf(definition, runs, labelsOf, (run) => run[field])),
    familyOf(DRAIN_SERIES.eta, runs, labelsOf, ({ etaMs }) => seconds(etaMs)),
    {
      definition: DRAIN_SERIES.state,
      samples: runs.map((run) => ({ labels: { ...labelsOf(run), state: run.state }, value: 1 })),
    },
    { definition: DRAIN_SERIES.held, samples: runs.flatMap(heldBy) },
    familyOf(DRAIN_SERIES.waits, runs, labelsOf, ({ waits }) => waits.length),
    familyOf(DRAIN_SERIES.lastSeen, runs, labelsOf, ({ lastSeenAt }) => {
      return lastSeenAt === null ? null : seconds(Date.parse(lastSeenAt));
    }),
  ];
}

function heldBy(run: RunStatus): Sample[] {
  const held = new Set<string>(run.brakes.map(({ brake }) => brake));
  if (run.paused) held.add('paused');
  return [...BRAKES, 'paused'].map((reason) => ({
    labels: { ...labelsOf(run), reason },
    value: held.has(reason) ? 1 : 0,
  }));
}

function labelsOf({ run, mode, source, stream }: RunStatus): Record<string, string> {
  return { run, mode, source, stream };
}
