import { isQctlError } from '../../../errors.ts';
import type { Finding } from '../../../model/finding.ts';
import { shorten } from '../../../model/shorten.ts';
import { query, tailOf } from '../command.ts';
import type { SystemdParams, UnitAction } from './params.ts';
import { type Manager, showUnit, systemctl } from './unit.ts';

/** Whether systemctl answers, and knows the unit. */
export async function preflightUnit(
  { verb, unit }: UnitAction,
  { createdByPlan }: SystemdParams,
  manager: Manager,
): Promise<Finding[]> {
  const silent = await askManager(manager);
  if (silent) return [silent];
  if (unit === null) return [];
  try {
    const { loadState } = await showUnit(unit, manager);
    return findingsOf(unit, loadState, verb, createdByPlan);
  } catch (error) {
    if (!isQctlError(error)) throw error;
    return [
      { level: 'blocker', code: 'SYSTEMCTL_FAILED', text: error.message, remedy: error.hint.join('; ') },
    ];
  }
}

function findingsOf(
  unit: string,
  loadState: string,
  verb: UnitAction['verb'],
  createdByPlan: boolean,
): Finding[] {
  if (loadState === 'loaded') return [];
  if (loadState === 'masked' && (verb === 'stop' || verb === 'disable')) return [];
  if (loadState === 'masked')
    return [
      {
        level: 'blocker',
        code: 'UNIT_MASKED',
        text: `${unit} is masked: systemd will not ${verb} it`,
        remedy: `systemctl unmask ${unit}`,
      },
    ];
  return [
    {
      level: createdByPlan ? 'warning' : 'blocker',
      code: 'UNIT_NOT_LOADED',
      text: `${unit} is not loaded: systemd says ${loadState || 'nothing'}`,
      remedy: 'check its name and systemctl daemon-reload; createdByPlan: true where a step installs it',
    },
  ];
}

async function askManager({ user, world }: Manager): Promise<Finding | undefined> {
  const outcome = await query(world, systemctl(user, 'show', '--property=Version'));
  if (outcome.ended === 'ok') return undefined;
  const missing = outcome.ended === 'missing' || outcome.ended === 'notExecutable';
  if (missing)
    return {
      level: 'blocker',
      code: 'SYSTEMCTL_MISSING',
      text: 'systemctl is not found on PATH',
      remedy: 'run the plan on the host whose services it is about',
    };
  return {
    level: 'blocker',
    code: 'SYSTEMCTL_FAILED',
    text: `systemctl does not answer: ${shorten(tailOf(outcome, world) ?? outcome.ended, 200)}`,
    remedy: user ? 'loginctl enable-linger, and XDG_RUNTIME_DIR must be set' : undefined,
  };
}
