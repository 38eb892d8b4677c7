import { type BreakerView, type Override, verdictOf } from '../../src/breaker/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { ShownBreaker } from './chosen.ts';

/** What is wrong with a breaker, the worst first. */
export const CONCERNS = ['open', 'half-open', 'held', 'closed'] as const;
/** `open`: calls are rejected, be it held open; `held`: any other override; the rest is the state itself. */
export type Concern = (typeof CONCERNS)[number];

/** See {@link Concern}. */
export function concernOf(view: Pick<BreakerView, 'state' | 'override'>): Concern {
  if (view.override) return verdictOf(view) === 'reject' ? 'open' : 'held';
  return view.state;
}

/** `open`, `held closed`, `held closed, is open`. */
export function stateText({
  state,
  override,
}: Pick<BreakerView, 'state'> & { override: Pick<Override, 'mode'> | null }): string {
  if (!override) return state;
  return `held ${override.mode}${state === 'closed' ? '' : `, is ${state}`}`;
}

/** How long it is like that; null where that is not known. */
export function sinceText({ nowMs, sinceMs, override }: BreakerView): string | null {
  const since = override?.sinceMs ?? sinceMs;
  return since === null ? null : formatDuration(Math.max(0, nowMs - since));
}

/** What happens next by itself; null where nothing does. */
export function nextText(view: BreakerView): string | null {
  const { state, override, halfOpenAtMs, nowMs, successes, settings } = view;
  if (override) return endText(override, nowMs);
  if (state === 'closed') return null;
  if (state === 'half-open') return `${successes}/${settings.successThreshold} probes ok`;
  if (halfOpenAtMs === null || halfOpenAtMs <= nowMs) return 'probe is due';
  return `probe in ${formatDuration(halfOpenAtMs - nowMs)}`;
}

function endText({ untilMs }: Override, nowMs: number): string {
  return untilMs === null ? 'until released' : `ends in ${formatDuration(Math.max(0, untilMs - nowMs))}`;
}

/** Why it is like that: the reason of the override, else that of the state; null where there is nothing to say. */
export function whyText(view: ShownBreaker): string | null {
  const { override, known, cause } = view;
  if (override) return `${override.by}@${override.host}: ${override.reason}`;
  if (!known) return 'never used';
  if (cause === null && view.seenMs === null) return 'no process has been heard of yet';
  return cause === null ? null : causeText(view);
}

/** Why a breaker is in its own state, whatever an override says. */
export function causeText({
  cause,
  detail,
  by,
  host,
  reason,
}: Pick<BreakerView, 'cause' | 'detail' | 'by' | 'host' | 'reason'>): string {
  if (cause === 'tripped' || cause === 'reset') {
    const who = by === null ? '' : ` by ${by}${host === null ? '' : `@${host}`}`;
    return `${cause}${who}${reason === null ? '' : `: ${reason}`}`;
  }
  if (cause === 'probe-failed') return `probe failed${detail === null ? '' : `: ${detail}`}`;
  if (cause === 'open-time-over') return `open time over${detail === null ? '' : ` (it opened: ${detail})`}`;
  return detail ?? cause ?? '';
}

/** A breaker as a clause: `open for 2m12s, probe in 48s: 5 of 5 calls failed in 60s, threshold 5`. */
export function clauseOf(view: ShownBreaker): string {
  const since = sinceText(view);
  const { state, override } = view;
  const head = `${override ? `held ${override.mode}` : state}${since === null ? '' : ` for ${since}`}`;
  const below = override && state !== 'closed' ? `is ${state}` : null;
  const why = whyText(view);
  return [head, below, nextText(view)].filter(Boolean).join(', ') + (why === null ? '' : `: ${why}`);
}

/** After this a breaker whose processes keep silent is old news: they look at it once a second. */
export const SILENT_AFTER_MS = 60_000;

/** How long no process was heard of; null where one is at work, or there never was any. */
export function silentForMs({ seenMs, nowMs }: BreakerView): number | null {
  return seenMs !== null && nowMs - seenMs >= SILENT_AFTER_MS ? nowMs - seenMs : null;
}

/** Of an override whose time is over: `the override is over since …, and nobody has taken it away: held open by …`. */
export function overText({ mode, by, host, reason, untilMs }: Override): string {
  const since = untilMs === null ? '' : ` since ${new Date(untilMs).toISOString().slice(0, 19)}Z`;
  return `the override is over${since}, and nobody has taken it away: held ${mode} by ${by}@${host}: ${reason}`;
}
