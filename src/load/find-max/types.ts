import type { Measured } from '../measures.ts';
import type { LoadResult } from '../result.ts';

/** What a search needs to know of one load run. */
export type Probed = Measured &
  Pick<LoadResult, 'run' | 'verdict' | 'reasons' | 'generator' | 'warmupMs' | 'sendingMs'>;

/** `double`: how far up; `bisect`: where between; `hold`: whether it lasts. */
export type ProbePhase = 'double' | 'bisect' | 'hold';

/** What stood in the way of more: the target, this process, or the rate that was allowed. */
export type Limit = 'target' | 'generator' | 'max';

/** One load run of a search. Rates are messages a second, times ms; null: not known. */
export interface ProbeReport {
  run: string;
  phase: ProbePhase;
  rate: number;
  durationMs: number;
  reached: number | null;
  p50: number | null;
  p99: number | null;
  lag: number | null;
  lost: number | null;
  ok: boolean;
  /** Why it is not, a clause each. */
  why: string[];
  /** What it failed by; null where it has not. */
  limitedBy: 'target' | 'generator' | null;
}

/** What a search for the highest rate has found. */
export interface LoadMax {
  /** `none`: not even the first rate held, or none did for longer. */
  verdict: 'found' | 'none' | 'stopped';
  slo: string;
  /** The highest rate that held; where the search was stopped the highest that was good so far. */
  rate: number | null;
  /** For how long it was held in one run; 0: it has only been good in a step. */
  heldMs: number;
  /** What kept it from being higher; null where that has not come out. */
  limitedBy: Limit | null;
  /** Sentences without a full stop. */
  reasons: string[];
  target: LoadResult['target'] | null;
  probes: ProbeReport[];
}
