import { type Family, familyOf, seconds, stateFamily } from '../../model/exposition.ts';
import {
  BREAKER_OVERRIDE_LABELS,
  BREAKER_SERIES,
  BREAKER_STATE_LABELS,
} from '../../model/series/breakers.ts';
import type { BreakerRow } from '../snapshot.ts';

/**
 * Circuit breakers, as `breaker list -o prometheus` has them.
 *
 * @param nowMs when they were looked at
 */
export function breakerFamilies(breakers: readonly BreakerRow[], nowMs: number): Family[] {
  const of = ({ breaker }: BreakerRow) => ({ breaker });
  const age = (at: string | null | undefined) =>
    at == null ? null : Math.max(0, nowMs - Date.parse(at)) / 1000;
  const family = (name: keyof typeof BREAKER_SERIES, measure: (row: BreakerRow) => number | boolean | null) =>
    familyOf(BREAKER_SERIES[name], breakers, of, measure);
  // Nothing was counted of one that no process has used yet.
  const counted = (name: 'failed' | 'slow' | 'calls' | 'rejected') =>
    family(name, (row) => (row.lastSeenAt === null ? null : row[name]));
  return [
    stateFamily(BREAKER_SERIES.state, breakers, of, {
      label: 'state',
      words: BREAKER_STATE_LABELS,
      of: ({ state }) => state,
    }),
    stateFamily(BREAKER_SERIES.override, breakers, of, {
      label: 'override',
      words: BREAKER_OVERRIDE_LABELS,
      of: ({ override }) => override?.mode ?? 'none',
    }),
    family('rejects', ({ state, override }) => (override?.mode ?? state) === 'open'),
    family('overrideAge', ({ override }) => age(override?.since)),
    family('overrideEnds', ({ override }) => {
      return override?.until == null ? null : seconds(Math.max(0, Date.parse(override.until) - nowMs));
    }),
    ...(['failed', 'slow', 'calls', 'rejected'] as const).map(counted),
    family('lastSeen', ({ lastSeenAt }) => age(lastSeenAt)),
  ];
}
