import type { RehearsalReport } from '../../src/cutover/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Output } from '../term/io.ts';
import { type CellValue, formatFields, formatTable } from '../term/table.ts';

/** What a rehearsal has shown: times first, then what is missing. */
export function formatRehearsal(output: Output, report: RehearsalReport): string {
  const { already, rollbackMs, worstRollbackMs, budgetMs, passed } = report;
  const rehearsed =
    already.length > 0
      ? 'every step that was not so already was rehearsed with its undo'
      : 'every step and its undo was rehearsed';
  const budget = budgetMs === null ? '' : `, budget ${formatDuration(budgetMs)}`;
  const fields: (readonly [string, CellValue])[] = [
    ['plan', report.plan],
    ['forwards', formatDuration(report.forwardMs)],
    ['back', `${shown(rollbackMs)}, at worst ${formatDuration(worstRollbackMs)}${budget}`],
    ...report.missingUndos.map(
      ({ step, does, wanted }) =>
        ['no undo', `${step}: ${does}${wanted ? ' (as the plan says)' : ''}`] as const,
    ),
    ...report.withoutData.map((one) => ['no data', withoutDataText(one)] as const),
    ...report.failing.map(({ check, why }) => ['fails now', `check ${check}: ${why}`] as const),
    ...report.problems.map((problem) => ['problem', problem] as const),
    ...report.noted.map((command) => ['not run', command] as const),
    ...(already.length > 0 ? [['not rehearsed', `${already.join(', ')}: so already`] as const] : []),
    ['result', passed ? `passed: ${rehearsed}, every check had data` : 'not passed'],
  ];
  return `${stepTable(output, report)}\n${formatFields(output, fields)}`;
}

function stepTable(output: Output, { steps, already }: RehearsalReport): string {
  return formatTable(
    output,
    [
      { head: 'STEP', value: ({ id }) => id, wrap: true },
      { head: 'TOOK', value: ({ ms }) => shown(ms), align: 'right' },
      { head: 'UNDO', value: ({ undoMs }) => shown(undoMs), align: 'right' },
      {
        head: 'RESULT',
        value: ({ id, text, does }) => (already.includes(id) ? `was so already: ${does}` : (text ?? does)),
        wrap: true,
      },
    ],
    steps,
  );
}

function withoutDataText({ check, why, allowed }: RehearsalReport['withoutData'][number]): string {
  const then = allowed ? ' (allowed)' : `; if the new side will bring it: --allow-failing ${check}`;
  return `check ${check}${why ? `: ${why}` : ''}${then}`;
}

function shown(ms: number | null): string {
  return ms === null ? '-' : formatDuration(ms);
}
