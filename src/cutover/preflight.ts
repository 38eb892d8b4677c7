import type { CheckOutcome } from '../checks/index.ts';
import { isQctlError, QctlError } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import type { CutoverPlan } from './plan-types.ts';
import { errorText, SHORTEST_SECRET } from './redact.ts';
import type { Session } from './session.ts';
import { timed } from './timed.ts';
import { passOnce } from './watch-once.ts';
import { worldOf } from './world.ts';

/** Looks at everything that speaks against the plan; reads only. Throws `refused` PREFLIGHT that names all of it. */
export async function preflight(session: Session, signal: AbortSignal): Promise<void> {
  const { events } = session.hands;
  const findings = [
    ...budgetFindings(session),
    ...secretFindings(session),
    ...(await stepFindings(session, signal)),
  ];
  const checks = await passOnce(session, session.hands.plan.preflight, signal, true);
  signal.throwIfAborted();
  findings.push(
    ...checks.map(({ check, why }) =>
      blocker(
        'CHECK_FAILED',
        `check ${check} does not pass: ${why}`,
        'mend what it measures, or the check in the plan',
      ),
    ),
  );
  for (const finding of findings) events.finding?.({ ...finding, text: session.redact(finding.text) });
  const blockers = findings.filter(({ level }) => level === 'blocker');
  if (blockers.length === 0) return;
  throw new QctlError('refused', session.redact(blockers.map(({ text }) => text).join('; ')), {
    code: blockers.length === 1 ? blockers[0]!.code : 'PREFLIGHT',
    hint: [...blockers.flatMap(({ remedy }) => remedy ?? []), 'nothing was changed'],
  });
}

async function stepFindings(session: Session, signal: AbortSignal): Promise<Finding[]> {
  const all: Finding[] = [];
  for (const step of session.hands.plan.steps) {
    const limits = {
      timeoutMs: step.timeoutMs,
      graceMs: session.graceMs,
      signal,
      what: `preflight of ${step.id}`,
    };
    try {
      const found = await timed(limits, async (own) =>
        step.kind.preflight?.(step.params, worldOf(session, step, own)),
      );
      all.push(...(found ?? []).filter((one) => !all.some((told) => isSame(told, one))));
    } catch (error) {
      signal.throwIfAborted();
      all.push(
        blocker(
          'PREFLIGHT_FAILED',
          `step ${step.id}: ${errorText(error, session.redact)}`,
          remedyOf(error, session),
        ),
      );
    }
  }
  return all;
}

function remedyOf(error: unknown, { redact }: Session): string {
  const [hint] = isQctlError(error) ? error.hint : [];
  return hint === undefined ? 'mend what the step says, or take the step out of the plan' : redact(hint);
}

/** Two drains of one source have the same to say. */
function isSame(one: Finding, other: Finding): boolean {
  return one.level === other.level && one.code === other.code && one.text === other.text;
}

function budgetFindings({ hands: { plan, options } }: Session): Finding[] {
  const { budgetMs } = plan.rollback;
  const worst = options.parts.arithmetic?.(plan).worstRollbackMs ?? 0;
  if (budgetMs === null || worst <= budgetMs) return [];
  const text = `going back may take ${worst / 1000} s, more than its budget of ${budgetMs / 1000} s`;
  const remedy = 'shorten undoTimeout of the slowest steps, or raise rollback.budget';
  return [blocker('ROLLBACK_BUDGET', text, remedy)];
}

/** The text of the plan is kept with the run, so that it can be taken up from anywhere. */
function secretFindings({ hands: { plan } }: Session): Finding[] {
  if (!plan.secrets.some((secret) => secret.length >= SHORTEST_SECRET && plan.text.includes(secret)))
    return [];
  const text = 'a secret stands in the plan itself, whose text is kept in the journal and in Redis';
  return [
    {
      ...{ level: 'warning', code: 'SECRET_IN_PLAN', text },
      remedy: 'take it from the environment: NAME: { env: VARIABLE, secret: true }',
    },
  ];
}

function blocker(code: string, text: string, remedy: string): Finding {
  return { level: 'blocker', code, text, remedy };
}

/** Measures how things stand. Throws `refused` BASELINE_FAILING where a check fails that was not allowed to. */
export async function baseline(session: Session, signal: AbortSignal): Promise<void> {
  const { plan, options } = session.hands;
  if (!plan.baseline || session.folded.baseline) return;
  const { durationMs: forMs } = plan.baseline;
  session.waiting('baseline', `measuring how things stand for ${forMs / 1000} s`);
  const { values, failing } = await options.parts
    .takeBaseline([...plan.checks], session.measure, { forMs, signal })
    .finally(() => session.waiting('baseline', null));
  signal.throwIfAborted();
  const bad = failing.filter((one) => keepsFromStarting(one, plan));
  if (bad.length === 0) {
    await session.write({ event: 'baseline', values, failing: failing.map(({ check }) => check) });
    return;
  }
  const named = bad.map(({ check, why }) => `${check} (${session.redact(why)})`).join(', ');
  throw new QctlError('refused', `failing already, before anything was changed: ${named}`, {
    code: 'BASELINE_FAILING',
    hint: ['mend it first, or allow it by name: --allow-failing NAME'],
  });
}

/**
 * A check that fails, or that cannot be measured although it is watched from the first step on. What the new side
 * has no numbers of yet, because it is not up, keeps nobody from bringing it up; a mere warning does not either.
 */
function keepsFromStarting(
  { check, outcome }: { check: string; outcome: CheckOutcome },
  { checks }: CutoverPlan,
): boolean {
  const planned = checks.find(({ name }) => name === check);
  if (!planned || planned.allowFailing || planned.onFailure === 'warn') return false;
  return outcome === 'fail' || (outcome === 'error' && planned.from === null);
}
