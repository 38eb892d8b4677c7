import {
  arithmetic,
  type CutoverPlan,
  type PlannedCheck,
  type PlannedStep,
} from '../../src/cutover/index.ts';
import { formatExactDuration } from '../../src/model/duration.ts';
import type { Output } from '../term/io.ts';
import { type CellValue, type Column, formatFields, formatTable } from '../term/table.ts';

/** A plan as a person reads it: what it is, every step with its undo, how long it takes. */
export function formatPlan(output: Output, plan: CutoverPlan): string {
  const steps = plan.steps.map((step, at) => ({ ...step, number: at + 1 }));
  return [
    formatFields(output, headRows(plan)),
    formatTable(output, COLUMNS, steps),
    formatFields(output, timeRows(plan)),
  ].join('\n');
}

type Row = PlannedStep & { number: number };

const COLUMNS: Column<Row>[] = [
  { head: '#', value: ({ number }) => number, align: 'right' },
  { head: 'STEP', value: ({ id }) => id, wrap: true },
  { head: 'DOES', value: doesText, wrap: true },
  { head: 'UNDO', value: undoText, wrap: true },
];

type FieldRow = readonly [string, CellValue];

function headRows(plan: CutoverPlan): FieldRow[] {
  const { variables, secrets, window, lock, profile } = plan;
  const named = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const hidden = secrets.length > 0 ? [`${secrets.length} secret`] : [];
  return known([
    ['plan', `${plan.name} (${plan.path})`],
    ['hash', plan.hash.slice(0, 'sha256:'.length + 12)],
    ['profile', profile],
    ['variables', [...named, ...hidden].join(', ')],
    ['lock', lock],
    ['window', windowText(window)],
    ['preflight', plan.preflight.join(', ')],
    ...plan.checks.map((check): FieldRow => ['check', checkText(check, plan)]),
    ...plan.freezes.map(
      ({ name, from, to, maxPauseMs }): FieldRow => [
        'freeze',
        `${name}: from ${from} to ${to}, ${formatExactDuration(maxPauseMs)} at most, else back`,
      ],
    ),
  ]);
}

function timeRows(plan: CutoverPlan): FieldRow[] {
  const { earliestMs, worstRollbackMs, noticeMs, parts } = arithmetic(plan);
  const { budgetMs, health, keepMs, returns } = plan.rollback;
  const asks = plan.steps
    .filter(({ outline }) => outline.asks !== null)
    .map(({ id, outline }) => `${id}: ${outline.asks}`);
  const final = plan.steps.filter(({ pointOfNoReturn }) => pointOfNoReturn).map(({ id }) => id);
  const longest = parts.slice(0, 3).map(({ step, ms }) => `${step} ${formatExactDuration(ms)}`);
  return known([
    ...asks.map((text): FieldRow => ['asks', text]),
    [
      'earliest finish',
      `after ${formatExactDuration(earliestMs)}${asks.length > 0 ? ', and what the approvals take' : ''}`,
    ],
    [
      'rollback at worst',
      `${formatExactDuration(worstRollbackMs)}${longest.length > 0 ? ` (${longest.join(', ')})` : ''}`,
    ],
    [
      'trouble noticed',
      plan.checks.length > 0 ? `after ${formatExactDuration(noticeMs)} at worst` : 'by no check',
    ],
    ['budget', budgetMs === null ? null : `${formatExactDuration(budgetMs)} for the rollback`],
    ['gives back', returns.map(({ stream, group, to }) => `${stream} (${group}) to ${to}`).join(', ')],
    [
      'old side healthy',
      health.length > 0
        ? `shown by ${health.join(', ')}`
        : 'not asked for: the plan names no rollback.health',
    ],
    ['kept after', keepMs === null ? null : formatExactDuration(keepMs)],
    ['no return', final.length > 0 ? `from ${final[0]} on` : 'nowhere: all can be undone'],
  ]);
}

function known(rows: readonly FieldRow[]): FieldRow[] {
  return rows.filter(([, value]) => value !== null && value !== '');
}

function windowText({ notBefore, notAfter, timezone, jitterMs }: CutoverPlan['window']): string {
  const parts = [
    notBefore && `not before ${notBefore}`,
    notAfter && `not after ${notAfter}`,
    timezone,
    jitterMs > 0 && `up to ${formatExactDuration(jitterMs)} later by chance`,
  ];
  return parts.filter(Boolean).join(', ');
}

function checkText(check: PlannedCheck, { rollback }: CutoverPlan): string {
  const { name, metric, success, failure, onFailure, dryRun, from, until, intervalMs } = check;
  const head = `${name}: ${metric}`;
  const wanted = [success && `${success}`, failure && `not ${failure}`].filter(Boolean).join(', ');
  const when =
    from === 'never'
      ? 'where a step asks for it'
      : [from && `from ${from}`, until && `until ${until}`].filter(Boolean).join(' ');
  // It says when the way back is safe, and leads nowhere by itself.
  if (from === 'never' && rollback.health.includes(name)) return `${head}, ${wanted}, in a rollback`;
  return `${head}, ${wanted}, every ${formatExactDuration(intervalMs)}${when ? ` ${when}` : ''}, else ${dryRun ? 'told only' : onFailure}`;
}

function doesText({ outline, pointOfNoReturn, repeatable }: Row): string {
  const marks = [pointOfNoReturn && 'POINT OF NO RETURN', !repeatable && 'not repeatable'].filter(Boolean);
  return marks.length > 0 ? `${outline.does} [${marks.join(', ')}]` : outline.does;
}

/** What undoes a step, as a clause. */
export function undoText({ undo, outline }: Pick<PlannedStep, 'undo' | 'outline'>): string {
  if (typeof undo !== 'string') return undo.map((step) => step.outline.does).join(', ') || 'nothing';
  if (outline.undo === 'nothing') return 'not needed';
  if (undo === 'none' || outline.undo === 'missing') return 'none';
  return outline.undo.does;
}
