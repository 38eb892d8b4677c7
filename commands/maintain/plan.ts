import { type MaintainPlan, planMaintenance, type WaitingPlan } from '../../src/maintain/index.ts';
import type { Context } from '../context.ts';
import { withProgress } from '../stream-work.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { formatTable } from '../term/table.ts';
import { chooseWork, eventsOf, type MaintainFlags } from './choose.ts';
import { breakerWorkToJson } from './format-breakers.ts';
import { leftoverToJson } from './format-leftovers.ts';
import { isWorthARow, streamWorkToJson } from './format-streams.ts';
import { tablesOf } from './tables.ts';
import { warn } from './warnings.ts';

/** Shows what each part would do, and changes nothing. Then it fails where something could not be looked at. */
export async function showPlan(context: Context, flags: MaintainFlags): Promise<void> {
  const { io, options } = context;
  const request = await chooseWork(context, flags);
  const plan = await withProgress(context, 'look', ({ work: { waiting }, progress }) =>
    planMaintenance(request, eventsOf(context, { waiting, doing: progress.update })),
  );
  await renderResult(io, options, {
    type: 'maintain-plan',
    data: [
      ...plan.scheduled.map((row) => ({ task: 'scheduled', ...row })),
      ...plan.breakers.map(breakerWorkToJson),
      ...plan.streams.map(streamWorkToJson),
      ...plan.leftovers.map(leftoverToJson),
    ],
    table: () => {
      const scheduled = plan.scheduled.length === 0 ? '' : formatWaiting(io.stdout, plan.scheduled);
      const streams = options.verbose ? plan.streams : plan.streams.filter(isWorthARow);
      return tablesOf(io.stdout, scheduled, { ...plan, streams });
    },
  });
  if (isEmpty(plan) && !options.quiet && options.output === 'table')
    io.stderr.write('there is nothing to do (--verbose shows every stream)\n');
  warn(context, plan);
  const failed = [...plan.breakers, ...plan.streams].find(({ failure }) => failure !== null);
  if (failed?.failure) throw failed.failure;
}

function isEmpty({ scheduled, breakers, leftovers, streams }: MaintainPlan): boolean {
  return scheduled.length + breakers.length + leftovers.length === 0 && !streams.some(isWorthARow);
}

function formatWaiting(output: Output, rows: readonly WaitingPlan[]): string {
  return formatTable(
    output,
    [
      { head: 'STREAM', value: (row) => row.stream, whole: true },
      { head: 'WAITING', value: (row) => grouped(row.waiting), align: 'right' },
      { head: 'DUE', value: (row) => grouped(row.due), align: 'right' },
      { head: 'NEXT-DUE', value: (row) => row.nextDueAt, whole: true },
    ],
    rows,
  );
}
