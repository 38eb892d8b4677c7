/** Cumulative counts, the last bound null: no end. */
export interface CumulativeBucket {
  atMostMs: number | null;
  count: number;
}

/** Where a quantile lies: below `atMostMs`, about `ms` if times spread evenly inside of its bucket. */
export interface Quantile {
  /** Null where it lies beyond the greatest bound. */
  ms: number | null;
  /** Bounds of its bucket; no upper one where it lies beyond the greatest. */
  fromMs: number;
  toMs: number | null;
}

/** Of a histogram, as Prometheus' histogram_quantile does; null where nothing was counted. */
export function quantileOf(buckets: readonly CumulativeBucket[], share: number): Quantile | null {
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return null;
  const rank = total * share;
  const at = buckets.findIndex(({ count }) => count >= rank);
  const toMs = buckets[at]!.atMostMs;
  const fromMs = at === 0 ? 0 : (buckets[at - 1]!.atMostMs ?? 0);
  if (toMs === null) return { ms: null, fromMs, toMs };
  const below = at === 0 ? 0 : buckets[at - 1]!.count;
  const inside = buckets[at]!.count - below;
  const ms = inside === 0 ? toMs : fromMs + ((toMs - fromMs) * (rank - below)) / inside;
  return { ms, fromMs, toMs };
}
