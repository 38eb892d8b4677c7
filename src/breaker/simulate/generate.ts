import { parseDurationMs } from '../../model/duration.ts';
import { seededRandom } from '../../model/random.ts';
import type { Outcome } from './outcome.ts';

/** A time in which the dependency is away. */
export interface Outage {
  /** After the beginning. */
  fromMs: number;
  forMs: number;
  /** Share of calls that fail in it, in percent. */
  failureRate: number;
}

/** Calls that are made up. */
export interface GeneratedCalls {
  ratePerSecond: number;
  forMs: number;
  /** Share of calls that fail outside of outages, in percent. */
  failureRate: number;
  /** Share of slow calls, in percent. */
  slowRate: number;
  outages: readonly Outage[];
  /** Processes that make them, in turn. */
  instances: number;
  /** The same seed gives the same calls. */
  seed: number;
}

/** Reads `2m+1m` (from minute 2 for one minute, all calls fail) or `2m+1m@80%`; undefined where it is neither. */
export function parseOutage(text: string): Outage | undefined {
  const [, from, length, share] = /^([^+@]+)\+([^+@]+?)(?:@(.+))?$/.exec(text) ?? [];
  const fromMs = parseDurationMs(from ?? '');
  const forMs = parseDurationMs(length ?? '');
  const failureRate = share === undefined ? 100 : parsePercentage(share);
  if (fromMs === undefined || !forMs || failureRate === undefined) return undefined;
  return { fromMs, forMs, failureRate };
}

/** Reads `30%` or `0.5%`; undefined where it is no share of all. */
export function parsePercentage(text: string): number | undefined {
  const share = /^\d{1,3}(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  return share <= 100 ? share : undefined;
}

/** How many calls it will be. */
export function countCalls({
  ratePerSecond,
  forMs,
}: Pick<GeneratedCalls, 'ratePerSecond' | 'forMs'>): number {
  return Math.ceil((ratePerSecond * forMs) / 1000 - 1e-9);
}

/** The calls, evenly spaced from 0 on; reproducible. */
export function* generateOutcomes(calls: GeneratedCalls): Generator<Outcome> {
  const random = seededRandom(calls.seed);
  const total = countCalls(calls);
  for (let i = 0; i < total; i += 1) {
    const atMs = Math.floor((i * 1000) / calls.ratePerSecond);
    // Both are drawn for each call, so that one share does not change what the other one gives.
    const ok = random() * 100 >= failureRateAt(calls, atMs);
    const slow = random() * 100 < calls.slowRate;
    yield { atMs, ok, durationMs: null, slow, instance: String(i % calls.instances) };
  }
}

function failureRateAt({ outages, failureRate }: GeneratedCalls, atMs: number): number {
  const outage = outages.find(({ fromMs, forMs }) => atMs >= fromMs && atMs < fromMs + forMs);
  return outage?.failureRate ?? failureRate;
}
