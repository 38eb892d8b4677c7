import type { Cluster, Redis } from 'ioredis';
import { partitionKeys } from '../../model/keys.ts';
import { consumerOf, laneKeys } from '../../sources/redis-stream/index.ts';
import type { Totals } from '../totals.ts';
import type { BackManifest } from './attach.ts';

/** What a run has counted, over all processes and their crashes: each number moved together with its acknowledgement. */
export interface BackTotals {
  /** Brought to the destination by this run. */
  returned: number;
  /** Stood there unchanged. */
  alreadyThere: number;
  /** An earlier run had brought them and could not acknowledge them any more. */
  knownBefore: number;
  acknowledged: number;
  /** Of all these, those that were not due and waited beside the stream: there was nothing to acknowledge. */
  unscheduled: number;
  /** Pending, and gone from the stream. */
  gone: number;
  /** Acknowledged or claimed by a consumer while they were on their way. */
  disturbed: number;
  /** Before `--from`: set aside, still pending. */
  parked: number;
  /** In hand now: taken and neither acknowledged nor left. */
  inHand: number;
  left: number;
  /** The first of them with their reasons. */
  leftEntries: { stream: string; entry: string; reason: string }[];
  doubtful: number;
  doubtfulEntries: { stream: string; entry: string }[];
}

const NAMED = 1000;

/** Adds up the counters of all lanes. */
export async function readBackTotals(client: Redis | Cluster, manifest: BackManifest): Promise<BackTotals> {
  const totals: BackTotals = {
    ...{
      returned: 0,
      alreadyThere: 0,
      knownBefore: 0,
      acknowledged: 0,
      unscheduled: 0,
      gone: 0,
      disturbed: 0,
      parked: 0,
    },
    ...{ inHand: 0, left: 0, leftEntries: [], doubtful: 0, doubtfulEntries: [] },
  };
  for (const stream of partitionKeys(manifest.target.stream, manifest.target.partitions))
    await addLane(client, manifest, stream, totals);
  return totals;
}

/** The same in the words of all runs, for lists. */
export async function backAsTotals(
  client: Redis | Cluster,
  manifest: BackManifest,
): Promise<Partial<Totals>> {
  const totals = await readBackTotals(client, manifest);
  return {
    appended: totals.returned,
    duplicatesSuppressed: totals.alreadyThere + totals.knownBefore,
    settled: totals.acknowledged,
    quarantined: totals.left,
    open: totals.inHand,
  };
}

async function addLane(
  client: Redis | Cluster,
  { run, back }: BackManifest,
  stream: string,
  totals: BackTotals,
): Promise<void> {
  const keys = laneKeys(stream, run);
  const state = await client.hgetall(keys.state);
  totals.returned += Number(state.returned ?? 0);
  totals.alreadyThere += Number(state.there ?? 0);
  totals.knownBefore += Number(state.known ?? 0);
  totals.acknowledged += Number(state.acked ?? 0);
  totals.unscheduled += Number(state.unscheduled ?? 0);
  totals.gone += Number(state.gone ?? 0);
  totals.disturbed += Number(state.disturbed ?? 0);
  totals.parked += Number(state.parked ?? 0);
  totals.inHand += await pendingWith(client, stream, back.group, consumerOf(run));
  totals.left += await client.hlen(keys.left);
  totals.doubtful += await client.hlen(keys.doubtful);
  for (const [entry, reason] of await firstOf(client, keys.left, NAMED - totals.leftEntries.length))
    totals.leftEntries.push({ stream, entry, reason });
  for (const [entry] of await firstOf(client, keys.doubtful, NAMED - totals.doubtfulEntries.length))
    totals.doubtfulEntries.push({ stream, entry });
}

/** Some fields of a hash, without reading all of a large one. */
async function firstOf(client: Redis | Cluster, key: string, most: number): Promise<[string, string][]> {
  const found: [string, string][] = [];
  let cursor = '0';
  do {
    const [next, flat] = await client.hscan(key, cursor, 'COUNT', NAMED);
    for (let i = 0; i < flat.length; i += 2) found.push([flat[i]!, flat[i + 1]!]);
    cursor = next;
  } while (cursor !== '0' && found.length < most);
  return found.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, Math.max(0, most));
}

/** Pending entries of one consumer; 0 where group or consumer are gone. */
export async function pendingWith(
  client: Redis | Cluster,
  stream: string,
  group: string,
  consumer: string,
): Promise<number> {
  const rows = (await client.call('XINFO', 'CONSUMERS', stream, group).catch(noneWhereGone)) as unknown[][];
  for (const row of rows) {
    const value = (name: string): unknown => row[row.indexOf(name) + 1];
    if (value('name') === consumer) return Number(value('pending'));
  }
  return 0;
}

function noneWhereGone(error: Error): unknown[][] {
  if (/NOGROUP|no such key/.test(error.message)) return [];
  throw error;
}
