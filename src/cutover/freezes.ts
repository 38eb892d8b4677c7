import type { FoldedRun } from './fold.ts';
import { firstOf, isStep, lastOf } from './place.ts';
import type { PlannedFreeze, PlannedStep } from './plan-types.ts';
import type { Session } from './session.ts';
import { goBack } from './watching.ts';

/** Since when a freeze holds (ms since 1970); null: it has not begun, or is over. */
export function frozenSince(
  freeze: PlannedFreeze,
  steps: readonly PlannedStep[],
  folded: FoldedRun,
): number | null {
  const began = steps
    .filter((step) => isStep(step, freeze.from))
    .flatMap(({ id }) => folded.steps.get(id)?.startedAt ?? [])
    .map((at) => Date.parse(at));
  const last = steps[lastOf(steps, freeze.to)];
  if (began.length === 0 || (last && folded.steps.get(last.id)?.appliedAt)) return null;
  return Math.min(...began);
}

/** Sees to it that no freeze lasts longer than it may: then the run goes back. */
export class Freezes {
  private readonly session: Session;
  private readonly timers = new Map<string, NodeJS.Timeout>();

  constructor(session: Session) {
    this.session = session;
  }

  /** To be called before each step, and after it. */
  look(): void {
    const { plan, host } = this.session.hands;
    for (const freeze of plan.freezes) {
      const since = frozenSince(freeze, plan.steps, this.session.folded);
      if (since === null) this.clear(freeze.name);
      else if (!this.timers.has(freeze.name))
        this.arm(freeze, since + freeze.maxPauseMs - host.now().getTime());
    }
  }

  /** The pause begins with the step: its intent is about to be written. */
  begins(step: PlannedStep): void {
    const { plan } = this.session.hands;
    for (const freeze of plan.freezes) {
      if (!isStep(step, freeze.from) || this.timers.has(freeze.name)) continue;
      if (firstOf(plan.steps, freeze.from) === plan.steps.indexOf(step)) this.arm(freeze, freeze.maxPauseMs);
    }
  }

  stop(): void {
    for (const name of this.timers.keys()) this.clear(name);
  }

  private arm(freeze: PlannedFreeze, leftMs: number): void {
    const over = (): void => {
      const why = `freeze ${freeze.name} lasted longer than ${freeze.maxPauseMs / 1000} s`;
      goBack(this.session, `freeze ${freeze.name}`, why).catch(() => undefined);
    };
    // A run that is taken up too late begins no step any more.
    if (leftMs <= 0) over();
    this.timers.set(freeze.name, setTimeout(leftMs <= 0 ? () => undefined : over, Math.max(0, leftMs)));
  }

  private clear(name: string): void {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }
}
