import type { BreakerStatus } from './library-types.ts';
import type { Member } from './member.ts';
import { CircuitOpenError } from './open-error.ts';
import type { Cause, Shared } from './view.ts';

const WORDS: Partial<Record<Cause, string>> = {
  failures: 'too many calls failed',
  'failure-rate': 'too many of its calls failed',
  'slow-calls': 'too many of its calls were slow',
  'probe-failed': 'the last probe failed',
};

/** Why a call was not let through, and when it may be worth another try. */
export function rejection(status: BreakerStatus, member: Member): CircuitOpenError {
  const { machine, replica } = member;
  const until = status.override ? machine.override?.untilMs : decidingOf(status, member).halfOpenAtMs;
  const leftMs = until == null ? null : Math.max(0, Math.round(until - member.nowMs()));
  const held = replica?.shared.override;
  const why = status.override
    ? `held open by ${held?.by}@${held?.host}: ${held?.reason}`
    : whyOf(status, decidingOf(status, member));
  const note = status.redisTrouble === null ? '' : ' (without Redis, by what this process knows)';
  return new CircuitOpenError(status.name, `${why}${note}`, leftMs);
}

type Deciding = Pick<Shared, 'cause' | 'halfOpenAtMs'> & { detail?: string | null };

/** What all share, or what this process knows by itself. */
function decidingOf({ local }: BreakerStatus, { machine, replica }: Member): Deciding {
  return local || !replica ? machine : replica.shared;
}

function whyOf({ state }: BreakerStatus, { detail, cause }: Deciding): string {
  if (state === 'half-open') return 'half-open, and its probes are under way';
  return detail ?? (cause && WORDS[cause]) ?? 'tripped';
}
