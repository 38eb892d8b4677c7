import { formatDuration } from '../../src/model/duration.ts';
import type { ShownForeign } from './foreign.ts';
import type { Concern } from './wording.ts';

/** What is wrong with it, in the terms of qctl: a lock is what an override is. `unknown` is a concern of its own. */
export function foreignConcern({ state, locked }: ShownForeign): Concern | 'unknown' {
  return locked && state === 'closed' ? 'held' : state;
}

/** `open`, `locked open`, `unknown`. */
export function foreignStateText({ state, locked }: ShownForeign): string {
  return locked ? `locked ${state}` : state;
}

/** How long it is like that; null where that is not known. */
export function foreignSinceText({ nowMs, sinceMs }: ShownForeign): string | null {
  return sinceMs === null ? null : formatDuration(Math.max(0, nowMs - sinceMs));
}

/** What happens next by itself; null where nothing does, or only the program knows. */
export function foreignNextText({ nextChangeMs, nowMs, locked }: ShownForeign): string | null {
  if (nextChangeMs === null) return null;
  const left = formatDuration(Math.max(0, nextChangeMs - nowMs));
  return locked ? `lock lost in ${left}` : `probe in ${left}`;
}

/** The last error and how long ago, and what there is to note; null without either. */
export function foreignWhyText({ lastError, lastErrorAtMs, nowMs, note }: ShownForeign): string | null {
  const ago = lastErrorAtMs === null ? '' : ` (${formatDuration(Math.max(0, nowMs - lastErrorAtMs))} ago)`;
  return [note, lastError && `${lastError}${ago}`].filter(Boolean).join('; ') || null;
}

/** As a clause: `open for 5.0s, probe in 55s: 7 failures; Net::ReadTimeout (5.0s ago)`. */
export function foreignClause(one: ShownForeign): string {
  const since = foreignSinceText(one);
  const head = `${foreignStateText(one)}${since === null ? '' : ` for ${since}`}`;
  const why = foreignWhyText(one);
  return [head, foreignNextText(one)].filter(Boolean).join(', ') + (why === null ? '' : `: ${why}`);
}
