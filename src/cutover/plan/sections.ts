import type { Issue } from '../../config/issues.ts';
import type { PlannedNotification, PlannedRollback, PlannedWindow } from '../plan-types.ts';
import type { WrittenPlan } from './schema.ts';
import { buildSteps, type StepParts } from './steps.ts';

/** When it may begin. */
export function toWindow({
  notBefore,
  notAfter,
  timezone,
  jitter,
}: NonNullable<WrittenPlan['window']> = {}): PlannedWindow {
  return {
    notBefore: notBefore ?? null,
    notAfter: notAfter ?? null,
    timezone: timezone ?? null,
    jitterMs: jitter ?? 0,
  };
}

/** Where the window never opens. */
export function windowIssues({ window }: WrittenPlan): Issue[] {
  const { notBefore, notAfter } = window ?? {};
  const both = notBefore !== undefined && notAfter !== undefined;
  if (!both) return [];
  const path = ['window', 'notAfter'];
  if (notBefore.includes('T') !== notAfter.includes('T'))
    return [{ path, problem: 'expected a time of the same form as notBefore' }];
  const over = notAfter.includes('T') && Date.parse(notAfter) <= Date.parse(notBefore);
  return over || notAfter === notBefore ? [{ path, problem: 'the window ends before it begins' }] : [];
}

const DEFAULT_HEALTH_TIMEOUT_MS = 60_000;
/** As the undo of a drain has it. */
const DEFAULT_RETURN_TIMEOUT_MS = 300_000;

/** How it goes back, with defaults. */
export function toRollback(written: NonNullable<WrittenPlan['rollback']> = {}): PlannedRollback {
  return {
    budgetMs: written.budget ?? null,
    health: written.health ?? [],
    healthTimeoutMs: written.healthTimeout ?? DEFAULT_HEALTH_TIMEOUT_MS,
    returns: (written.returns ?? []).map(({ minIdle, ...rest }) => ({
      ...rest,
      ...(minIdle !== undefined && { minIdleMs: minIdle }),
    })),
    returnTimeoutMs: written.undoTimeout ?? DEFAULT_RETURN_TIMEOUT_MS,
    onInterrupt: written.onInterrupt ?? false,
    keepMs: written.keep ?? null,
  };
}

/** Who is told of what. */
export function buildNotifications(
  written: WrittenPlan['notify'],
  parts: StepParts,
): { value: PlannedNotification[]; issues: Issue[] } {
  const issues: Issue[] = [];
  const value = (written ?? []).map(({ on, ...rest }, at) => {
    const { steps, issues: found } = buildSteps([{ ...rest, name: `notify-${at + 1}`, undo: 'none' }], parts);
    issues.push(...found.map((issue) => ({ ...issue, path: ['notify', at] })));
    return { on, step: { ...steps[0]!, line: parts.lineOf(['notify', at]) } };
  });
  return { value, issues };
}
