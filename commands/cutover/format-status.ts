import type { CutoverReport, CutoverStatus, RollbackStatus, StepStatus } from '../../src/cutover/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { type CellValue, type Column, formatFields, formatTable } from '../term/table.ts';

type FieldRow = readonly [string, CellValue];

/** How a state is called for people. */
export const STATE_TEXT: Record<CutoverStatus['state'], string> = {
  running: 'running',
  waiting: 'waiting',
  paused: 'paused',
  rollingBack: 'rolling back',
  completed: 'completed',
  rolledBack: 'rolled back',
  rollbackFailed: 'rollback failed',
};

/** One look at a run. */
export function formatStatus(output: Output, status: CutoverStatus, now: Date): string {
  return joined([
    formatFields(output, known(headRows(status, now))),
    formatSteps(output, status.steps),
    formatChecks(output, status.checks),
    formatRollback(output, status.rollback),
  ]);
}

function headRows(status: CutoverStatus, now: Date): FieldRow[] {
  const { waitingFor, waitingSince, pauseOrdered, next, nextAt } = status;
  const since =
    waitingSince === null
      ? ''
      : `for ${formatDuration(Math.max(0, now.getTime() - Date.parse(waitingSince)))}: `;
  return [
    ['run', `${status.run}${status.rehearsal ? ' (rehearsal)' : ''}`],
    ['plan', status.plan],
    ['state', stateText(status)],
    ['step', stepText(status)],
    ['waiting', waitingFor === null ? null : `${since}${waitingFor}`],
    ['pause', pauseOrdered ? `behind the step in hand, by ${pauseOrdered}` : null],
    [
      'next',
      next === null
        ? null
        : `${next.step}: ${next.does}${nextAt === null ? '' : ` (at ${clock(nextAt)} at the earliest)`}`,
    ],
    [
      'ends',
      isEnded(status) || status.earliestEnd === null || Date.parse(status.earliestEnd) <= now.getTime()
        ? null
        : `at ${clock(status.earliestEnd)} at the earliest`,
    ],
    ['why', status.why],
    ['no return', status.pastNoReturn ? 'passed: not all can be undone' : null],
    ['goes on with', status.state === 'rollbackFailed' ? againText(status.run) : null],
    ['started', `${clock(status.startedAt)} by ${status.by}`],
    ['ended', status.endedAt === null ? null : clock(status.endedAt)],
    ['at work', workText(status)],
  ];
}

function isEnded({ endedAt }: CutoverStatus): boolean {
  return endedAt !== null;
}

/** A state, and whether anybody is at work. */
export function stateText(status: Pick<CutoverStatus, 'state' | 'alive' | 'endedAt'>): string {
  const text = STATE_TEXT[status.state];
  return status.alive || status.endedAt !== null ? text : `${text}, nobody at work`;
}

function stepText({ step, stepIndex, stepCount }: CutoverStatus): string | null {
  return step === null ? null : `${step} (${stepIndex + 1} of ${stepCount})`;
}

function workText({ alive, pid, host, run, endedAt }: CutoverStatus): string | null {
  if (alive) return `pid ${pid} on ${host}`;
  return endedAt === null
    ? `nobody; qctl cutover resume ${run} goes on, qctl rollback ${run} goes back`
    : null;
}

/** `2026-11-22 02:00:05Z` */
function clock(at: string): string {
  return `${at.slice(0, 19).replace('T', ' ')}Z`;
}

const COLUMNS = (output: Output): Column<StepStatus & { number: number }>[] => [
  { head: '#', value: ({ number }) => number, align: 'right' },
  { head: 'STEP', value: ({ id }) => id, wrap: true },
  {
    head: 'STATE',
    value: ({ state }) => STEP_TEXT[state],
    style: (text, { state }) => paint(output, state)(text),
  },
  { head: 'TIME', value: ({ ms }) => (ms === null ? null : formatDuration(ms)), align: 'right' },
  { head: 'WHAT', value: ({ text, does, left }) => [text ?? does, ...left].join('; '), wrap: true },
];

/** How a state of a step is called for people. */
export const STEP_TEXT: Record<StepStatus['state'], string> = {
  pending: 'pending',
  running: 'running',
  applied: 'done',
  already: 'was so',
  failed: 'FAILED',
  unknown: 'UNKNOWN',
  undoing: 'undoing',
  undone: 'undone',
  undoFailed: 'NOT UNDONE',
};

function paint(output: Output, state: StepStatus['state']): (text: string) => string {
  const colour = colourOf(output);
  if (state === 'failed' || state === 'unknown' || state === 'undoFailed') return colour.red;
  if (state === 'running' || state === 'undoing') return colour.cyan;
  return state === 'pending' ? colour.dim : (text) => text;
}

function formatSteps(output: Output, steps: readonly StepStatus[]): string {
  const rows = steps.map((step, at) => ({ ...step, number: at + 1 }));
  return rows.length === 0 ? '' : formatTable(output, COLUMNS(output), rows);
}

function formatChecks(output: Output, checks: CutoverStatus['checks']): string {
  if (checks.length === 0) return '';
  return formatTable(
    output,
    [
      { head: 'CHECK', value: ({ check, dryRun }) => `${check}${dryRun ? ' (told only)' : ''}`, wrap: true },
      { head: 'PASSED', value: ({ passed }) => passed, align: 'right' },
      { head: 'FAILED', value: ({ failed }) => failed, align: 'right' },
      { head: 'ERRORS', value: ({ errors }) => errors, align: 'right' },
      { head: 'LAST', value: ({ last }) => last.at(-1)?.why ?? 'never had data', wrap: true },
    ],
    checks,
  );
}

function formatRollback(output: Output, rollback: RollbackStatus | null): string {
  if (!rollback) return '';
  const { healthyMs, ms, budgetMs, undone, failures } = rollback;
  const over = ms !== null && budgetMs !== null && ms > budgetMs;
  const fields = known([
    ['rollback', `${rollback.why} (by ${rollback.by} at ${clock(rollback.startedAt)})`],
    ['undone', undone],
    ['old side healthy', healthyMs === null ? null : `after ${formatDuration(healthyMs)}`],
    [
      'took',
      ms === null
        ? null
        : `${formatDuration(ms)}${budgetMs === null ? '' : ` of ${formatDuration(budgetMs)}${over ? ', OVER BUDGET' : ''}`}`,
    ],
  ]);
  const failed = failures.flatMap(({ step, why, byHand }) => [
    `NOT UNDONE ${step}: ${why}\n`,
    ...byHand.map((line) => `  by hand: ${line}\n`),
  ]);
  return formatFields(output, fields) + failed.join('');
}

/** How a run came out. */
export function formatReport(output: Output, report: CutoverReport): string {
  const rows: FieldRow[] = [
    ['run', report.run],
    ['plan', report.plan],
    ['result', `${report.nothingDone ? 'nothing to do: ' : ''}${endingText(report)}`],
    ['why', report.why],
    ['time', timeText(report)],
    ...report.left.map((text): FieldRow => ['left', text]),
    ...report.notes.map((text): FieldRow => ['note', text]),
    ['journal', report.journal],
    ['goes on with', nextText(report)],
  ];
  return joined([
    formatSteps(output, report.steps),
    formatChecks(output, report.checks),
    formatRollback(output, report.rollback),
    formatFields(output, known(rows)),
  ]);
}

const ENDINGS: Record<Exclude<CutoverReport['ending'], 'stopped'>, string> = {
  completed: 'completed',
  rolledBack: 'rolled back',
  rollbackFailed: 'ROLLBACK FAILED: act now, see what is to be done by hand',
};

function endingText({ ending, state, rollback }: CutoverReport): string {
  if (ending === 'rolledBack' && rollback)
    return rollback.healthyMs === null
      ? 'rolled back; it was not measured whether the old side is healthy (rollback.health)'
      : 'rolled back, the old side is healthy';
  return ending === 'stopped' ? `stopped while ${STATE_TEXT[state]}` : ENDINGS[ending];
}

function timeText({ startedAt, endedAt }: CutoverReport): string | null {
  return endedAt === null ? null : formatDuration(Date.parse(endedAt) - Date.parse(startedAt));
}

function nextText({ ending, run }: CutoverReport): string {
  if (ending === 'completed') return `qctl rollback ${run} (goes back)`;
  if (ending === 'stopped') return `qctl cutover resume ${run}, or qctl rollback ${run}`;
  return ending === 'rollbackFailed' ? againText(run) : `qctl cutover status ${run}`;
}

/** After a way back that failed. */
function againText(run: string): string {
  return `qctl rollback ${run} (tries what failed again; --assume-undone STEP: you have undone it by hand)`;
}

function known(rows: readonly FieldRow[]): FieldRow[] {
  return rows.filter(([, value]) => value !== null && value !== '');
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n');
}
