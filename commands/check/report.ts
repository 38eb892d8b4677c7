import { type Item, type JudgedItem, judgeItem, type Status, worstStatus } from '../../src/checks/index.ts';
import { CHECK_EXIT } from '../exit-codes.ts';
import { summary } from './format-line.ts';
import { METRICS, type Metric } from './metrics.ts';

/** The checks there are. */
export type CheckName = 'lag' | 'pending' | 'depth' | 'dlq' | 'redis' | 'breaker';

/** What a check has found. */
export interface CheckReport {
  check: CheckName;
  /** What was asked for: `orders*`, `orders/workers`. */
  target: string;
  status: Status;
  items: readonly JudgedItem<Metric>[];
}

/** Judges what was measured; the worst item is the status of the whole. */
export function toReport(check: CheckName, target: string, items: readonly Item<Metric>[]): CheckReport {
  const judged = items.map(judgeItem);
  return { check, target, status: worstStatus(judged.map(({ status }) => status)), items: judged };
}

/** A report as JSON shows it. */
export function toDocument(report: CheckReport): object {
  const { check, target, status, items } = report;
  return {
    check,
    target,
    status,
    exit: CHECK_EXIT[status],
    summary: summary(report),
    items: items.map(toShown),
  };
}

function toShown({ name, labels, status, readings, findings }: JudgedItem<Metric>): object {
  const metrics = readings.map(({ metric, value, atLeast, atMost, status, thresholds, note }) => [
    METRICS[metric].field,
    {
      ...{ value, atLeast, atMost, status },
      ...{ warning: thresholds.warning?.text ?? null, critical: thresholds.critical?.text ?? null, note },
    },
  ]);
  return { name, ...labels, status, metrics: Object.fromEntries(metrics), findings };
}
