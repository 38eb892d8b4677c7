import type { Finding } from '../../model/finding.ts';
import { partitionKeys, slotOf } from '../../model/keys.ts';
import type { ClusterMap } from './cluster.ts';

/** How many partitions each master gets, in the order of `masters`. */
export function spread({ masters, ranges }: ClusterMap, stream: string, partitions: number): number[] {
  const counts = new Map(masters.map((master) => [master, 0]));
  for (const key of partitionKeys(stream, partitions)) {
    const slot = slotOf(key);
    const range = ranges.find(({ from, to }) => from <= slot && slot <= to);
    if (range) counts.set(range.master, counts.get(range.master)! + 1);
  }
  return [...counts.values()];
}

/** A master may get so much more than its fair share. */
const TOLERATED = 1.5;

function isEven(counts: readonly number[], partitions: number): boolean {
  return Math.min(...counts) > 0 && Math.max(...counts) <= (TOLERATED * partitions) / counts.length;
}

/** More partitions than this for each master help nobody. */
const MOST_TIMES = 16;

/** The smallest multiple of the masters, from `least` on, that spreads evenly; undefined where none does. */
export function fittingPartitions(map: ClusterMap, stream: string, least: number): number | undefined {
  const masters = map.masters.length;
  const first = Math.max(1, Math.ceil(least / masters));
  for (let times = first; times < first + MOST_TIMES; times += 1)
    if (isEven(spread(map, stream, times * masters), times * masters)) return times * masters;
  return undefined;
}

/** What the number of partitions means for this cluster. */
export function spreadFindings(map: ClusterMap, stream: string, partitions: number): Finding[] {
  const masters = map.masters.length;
  if (masters <= 1) return [];
  const counts = spread(map, stream, partitions);
  if (partitions >= masters && isEven(counts, partitions)) return [];
  const fitting = fittingPartitions(map, stream, Math.max(partitions, masters));
  const remedy = fitting
    ? `--partitions ${fitting} puts ${range(spread(map, stream, fitting))} on each master`
    : 'spread the slots of the cluster evenly first: redis-cli --cluster rebalance';
  if (partitions < masters)
    return [
      {
        level: 'warning',
        code: 'CLUSTER_ONE_PARTITION',
        text: `${partitions === 1 ? 'the stream is one key, all of it on one' : `${partitions} partitions lie on ${counts.filter((count) => count > 0).length}`} of ${masters} masters: the others take nothing of its memory and load`,
        remedy,
      },
    ];
  return [
    {
      level: counts.includes(0) ? 'warning' : 'note',
      code: 'PARTITIONS_UNEVEN',
      text: `${partitions} partitions spread over ${masters} masters as ${[...counts].sort((a, b) => b - a).join(', ')}`,
      remedy,
    },
  ];
}

function range(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${least}` : `${least} to ${most}`;
}
