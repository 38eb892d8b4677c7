import type { TrimPlan, TrimReport } from '../../src/streams/index.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type Column, formatTable } from '../term/table.ts';

/** What would be cut from each stream, and what groups still need of it. */
export function formatTrimPlan(output: Output, plans: readonly TrimPlan[]): string {
  const columns: Column<TrimPlan>[] = [
    { head: 'STREAM', value: (plan) => plan.stream, whole: true },
    { head: 'LENGTH', value: (plan) => grouped(plan.length), align: 'right' },
    { head: 'TO-CUT', value: (plan) => grouped(plan.cut), align: 'right' },
    { head: 'BELOW', value: (plan) => plan.below, whole: true },
    { head: 'STILL-NEEDED', value: neededText, wrap: true },
  ];
  return formatTable(output, columns, plans);
}

function neededText({ losses, groups }: TrimPlan): string {
  if (groups === 0) return 'unknown: no groups';
  if (losses.length === 0) return 'none of them';
  return losses
    .map(({ group, undelivered, unacknowledged }) => {
      const parts = [
        undelivered > 0 && `${grouped(undelivered)} not delivered`,
        unacknowledged > 0 && `${grouped(unacknowledged)} not acknowledged`,
      ];
      return `${group}: ${parts.filter(Boolean).join(', ')}`;
    })
    .join('; ');
}

/** A plan and what came of it. */
export type Trimmed = TrimPlan & TrimReport;

/** What was cut. */
export function formatTrimmed(output: Output, trimmed: readonly Trimmed[]): string {
  return formatTable(
    output,
    [
      { head: 'STREAM', value: (row) => row.stream, whole: true },
      { head: 'CUT', value: cutText, align: 'right' },
      {
        head: 'LENGTH',
        value: ({ length, lengthAfter }) => `${grouped(length)} -> ${grouped(lengthAfter ?? length)}`,
        align: 'right',
      },
    ],
    trimmed,
  );
}

function cutText({ trimmed, cut }: Trimmed): string {
  return trimmed === cut ? grouped(cut) : `${grouped(trimmed)} of ${grouped(cut)}`;
}
