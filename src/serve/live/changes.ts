import { isDeepStrictEqual } from 'node:util';
import type { Changes, Snapshot } from '../../overview/index.ts';

/** What has changed from one look to a later one of the same process. */
export function changesBetween(from: Snapshot, to: Snapshot): Changes {
  const elapsedMs = Date.parse(to.at) - Date.parse(from.at);
  const before = new Map(from.streams.map((row) => [row.stream, row]));
  const now = new Set(to.streams.map((row) => row.stream));
  const { streams, ...rest } = to;
  return {
    epoch: to.epoch,
    seq: to.seq,
    since: from.seq,
    elapsedMs,
    streams: streams.filter((row) => !onlyAged(before.get(row.stream), row, elapsedMs)),
    gone: [...before.keys()].filter((stream) => !now.has(stream)),
    parts: Object.fromEntries(
      Object.entries(rest).filter(([name, value]) => {
        const was = from[name as keyof typeof rest];
        return name === 'deadLetters' ? !onlyAged(was, value, elapsedMs) : !isDeepStrictEqual(was, value);
      }),
    ),
  };
}

/** Rows of one look are read one after the other. */
const SLACK_MS = 1000;
const AGE = /AgeMs$/;

/** Whether nothing is different but ages, and these by what has passed in between. */
function onlyAged(was: unknown, is: unknown, elapsedMs: number): boolean {
  if (typeof was !== 'object' || typeof is !== 'object' || was === null || is === null) return was === is;
  const [before, now] = [Object.entries(was), Object.entries(is)];
  if (before.length !== now.length) return false;
  return now.every(([name, value], at) => {
    const [nameBefore, valueBefore] = before[at]!;
    if (name !== nameBefore) return false;
    if (!AGE.test(name) || typeof value !== 'number' || typeof valueBefore !== 'number')
      return onlyAged(valueBefore, value, elapsedMs);
    return Math.abs(value - valueBefore - elapsedMs) <= SLACK_MS;
  });
}
