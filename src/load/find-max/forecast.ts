import { type FindMaxOptions, MOST_HOLDS } from './find-max.ts';

/** How long a search takes, without what the consumers need at the end of each run. */
export interface SearchForecast {
  /** Where all goes well up to the highest rate. */
  aboutMs: number;
  /** Where every run that may fail does. */
  mostMs: number;
}

/** Doublings, halvings of the gap, and holds. */
export function forecastSearch({
  startRate,
  maxRate,
  stepMs,
  holdMs,
  precision,
}: Pick<FindMaxOptions, 'startRate' | 'maxRate' | 'stepMs' | 'holdMs' | 'precision'>): SearchForecast {
  const up = 1 + Math.max(0, Math.ceil(Math.log2(maxRate / startRate)));
  const between = Math.max(0, Math.ceil(Math.log2(Math.LN2 / Math.log1p(precision))));
  // What fails is run twice.
  return {
    aboutMs: (up + between) * stepMs + holdMs,
    mostMs: (up + 1 + 2 * between) * stepMs + 2 * MOST_HOLDS * holdMs,
  };
}
