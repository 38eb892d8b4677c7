import type { Arrivals } from '../arrivals/arrivals.ts';
import type { PayloadMaker } from '../payload/payload.ts';
import type { LoadProfile } from '../profile/profile.ts';
import type { LoadPlan } from '../run-types.ts';
import type { LoadTarget } from '../targets/target.ts';
import { faultText } from './faults.ts';

/** What a run is about to do. @param arrivals null: as fast as it goes */
export function planOf(
  run: string,
  profile: LoadProfile,
  target: LoadTarget,
  arrivals: Arrivals | null,
  payload: PayloadMaker,
): LoadPlan {
  const { kind, label, name, version, own, groups } = target;
  const messages = arrivals?.total ?? profile.count;
  const durationMs = arrivals?.durationMs ?? profile.durationMs;
  const mean = arrivals && durationMs ? (arrivals.total * 1000) / durationMs : null;
  return {
    run,
    target: { kind, label, name, version, own },
    messages,
    peakPerSecond: arrivals ? Math.max(arrivals.peakPerSecond, mean ?? 0) : null,
    meanPerSecond: mean,
    durationMs,
    warmupMs: profile.warmupMs,
    bytes: messages === null ? null : messages * payload.meanBytes,
    producers: profile.producers.count,
    groups,
    consumers: groups === 0 ? 0 : profile.consumers.count,
    disturbs: profile.faults.filter((fault) => 'pause' in fault).map(faultText),
  };
}
