import type { LoadCounts, LoadResult, LoadSecond } from '../result.ts';
import type { Tally } from '../tally/tally.ts';
import type { BackendSample } from '../targets/target.ts';
import type { GeneratorWatch } from './generator-watch.ts';
import type { Meter } from './meter.ts';

/** What a second is made of. */
export interface TimelineParts {
  tally: Tally;
  meter: Meter;
  watch: GeneratorWatch;
  /** How many messages the schedule has before that moment; null: it has none. */
  wantedBefore: (ms: number) => number | null;
  warmupMs: number;
}

type Countable = 'sent' | 'confirmed' | 'processed' | 'failed' | 'dropped';
const COUNTED: readonly Countable[] = ['sent', 'confirmed', 'processed', 'failed', 'dropped'];

/** The seconds of a run, one after the other. */
export class Timeline {
  readonly seconds: LoadSecond[] = [];
  readonly #parts: TimelineParts;
  #counts: LoadCounts;
  #before: BackendSample | null = null;
  #latest: BackendSample | null = null;
  #latestAtMs = 0;

  constructor(parts: TimelineParts) {
    this.#parts = parts;
    this.#counts = parts.tally.counts(false);
  }

  /** How the target stood before the first message. */
  begin(sample: BackendSample | null): void {
    this.#before = sample;
    this.#latest = sample;
  }

  /**
   * Ends a second.
   *
   * @param fromMs where it began, from the start of the schedule
   * @param sendingMs when the last message was sent; Infinity: it was not yet
   * @param sample null: the target does not answer
   */
  close(fromMs: number, toMs: number, sendingMs: number, sample: BackendSample | null): LoadSecond {
    const { meter, watch, warmupMs } = this.#parts;
    const counts = this.#parts.tally.counts(false);
    const second: LoadSecond = {
      second: Math.floor(fromMs / 1000),
      phase: fromMs >= sendingMs ? 'drain' : fromMs < warmupMs ? 'warmup' : 'measure',
      wanted: this.#wanted(fromMs, toMs),
      ...(Object.fromEntries(COUNTED.map((name) => [name, counts[name] - this.#counts[name]])) as Record<
        Countable,
        number
      >),
      ...meter.closeSecond(),
      backend: sample,
      backendCpu: this.#cpu(sample, toMs),
      ...watch.closeSecond(),
    };
    this.#counts = counts;
    this.seconds.push(second);
    return second;
  }

  /** The most that was seen after the warm-up. */
  backend(): LoadResult['backend'] {
    const seen = this.seconds.filter(({ phase }) => phase !== 'warmup');
    const most = (of: (second: LoadSecond) => number | null | undefined) => {
      const values = seen.map(of).filter((value) => value !== null && value !== undefined);
      return values.length === 0 ? null : Math.max(...values);
    };
    const memoryBytes = most(({ backend }) => backend?.memoryBytes);
    const before = this.#before?.memoryBytes ?? null;
    return {
      length: most(({ backend }) => backend?.length),
      lag: most(({ backend }) => backend?.lag),
      pending: most(({ backend }) => backend?.pending),
      memoryBytes,
      memoryGrowthBytes: memoryBytes === null || before === null ? null : Math.max(0, memoryBytes - before),
      queueBytes: most(({ backend }) => backend?.queueBytes),
      cpu: most(({ backendCpu }) => backendCpu),
    };
  }

  #wanted(fromMs: number, toMs: number): number {
    const { wantedBefore } = this.#parts;
    const before = wantedBefore(fromMs);
    return before === null ? 0 : wantedBefore(toMs)! - before;
  }

  #cpu(sample: BackendSample | null, atMs: number): number | null {
    const [latest, sinceMs] = [this.#latest, atMs - this.#latestAtMs];
    if (!sample) return null;
    this.#latest = sample;
    this.#latestAtMs = atMs;
    if (!latest || latest.cpuSeconds === null || sample.cpuSeconds === null || sinceMs <= 0) return null;
    return Math.max(0, ((sample.cpuSeconds - latest.cpuSeconds) * 1000) / sinceMs);
  }
}
