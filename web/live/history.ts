import { useEffect, useRef, useState } from 'preact/hooks';
import type { Series, Snapshot } from '../../src/overview/index.ts';
import { encoded } from '../lib/place.ts';
import { useStore } from '../lib/store.ts';
import { live } from './connection.ts';
import { fetchJson } from './rest.ts';

/** More points are not kept: a page may stay open for weeks. */
const MOST = 3600;

/** Numbers of the server over time, going on with each look. */
export function useRedisHistory(): Series | null {
  return useHistory('api/history', (snapshot) => snapshot.redis);
}

/** Numbers of a stream over time, going on with each look. */
export function useStreamHistory(stream: string): Series | null {
  return useHistory(`api/history/${encoded(stream)}`, (snapshot) =>
    snapshot.streams.find((row) => row.stream === stream),
  );
}

/** What the server remembers, and upon it what each look gives; anew where the connection or the server is another. */
function useHistory(path: string, rowOf: (snapshot: Snapshot) => object | undefined): Series | null {
  const { snapshot, link } = useStore(live);
  const [series, setSeries] = useState<Series | null>(null);
  const lastSeq = useRef(-1);
  const epoch = snapshot?.epoch;
  const there = link === 'live' && epoch !== undefined;
  useEffect(() => {
    if (!there) return undefined;
    const ending = new AbortController();
    fetchJson<Series>(path, ending.signal).then(
      (found) => setSeries(found),
      // Nothing is remembered yet: it begins with the next look.
      () => !ending.signal.aborted && setSeries({ at: [], values: {} }),
    );
    return () => ending.abort();
  }, [path, epoch, there]);
  useEffect(() => {
    if (!snapshot || snapshot.seq === lastSeq.current) return;
    lastSeq.current = snapshot.seq;
    const row = rowOf(snapshot);
    if (row) setSeries((prior) => prior && appended(prior, Date.parse(snapshot.at), row));
  }, [snapshot]);
  return series;
}

/** With one more point, taken from the row by the names of the numbers. */
export function appended(series: Series, at: number, row: object): Series {
  if (at <= (series.at.at(-1) ?? 0)) return series;
  const from = Math.max(0, series.at.length + 1 - MOST);
  const names = Object.keys(series.values).length > 0 ? Object.keys(series.values) : numbersOf(row);
  const blank = series.at.map(() => null);
  const values = names.map((name) => {
    const value = (row as Record<string, unknown>)[name];
    const next = typeof value === 'number' ? value : null;
    return [name, [...(series.values[name] ?? blank), next].slice(from)];
  });
  return { at: [...series.at, at].slice(from), values: Object.fromEntries(values) };
}

function numbersOf(row: object): string[] {
  return Object.entries(row).flatMap(([name, value]) =>
    typeof value === 'number' || value === null ? name : [],
  );
}
