import { formatDuration } from '../../src/model/duration.ts';
import type { Series, Snapshot, SnapshotPart } from '../../src/overview/index.ts';
import { grouped } from '../term/number.ts';
import { sparkline } from '../term/sparkline.ts';
import type { TopColumn } from './table.ts';

/** The last values of a number as signs, the newest at the right; null where nothing is known. */
export function trendText(history: Series | undefined, name: string, width: number): string | null {
  const values = history?.values[name]?.slice(-width) ?? [];
  if (!values.some((value) => value !== null)) return null;
  return sparkline(values, width).padStart(width);
}

/** A column of a number. */
export function countColumn<R>(
  parts: Pick<TopColumn<R>, 'head' | 'short' | 'rank' | 'paint' | 'optional'>,
  value: (row: R) => number | null,
): TopColumn<R> {
  const text = (row: R) => {
    const n = value(row);
    return n === null ? null : grouped(n);
  };
  return { ...parts, align: 'right', text, order: value };
}

/** A column of an age. */
export function ageColumn<R>(
  parts: Pick<TopColumn<R>, 'head' | 'short' | 'rank' | 'paint' | 'optional'>,
  value: (row: R) => number | null,
): TopColumn<R> {
  const text = (row: R) => {
    const ms = value(row);
    return ms === null ? null : formatDuration(ms);
  };
  return { ...parts, align: 'right', text, order: value };
}

/** From a moment until the snapshot was read. Null where the moment is not known. */
export function since(at: string | null, { at: now }: Pick<Snapshot, 'at'>): number | null {
  return at === null ? null : Math.max(0, Date.parse(now) - Date.parse(at));
}

/** What is said of a part without rows: that there are none, or why nobody knows. */
export function emptyText({ missing }: Snapshot, parts: readonly SnapshotPart[], nothing: string): string {
  const found = missing.filter(({ part }) => parts.includes(part));
  return found.length === 0 ? nothing : `unknown: ${found.map(({ why }) => why).join('; ')}`;
}
