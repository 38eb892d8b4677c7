import type { Cluster, Redis } from 'ioredis';
import { partitionKeys, streamKeys } from '../model/keys.ts';
import { asBack } from './back/attach.ts';
import { backAsTotals } from './back/totals.ts';
import type { Manifest } from './manifest.ts';

/** What the target has counted of a run, over all processes and their crashes: exact, since each number moved together with its messages. */
export interface Totals {
  appended: number;
  /** Put aside because they were not due, since the beginning; then moved into the stream, or still waiting. */
  scheduled: number;
  /** Of these, moved into the stream. */
  moved: number;
  /** Of these, still waiting. */
  waiting: number;
  /** Of these, with nothing left in Redis to move when they were due. */
  contentLost: number;
  duplicatesSuppressed: number;
  settled: number;
  quarantined: number;
  /** Appended, and the source has not confirmed yet that it let go. */
  open: number;
  payloadBytes: number;
  /** Lost by the target before the source was settled, and appended again. */
  reappended: number;
  /** Entry ids between which the run's entries stand, by partition. */
  ranges: { stream: string; first: string; last: string }[];
}

/** Adds up the counters of a run. */
export async function readTotals(client: Redis | Cluster, manifest: Manifest): Promise<Totals> {
  const totals: Totals = {
    appended: 0,
    scheduled: 0,
    moved: 0,
    waiting: 0,
    contentLost: 0,
    duplicatesSuppressed: 0,
    settled: 0,
    quarantined: 0,
    open: 0,
    payloadBytes: 0,
    reappended: 0,
    ranges: [],
  };
  const back = asBack(manifest);
  if (back) return { ...totals, ...(await backAsTotals(client, back)) };
  for (const stream of partitionKeys(manifest.target.stream, manifest.target.partitions)) {
    const keys = streamKeys(stream);
    const counters = manifest.lanes > 0 ? laneKeys(manifest, keys.checkpoint) : [keys.stats(manifest.run)];
    const hashes = await Promise.all(counters.map((key) => client.hgetall(key)));
    for (const hash of hashes) add(totals, hash);
    const later = await countsOfWaiting(client, keys.delayedCounts, manifest.run);
    addWaiting(totals, hashes, later);
    addRange(totals, stream, [...hashes, later]);
    if (manifest.lanes === 0) totals.open += await client.hlen(keys.ledger(manifest.ledgerRun));
  }
  return totals;
}

/** What became of the messages that a run has put aside: `moved`, `lost` and `taken`, `first` and `last`. */
async function countsOfWaiting(
  client: Redis | Cluster,
  key: string,
  run: string,
): Promise<Record<string, string>> {
  const names = ['moved', 'lost', 'taken', 'first', 'last'];
  const values = await client.hmget(key, ...names.map((name) => `${run}:${name}`));
  return Object.fromEntries(names.flatMap((name, i) => (values[i] ? [[name, values[i]]] : [])));
}

function addWaiting(totals: Totals, hashes: Record<string, string>[], later: Record<string, string>): void {
  const scheduled = hashes.reduce((sum, hash) => sum + Number(hash.scheduled ?? 0), 0);
  const [moved, lost, taken] = ['moved', 'lost', 'taken'].map((name) => Number(later[name] ?? 0));
  totals.scheduled += scheduled;
  totals.moved += moved!;
  totals.contentLost += lost!;
  totals.waiting += Math.max(0, scheduled - moved! - lost! - taken!);
}

function laneKeys(manifest: Manifest, checkpoint: (run: string, lane: number) => string): string[] {
  return Array.from({ length: manifest.lanes }, (_, lane) => checkpoint(manifest.run, lane));
}

function add(totals: Totals, hash: Record<string, string>): void {
  totals.appended += Number(hash.appended ?? 0);
  totals.duplicatesSuppressed += Number(hash.duplicates ?? 0);
  totals.settled += Number(hash.settled ?? 0);
  totals.quarantined += Number(hash.quarantined ?? 0);
  totals.open += Number(hash.open ?? 0);
  totals.payloadBytes += Number(hash.bytes ?? 0);
  totals.reappended += Number(hash.reappended ?? 0);
}

function addRange(totals: Totals, stream: string, hashes: Record<string, string>[]): void {
  const firsts = hashes.flatMap((hash) => hash.first ?? []);
  const lasts = hashes.flatMap((hash) => hash.last ?? []);
  if (firsts.length === 0) return;
  totals.ranges.push({
    stream,
    first: firsts.reduce((a, b) => (compareIds(a, b) <= 0 ? a : b)),
    last: lasts.reduce((a, b) => (compareIds(a, b) >= 0 ? a : b)),
  });
}

/** Orders stream entry ids: `ms-seq`, both numbers. */
export function compareIds(a: string, b: string): number {
  const [aMs = 0, aSeq = 0] = a.split('-').map(Number);
  const [bMs = 0, bSeq = 0] = b.split('-').map(Number);
  return aMs - bMs || aSeq - bSeq;
}
