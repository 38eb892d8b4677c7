import type { LoadProfile } from '../profile/profile.ts';

const WARMUP_PART = 0.2;

/**
 * The profile of one run of a search: its rate and its time in place of the profile's own. Thresholds are left out, since
 * the objective takes their place, and so are faults: a search asks what the target can do undisturbed.
 */
export function probeProfile(profile: LoadProfile, rate: number, durationMs: number): LoadProfile {
  return {
    ...profile,
    stages: [{ kind: 'constant', rate, durationMs }],
    durationMs,
    count: null,
    warmupMs: Math.min(profile.warmupMs, durationMs * WARMUP_PART),
    thresholds: [],
    faults: [],
  };
}
