import type { BreakerEvent, BreakerView, Override } from '../../src/breaker/index.ts';
import type { ShownBreaker } from './chosen.ts';
import { settingsOfEvent } from './event-text.ts';
import { concernOf } from './wording.ts';

/** A time of Redis as JSON has it. */
export function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** A breaker as `list` and `watch` print it in JSON. */
export function breakerToJson(view: ShownBreaker): object {
  const { override, lapsedOverride } = view;
  return {
    breaker: view.name,
    known: view.known,
    configured: view.configured !== null,
    state: view.state,
    rejects: concernOf(view) === 'open',
    since: timeOf(view.sinceMs),
    cause: view.cause,
    detail: view.detail,
    by: view.by,
    host: view.host,
    reason: view.reason,
    halfOpenAt: timeOf(view.halfOpenAtMs),
    openMs: view.openMs,
    openings: view.openings,
    probes: probesOf(view),
    ...countsOf(view),
    windowMs: view.settings.windowMs,
    lastError: view.lastError,
    lastErrorAt: timeOf(view.lastErrorAtMs),
    lastSeenAt: timeOf(view.seenMs),
    override: override && overrideToJson(override),
    forgotten: view.forgotten,
    lapsedOverride: lapsedOverride && overrideToJson(lapsedOverride),
    now: timeOf(view.nowMs),
  };
}

/** Of what Redis does not know there is nothing to be counted. */
function countsOf({ known, counts }: BreakerView): object {
  if (!known) return { calls: null, failed: null, slow: null, rejected: null };
  const { ok, failed, slow, rejected } = counts;
  return { calls: ok + failed, failed, slow, rejected };
}

function probesOf({ state, probesUnderWay, successes, settings }: BreakerView): object | null {
  if (state !== 'half-open') return null;
  const { halfOpenProbes, successThreshold } = settings;
  return { underWay: probesUnderWay, atMost: halfOpenProbes, succeeded: successes, needed: successThreshold };
}

/** An override as JSON has it. */
export function overrideToJson({ mode, by, host, reason, sinceMs, untilMs }: Override): object {
  return { mode, by, host, reason, since: timeOf(sinceMs), until: timeOf(untilMs) };
}

/** An event as `history` and `watch` print it in JSON. */
export function eventToJson(event: BreakerEvent): object {
  const { id, atMs, breaker, seq, type, untilMs, settings, ...rest } = event;
  return {
    ...{ id, at: timeOf(atMs), breaker, seq, event: type },
    ...rest,
    until: timeOf(untilMs),
    settings: settings === null ? null : settingsOfEvent(settings),
  };
}
