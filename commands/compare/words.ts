import type { Comparison, FieldReport, SampledRecord, SideReport, Spread } from '../../src/compare/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { grouped } from '../term/number.ts';

/** A name and what stands behind it. */
export type Row = readonly [name: string, text: string];

const VERDICTS: Record<Comparison['verdict'], string> = {
  same: 'no difference that counts',
  different: 'old and new differ',
  failed: 'a condition is not met',
  noData: 'nothing was compared: no key is on both sides',
  incomplete: 'incomplete: it was stopped, and says nothing of what was not read',
};

/** The verdict as a clause. */
export function verdictText({ verdict }: Comparison): string {
  return VERDICTS[verdict];
}

/** Counts that are always shown, and those that are not 0. */
export function countRows({ counts, shares }: Comparison): Row[] {
  const names = ['matched', 'ignored', 'mismatched', 'noise', 'missing', 'extra', 'pending', 'late'] as const;
  const always = new Set<string>(['matched', 'ignored', 'mismatched', 'missing', 'extra']);
  const row = (name: keyof typeof counts, label: string): Row => [
    label,
    `${grouped(counts[name])}${shares[name] === null || counts[name] === 0 ? '' : ` (${shareText(shares[name])})`}`,
  ];
  return [
    ...names.filter((name) => always.has(name) || counts[name] > 0).map((name) => row(name, name)),
    ...(counts.errorsOld > 0 ? [row('errorsOld', 'errors old')] : []),
    ...(counts.errorsNew > 0 ? [row('errorsNew', 'errors new')] : []),
  ];
}

/** Of how many keys noise was told, as a clause; null where nobody asked for it. */
export function noisePairsText({ noisePairs }: Comparison): string | null {
  if (!noisePairs) return null;
  const { counted, needed } = noisePairs;
  const few = counted < needed ? `, and ${grouped(needed)} are needed: all differences count` : '';
  return `${grouped(counted)} ${counted === 1 ? 'key' : 'keys'} of old and old2${few}`;
}

/** `12.3%`, `0.004%`; what is not 0 is never shown as 0. */
export function shareText(share: number | null): string | null {
  if (share === null) return null;
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent}%`;
  return percent < 0.001 ? '<0.001%' : `${Number(percent.toPrecision(3))}%`;
}

/** The facts of one side, a line for each. */
export const SIDE_FACTS: readonly (readonly [name: string, text: (side: SideReport) => string | null])[] = [
  ['records', ({ records }) => grouped(records)],
  ['keys', ({ keys }) => grouped(keys)],
  ['duplicate', duplicateText],
  ['unreadable', ({ unreadable }) => grouped(unreadable)],
  ['from', ({ firstAt }) => firstAt],
  ['to', ({ lastAt }) => lastAt],
  ['throughput', ({ perSecond }) => (perSecond === null ? null : `${Number(perSecond.toPrecision(3))}/s`)],
  ['p50', ({ latencyMs }) => durationText(latencyMs, 'p50')],
  ['p95', ({ latencyMs }) => durationText(latencyMs, 'p95')],
  ['p99', ({ latencyMs }) => durationText(latencyMs, 'p99')],
];

function duplicateText({ duplicate, duplicateDiffering }: SideReport): string {
  if (duplicateDiffering === 0) return grouped(duplicate);
  return `${grouped(duplicate)}, ${grouped(duplicateDiffering)} not equal`;
}

function durationText(spread: Spread | null, name: 'p50' | 'p95' | 'p99'): string | null {
  return spread && signedDuration(spread[name]);
}

/** Below 0 where the new side was earlier. */
export function signedDuration(ms: number): string {
  return ms < 0 ? `-${formatDuration(-ms)}` : formatDuration(ms);
}

/** How far the new side is behind, as a clause. */
export function behindText({ behindMs }: Comparison): string | null {
  if (!behindMs) return null;
  const { p50, p99, max } = behindMs;
  return `p50 ${signedDuration(p50)}, p99 ${signedDuration(p99)}, at most ${signedDuration(max)}`;
}

/** `12 value, 3 type`. */
export function kindsText({ kinds }: FieldReport): string {
  return Object.entries(kinds)
    .map(([kind, count]) => `${grouped(count)} ${kind}`)
    .join(', ');
}

/** What became of a field. */
export function fieldState({ reported, differing }: FieldReport): string {
  if (reported) return 'differs';
  return differing > 0 ? 'noise' : 'ignored';
}

/** Where a record of the sample stands. */
export function placeText({ old, new: fresh }: SampledRecord): string {
  const places = [old && `old ${old}`, fresh && `new ${fresh}`].filter(Boolean);
  return places.join(', ');
}
