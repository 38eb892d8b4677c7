import type { Command } from 'commander';
import type { AlertDoors, AlertPlan, AlertRule } from '../../src/alerts/index.ts';
import { findSimilar } from '../../src/config/similar.ts';
import { QctlError } from '../../src/errors.ts';
import type { Context } from '../context.ts';
import { metricDoors } from '../metric-doors.ts';
import { addConnectionOptions } from '../options.ts';
import { stateFolderOf } from '../state-folder.ts';

/** The flag of every command over alerts. */
export interface StateFlags {
  stateDir?: string;
}

/** Adds `--state-dir` and the connection flags of all that rules may measure. */
export function addAlertOptions<C extends Command>(command: C): C {
  command.option(
    '--state-dir <folder>',
    'where this host keeps alerts while Redis is away (default: QCTL_STATE_DIR, else below XDG_STATE_HOME)',
  );
  return addConnectionOptions(command, ['redis', 'postgres', 'sqs']);
}

/** The rules and channels of the configuration. Throws `config` where something cannot be meant. */
export async function alertPlan(context: Context): Promise<AlertPlan> {
  const { readAlerts } = await import('../../src/alerts/index.ts');
  return readAlerts(await context.config());
}

/** As {@link alertPlan}; throws `config` ALERTS_MISSING where there is no rule. */
export async function rulesOf(context: Context): Promise<AlertPlan> {
  const plan = await alertPlan(context);
  if (plan.rules.length > 0) return plan;
  const { profile, profiles } = await context.config();
  const choose =
    profile === undefined && profiles.length > 1
      ? [`choose a profile with --profile: ${profiles.join(', ')}`]
      : [];
  throw new QctlError('config', `there are no alert rules${profile ? ` in profile ${profile}` : ''}`, {
    code: 'ALERTS_MISSING',
    hint: [...choose, 'write them below alerts: rules: of a profile in qctl.yaml'],
  });
}

/** What alerts may touch: the connections of this configuration, and this environment. */
export function alertDoors(context: Context, { stateDir }: StateFlags): AlertDoors {
  return { ...metricDoors(context), stateFolder: stateFolderOf(context, 'alerts', stateDir) };
}

/** A rule by its name. Throws `usage` ALERT_UNKNOWN. */
export async function ruleNamed(plan: AlertPlan, name: string): Promise<AlertRule> {
  const { findRule } = await import('../../src/alerts/index.ts');
  return (
    findRule(plan, name) ??
    unknown(
      'alert rule',
      name,
      plan.rules.map((rule) => rule.name),
    )
  );
}

/** Throws for a name that is not known. */
export function unknown(what: string, name: string, known: readonly string[]): never {
  const similar = findSimilar(name, [...known]);
  const list = known.length > 0 ? `there are ${known.join(', ')}` : 'there are none';
  throw new QctlError('usage', `there is no ${what} ${name}`, {
    code: 'ALERT_UNKNOWN',
    hint: [similar ? `did you mean ${similar}?` : list],
    details: { name },
  });
}
