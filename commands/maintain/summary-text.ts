import { type MaintainReport, type MaintainSummary, summaryOf } from '../../src/maintain/index.ts';
import { grouped } from '../term/number.ts';

/** What was done, in the order in which it is; what did not happen is left out. */
const DONE: readonly (readonly [keyof MaintainSummary, one: string, many?: string])[] = [
  ['moved', 'moved'],
  ['ended', 'override ended', 'overrides ended'],
  ['removed', 'unused breaker removed', 'unused breakers removed'],
  ['deadLettered', 'dead-lettered'],
  ['claimed', 'claimed'],
  ['reaped', 'consumer reaped', 'consumers reaped'],
  ['trimmed', 'trimmed'],
  ['expired', 'expired'],
];

/** `maintain: 12 moved, 3 claimed, 0 left, 1 warning in 2.1s`. */
export function summaryText(report: MaintainReport): string {
  const summary = summaryOf(report);
  const { left, warnings, failures } = summary;
  const parts = [
    ...DONE.filter(([name]) => summary[name] > 0).map(
      ([name, one, many = one]) => `${grouped(summary[name])} ${summary[name] === 1 ? one : many}`,
    ),
    `${grouped(left)} left`,
    ...(failures > 0 ? [`${grouped(failures)} failed`] : []),
    ...(warnings > 0 ? [`${grouped(warnings)} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
  ];
  return `maintain: ${parts.join(', ')} in ${(report.elapsedMs / 1000).toFixed(1)}s\n`;
}

/** True where there is something to tell: whatever a cron job prints is mailed. */
export function isWorthTelling(report: MaintainReport): boolean {
  return Object.values(summaryOf(report)).some((count) => count > 0);
}
