import type { Figure } from '../figure.ts';
import type { TypeCounts } from '../look.ts';
import type { SampledEntry } from './sample.ts';

/** One type of messages, and whether it can be moved by itself. */
export interface TypeReport extends TypeCounts {
  /** Of all ready messages, 0 to 1; null where it is not known. */
  share: number | null;
  /** Bytes of a body: half of them and 99 of 100 are smaller; null where none was sampled. */
  medianBytes: number | null;
  p99Bytes: number | null;
  /** Whether `--types` can move it, and all of it would arrive. */
  movable: boolean;
  /** Place in the order in which types are best moved, from 1: the least risk first. */
  place: number;
  risk: 'low' | 'medium' | 'high';
  /** Why it is not movable, and what makes the risk; each as a clause. */
  reasons: string[];
}

/** A clause and how much it weighs. */
type Reason = [weight: number, clause: string];

const MEDIUM = 2;
const HIGH = 4;
const LARGE_BYTES = 256 * 1024;
const NEVER = 100;

/** Types in the order in which they are best moved: what is small, young and quiet first. */
export function reportTypes(types: readonly TypeCounts[], sample: readonly SampledEntry[]): TypeReport[] {
  const ready = sumOf(types.map((type) => type.ready));
  const judged = types.map((counts) => {
    const own = sample.filter(({ type }) => type === counts.type);
    const share = ready && counts.ready.value !== null ? counts.ready.value / ready : null;
    const sizes = own.map(({ bodyBytes }) => bodyBytes).sort((a, b) => a - b);
    const reasons = [...obstacles(counts, own), ...risks(counts, share, percentile(sizes, 0.99))];
    const weight = reasons.reduce((sum, [one]) => sum + one, 0);
    return { counts, share, sizes, reasons, weight };
  });
  judged.sort((a, b) => a.weight - b.weight || (a.counts.ready.value ?? 0) - (b.counts.ready.value ?? 0));
  return judged.map(({ counts, share, sizes, reasons, weight }, at) => ({
    ...counts,
    share,
    medianBytes: percentile(sizes, 0.5),
    p99Bytes: percentile(sizes, 0.99),
    movable: weight < NEVER,
    place: at + 1,
    risk: weight >= HIGH ? 'high' : weight >= MEDIUM ? 'medium' : 'low',
    reasons: reasons.map(([, clause]) => clause),
  }));
}

/** What keeps a type from being moved by itself. */
function obstacles({ type }: TypeCounts, sample: readonly SampledEntry[]): Reason[] {
  const reasons: Reason[] = [];
  if (type === null) reasons.push([NEVER, 'has no type that --types could name']);
  const aside = sample.filter(({ entry }) => entry === null).length;
  if (aside > 0)
    reasons.push([NEVER, `${aside} of ${sample.length} sampled would be set aside in quarantine`]);
  return reasons;
}

function risks(
  { running, scheduled, dead, attempts }: TypeCounts,
  share: number | null,
  p99: number | null,
): Reason[] {
  const given: [boolean, number, string][] = [
    [(share ?? 0) > 0.5, 2, 'more than half of all messages'],
    [(share ?? 0) > 0.1 && (share ?? 0) <= 0.5, 1, 'more than a tenth of all messages'],
    [(running.value ?? 0) > 0, 1, `${running.value} at work, which stay with their workers`],
    [(scheduled.value ?? 0) > 0, 1, `${scheduled.value} not due yet`],
    [(dead.value ?? 0) > 0, 2, `${dead.value} given up by its workers`],
    [(attempts ?? 0) >= 1, 2, `${attempts?.toFixed(1)} attempts on average already`],
    [(p99 ?? 0) > LARGE_BYTES, 1, 'large bodies'],
  ];
  return given.flatMap(([holds, weight, clause]): Reason[] => (holds ? [[weight, clause]] : []));
}

function sumOf(figures: readonly Figure[]): number {
  return figures.reduce((sum, { value }) => sum + (value ?? 0), 0);
}

/** Of sorted numbers; null where there are none. */
export function percentile(sorted: readonly number[], part: number): number | null {
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}
