import { type Family, familyOf, type HistogramSample } from '../../model/exposition.ts';
import { STAGE_SERIES } from '../../model/series/streams.ts';
import type { StageRow } from '../snapshot.ts';

/** What consumers have recorded of their work. */
export function stageFamilies(stages: readonly StageRow[]): Family[] {
  return [
    { definition: STAGE_SERIES.duration, histograms: stages.map(histogramOf) },
    familyOf(STAGE_SERIES.failed, stages, labelsOf, ({ failed }) => failed),
    familyOf(STAGE_SERIES.retried, stages, labelsOf, ({ retried }) => retried),
  ];
}

function histogramOf(row: StageRow): HistogramSample {
  const buckets = row.buckets.map(({ atMostMs, count }) => ({
    atMost: atMostMs === null ? Number.POSITIVE_INFINITY : atMostMs / 1000,
    count,
  }));
  return { labels: labelsOf(row), buckets, sum: row.sumMs / 1000 };
}

function labelsOf({ stream, group, stage, engine }: StageRow): Record<string, string> {
  return { stream, group, stage, ...(engine !== null && { engine }) };
}
