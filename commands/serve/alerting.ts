import { AlertRunner } from '../../src/alerts/index.ts';
import { plural } from '../../src/model/plural.ts';
import { eventLine } from '../alerts/event-text.ts';
import { alertDoors, alertPlan } from '../alerts/plan.ts';
import type { Context } from '../context.ts';
import { formatNdjson } from '../term/ndjson.ts';

/** Alerts that run beside the server. */
export interface Alerting {
  /** What is begun, as a clause; undefined where there are no rules. */
  text: string | undefined;
  start(): void;
  /** Resolves once no message is under way any more. */
  stop(): Promise<void>;
}

/** The rules of the configuration, checked and not yet looked at. Throws `config` where something cannot be meant. */
export async function prepareAlerts(context: Context): Promise<Alerting> {
  const plan = await alertPlan(context);
  const { io, options } = context;
  if (plan.rules.length === 0)
    return { text: undefined, start: () => undefined, stop: async () => undefined };
  const runner = new AlertRunner(plan, alertDoors(context, {}), {
    onEvent(event) {
      if (options.output === 'ndjson') io.stdout.write(formatNdjson(event));
      const line = eventLine(event, options.verbose);
      const bad = event.type === 'alert-message' && event.error !== null;
      if (line !== undefined && (!options.quiet || bad)) io.stderr.write(line);
    },
  });
  const count = plan.rules.length;
  return {
    text: `${count} alert ${plural(count, 'rule')}`,
    start: () => runner.start(),
    stop: () => runner.stop(),
  };
}
