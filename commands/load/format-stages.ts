import type { Latency, LoadResult, Percentile } from '../../src/load/index.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { formatTable } from '../term/table.ts';
import { latencyText, STAGE_ROWS } from './words.ts';

/** One stage that has values. */
export interface StageLatency {
  name: string;
  /** From which moment it counts. */
  from: string;
  latency: Latency;
}

/** What of a latency is shown in tables, and what it is called there. */
export interface LatencyColumn {
  head: string;
  of: Percentile | 'mean' | 'max' | 'min';
}

const column = (of: LatencyColumn['of'], head = of.toUpperCase()): LatencyColumn => ({ head, of });
const NINES = [column('p999', 'P99.9'), column('p9999', 'P99.99')];

/** All that has a name. */
export const ALL_COLUMNS: readonly LatencyColumn[] = [
  ...(['mean', 'p50', 'p75', 'p90', 'p95', 'p99'] as const).map((name) => column(name)),
  ...NINES,
  column('max'),
];
const SOME_COLUMNS = [column('p50'), column('p90'), column('p99'), ...NINES, column('max')];
const FEW_COLUMNS = [column('p50'), column('p99'), NINES[0]!, column('max')];

/** The stages of a run that anything has passed. */
export function stagesOf({ latency }: LoadResult): StageLatency[] {
  return STAGE_ROWS.flatMap(({ stage, name, from }) => {
    const values = latency[stage];
    return values ? [{ name, from, latency: values }] : [];
  });
}

/** A table of stages and percentiles, with as many of those as fit. */
export function formatStages(output: Output, result: LoadResult): string {
  const shown = output.columns >= 110 ? ALL_COLUMNS : output.columns >= 76 ? SOME_COLUMNS : FEW_COLUMNS;
  const count = output.columns >= 110;
  return formatTable<StageLatency>(
    output,
    [
      { head: 'LATENCY', value: ({ name }) => name, whole: true },
      { head: 'FROM', value: ({ from }) => from, whole: true },
      ...(count
        ? [
            {
              head: 'COUNT',
              value: ({ latency }: StageLatency) => grouped(latency.count),
              align: 'right' as const,
            },
          ]
        : []),
      ...shown.map(({ head, of }) => ({
        head,
        value: ({ latency }: StageLatency) => latencyText(latency[of]),
        align: 'right' as const,
      })),
    ],
    stagesOf(result),
  );
}
