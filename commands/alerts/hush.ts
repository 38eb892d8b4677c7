import type { ActiveSilence } from '../../src/alerts/index.ts';
import type { Context } from '../context.ts';
import { operatorHere } from '../operator.ts';
import { renderResult } from '../term/render.ts';
import { formatTable } from '../term/table.ts';
import { alertDoors, ruleNamed, rulesOf, type StateFlags } from './plan.ts';

/** Silences a rule, or ends that (`forMs` 0), and prints prior and new. */
export async function hushRule(
  context: Context,
  name: string,
  flags: StateFlags,
  { forMs, reason }: { forMs: number; reason: string },
): Promise<void> {
  const { io, options } = context;
  const plan = await rulesOf(context);
  const rule = await ruleNamed(plan, name);
  const { hush } = await import('../../src/alerts/index.ts');
  const { by, host } = operatorHere();
  const order = { forMs, reason, by: `${by}@${host}`, dryRun: options.dryRun };
  const { prior, next, hereOnly } = await hush(plan, rule, alertDoors(context, flags), order);
  const row = { rule: name, before: textOf(prior), now: textOf(next) };
  await renderResult(io, options, {
    type: 'alert-silence',
    data: { rule: name, prior: timed(prior), next: timed(next), hereOnly, dryRun: options.dryRun },
    table: () =>
      formatTable(
        io.stdout,
        [
          { head: 'RULE', value: ({ rule }) => rule, whole: true },
          { head: 'BEFORE', value: ({ before }) => before, wrap: true },
          { head: 'NOW', value: ({ now }) => now, wrap: true },
        ],
        [row],
      ),
  });
  if (options.quiet) return;
  if (options.dryRun) io.stderr.write('nothing was changed (--dry-run)\n');
  else if (hereOnly !== null)
    io.stderr.write(
      `qctl: warning: Redis is away (${hereOnly}): this counts on this host alone until it is back\n`,
    );
  if (forMs === 0 && next) io.stderr.write('a silence of qctl.yaml is still in force\n');
}

function timed(silence: ActiveSilence | null) {
  return silence && { until: timeOf(silence), reason: silence.reason, by: silence.by };
}

function textOf(silence: ActiveSilence | null): string {
  if (!silence) return 'heard';
  return `silent until ${timeOf(silence)} (${silence.reason}${silence.by ? `, ${silence.by}` : ', qctl.yaml'})`;
}

function timeOf({ untilMs }: ActiveSilence): string {
  return new Date(untilMs).toISOString();
}
