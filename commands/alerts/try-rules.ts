import type { AlertPlan, RuleTrial } from '../../src/alerts/index.ts';
import type { Context } from '../context.ts';
import { colourOf } from '../term/colour.ts';
import { renderResult } from '../term/render.ts';
import { type Column, formatTable } from '../term/table.ts';
import { alertDoors, type StateFlags } from './plan.ts';

/** `alerts run --dry-run`: measures every rule once; nothing is kept, and nobody is told. */
export async function tryRules(context: Context, plan: AlertPlan, flags: StateFlags): Promise<number> {
  const { io, options, signal } = context;
  const { measureRules } = await import('../../src/alerts/index.ts');
  const rows = await measureRules(plan, alertDoors(context, flags), signal);
  await renderResult(io, options, {
    type: 'alert-trial',
    data: rows,
    table: () => {
      const paint = colourOf(io.stdout);
      const columns: Column<RuleTrial>[] = [
        { head: 'RULE', value: ({ rule }) => rule, whole: true },
        { head: 'SEVERITY', value: ({ severity }) => severity },
        {
          head: 'OUTCOME',
          value: ({ outcome }) => outcome,
          style: (text, { outcome }) => (outcome === 'fail' ? paint.red(text) : text),
        },
        { head: 'WHY', value: ({ why }) => why, wrap: true },
        { head: 'TO', value: ({ to }) => to.join(', '), wrap: true },
      ];
      return formatTable(io.stdout, columns, rows);
    },
  });
  if (!options.quiet) io.stderr.write('nothing was kept, and nobody was told (--dry-run)\n');
  return 0;
}
