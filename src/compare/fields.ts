import { type Difference, fieldOf } from './diff.ts';
import type { DifferenceKind, FieldReport } from './types.ts';

/** Names of fields may be values themselves, such as ids: more than so many are not told apart. */
const MOST_FIELDS = 1000;
/** Ways in which pairs differ that are told apart until it is known what is noise. */
const MOST_WAYS = 20_000;

interface FieldTally {
  differing: number;
  ignored: number;
  noise: number;
  kinds: Partial<Record<DifferenceKind, number>>;
}

/** From so many pairs of old and old a share is known, and not only guessed at. */
const MANY_NOISE_PAIRS = 100;
/** Fewer than this part of the pairs may be of a kind of their own. */
const LEAST_NOISE_PART = 0.1;

/** The bounds beyond which a field counts. */
export interface NoiseBounds {
  relative: number;
  absolute: number;
}

/** Counts fields, and pairs by the set of fields in which they differ, so that noise can be taken off at the end. */
export class FieldTallies {
  readonly #fields = new Map<string, FieldTally>();
  readonly #ways = new Map<string, { fields: readonly string[]; count: number }>();
  #leftOut = 0;
  /** Pairs that differ in fields that are not told apart. */
  #others = 0;

  /** The fields of a pair that count, in order. */
  static countingFields(differences: readonly Difference[]): string[] {
    return [...new Set(differences.filter(({ ignored }) => !ignored).map(fieldOf))].sort();
  }

  /** A pair of old and new. @param excused all of it is ignored by a rule */
  add(differences: readonly Difference[], excused: boolean): void {
    const seen = new Set<string>();
    for (const difference of differences) {
      const ignored = excused || difference.ignored;
      const field = fieldOf(difference);
      const tally = this.#tally(field);
      if (!tally || seen.has(`${ignored} ${field}`)) continue;
      seen.add(`${ignored} ${field}`);
      if (ignored) tally.ignored += 1;
      else {
        tally.differing += 1;
        tally.kinds[difference.kind] = (tally.kinds[difference.kind] ?? 0) + 1;
      }
    }
  }

  /** A pair that does not match, by its counting fields. */
  addMismatch(fields: readonly string[]): void {
    const way = JSON.stringify(fields);
    const known = this.#ways.get(way);
    if (known) known.count += 1;
    else if (this.#ways.size < MOST_WAYS && fields.every((field) => this.#fields.has(field)))
      this.#ways.set(way, { fields, count: 1 });
    else this.#others += 1;
  }

  /** A pair of old and old. */
  addNoise(differences: readonly Difference[]): void {
    for (const field of FieldTallies.countingFields(differences)) {
      const tally = this.#tally(field);
      if (tally) tally.noise += 1;
    }
  }

  #tally(field: string): FieldTally | undefined {
    let tally = this.#fields.get(field);
    if (tally) return tally;
    if (this.#fields.size >= MOST_FIELDS) {
      this.#leftOut += 1;
      return undefined;
    }
    tally = { differing: 0, ignored: 0, noise: 0, kinds: {} };
    this.#fields.set(field, tally);
    return tally;
  }

  /**
   * What all pairs come to.
   *
   * @param noisePairs pairs of old and old; where they are fewer than {@link noisePairsNeeded}, noise is not
   *   known, and every difference counts
   */
  settle(pairs: number, noisePairs: number, bounds: NoiseBounds): Settled {
    const isKnown = noisePairs >= noisePairsNeeded(pairs);
    const quiet = (tally: FieldTally) =>
      isKnown && !isMoreThanNoise(tally.differing / pairs, tally.noise / noisePairs, bounds);
    const noisy = new Set([...this.#fields].flatMap(([field, tally]) => (quiet(tally) ? [field] : [])));
    const ways = [...this.#ways.values()];
    const sum = (some: typeof ways) => some.reduce((total, { count }) => total + count, 0);
    const noise = ways.filter(({ fields }) => fields.every((field) => noisy.has(field)));
    const reports = [...this.#fields].map(([field, { noise: own, ...tally }]) => ({
      field,
      ...tally,
      share: pairs > 0 ? tally.differing / pairs : 0,
      noiseShare: isKnown ? own / noisePairs : null,
      reported: tally.differing > 0 && !noisy.has(field),
    }));
    return {
      mismatched: sum(ways) - sum(noise) + this.#others,
      noise: sum(noise),
      isNoise: (field) => noisy.has(field),
      fields: reports.sort(byWeight),
      leftOut: this.#leftOut,
    };
  }
}

/** See {@link FieldTallies.settle}. */
export interface Settled {
  mismatched: number;
  noise: number;
  isNoise(field: string): boolean;
  fields: FieldReport[];
  leftOut: number;
}

/**
 * How many pairs of old and old it takes to tell noise among so many pairs of old and new: a tenth, and at
 * least 100, or half where there are fewer than 200.
 */
export function noisePairsNeeded(pairs: number): number {
  const least = Math.min(MANY_NOISE_PAIRS, pairs / 2);
  return Math.max(1, Math.ceil(Math.max(least, pairs * LEAST_NOISE_PART)));
}

/** As Diffy does it: more often than by itself, and by enough of both. */
function isMoreThanNoise(raw: number, noise: number, { relative, absolute }: NoiseBounds): boolean {
  if (raw <= noise) return false;
  return raw - noise > absolute && (raw - noise) / (raw + noise) > relative;
}

function byWeight(a: FieldReport, b: FieldReport): number {
  if (a.reported !== b.reported) return a.reported ? -1 : 1;
  return b.differing - a.differing || b.ignored - a.ignored || (a.field < b.field ? -1 : 1);
}
