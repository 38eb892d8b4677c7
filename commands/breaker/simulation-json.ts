import type { Approach, Nearest, SimulatedMove, SimulationResult } from '../../src/breaker/index.ts';
import type { TestCalls } from './test-calls.ts';
import type { Basis, Variant } from './test-settings.ts';

/** All that a simulation has shown, as `-o json` prints it. */
export function simulationJson(
  name: string,
  { from, offline }: Basis,
  calls: TestCalls,
  results: readonly { variant: Variant; result: SimulationResult }[],
): object {
  const { generated, file, count, fromMs, toMs, outOfOrder } = calls;
  const times = timesOf(calls);
  return {
    breaker: name,
    settingsFrom: from,
    offline,
    calls: {
      source: generated ? 'generated' : 'recorded',
      ...{ file, count, from: times.at(fromMs), totalMs: toMs - fromMs, outOfOrder, generated },
    },
    results: results.map(({ variant, result }) => resultJson(variant, result, times)),
  };
}

interface Times {
  after: (ms: number) => number;
  /** Null where the calls have no time of day. */
  at: (ms: number) => string | null;
}

/** Times below this are no times of day: lines without a time, or ms since the beginning of a test. */
const DAYS_MS = 365 * 86_400_000;

function timesOf({ fromMs }: TestCalls): Times {
  const after = (ms: number) => ms - fromMs;
  const at = (ms: number) => (fromMs >= DAYS_MS ? new Date(ms).toISOString() : null);
  return { after, at };
}

function resultJson({ tried }: Variant, result: SimulationResult, times: Times): object {
  const { firstOpenedAtMs, timeline, nearest, ...rest } = result;
  return {
    tried,
    opensAfterMs: firstOpenedAtMs === null ? null : times.after(firstOpenedAtMs),
    opensAt: firstOpenedAtMs === null ? null : times.at(firstOpenedAtMs),
    ...rest,
    timeline: timeline.map(({ atMs, ...move }: SimulatedMove) => ({
      afterMs: times.after(atMs),
      at: times.at(atMs),
      ...move,
    })),
    nearest: nearest && nearestJson(nearest, times),
  };
}

function nearestJson({ failures, failureRate, slowCallRate, ...rest }: Nearest, times: Times): object {
  const one = (approach: Approach | null) => {
    if (!approach) return null;
    const { atMs, ...what } = approach;
    return { ...what, afterMs: times.after(atMs) };
  };
  return { failures: one(failures), failureRate: one(failureRate), slowCallRate: one(slowCallRate), ...rest };
}
