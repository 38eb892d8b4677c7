import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../backends/redis/index.ts';
import { ifAllowed } from '../../backends/redis/info.ts';
import { hostPort } from '../../backends/redis/label.ts';
import type { Finding } from '../../model/finding.ts';

const SLOTS = 16_384;

/** Which master serves which slots. */
export interface ClusterMap {
  state: string | null;
  /** `host:port` of every master that serves slots. */
  masters: string[];
  ranges: { from: number; to: number; master: string }[];
  slotsServed: number;
}

/** Asks one node; null where there is no cluster, or it may not be asked. */
export async function clusterMap({ client }: RedisConnection): Promise<ClusterMap | null> {
  if (!('nodes' in client)) return null;
  const [node] = client.nodes('master');
  if (!node) return null;
  const slots = (await ifAllowed(node.cluster('SLOTS'))) as [number, number, [string, number]][] | null;
  if (slots === null) return null;
  const ranges = slots.map(([from, to, [host, port]]) => ({ from, to, master: hostPort({ host, port }) }));
  return {
    state: await stateOf(node),
    masters: [...new Set(ranges.map(({ master }) => master))],
    ranges,
    slotsServed: ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0),
  };
}

async function stateOf(node: Redis): Promise<string | null> {
  const info = (await ifAllowed(node.cluster('INFO'))) as string | null;
  return /cluster_state:(\w+)/.exec(info ?? '')?.[1] ?? null;
}

/** Whether every key has a master. */
export function isServed({ state, slotsServed }: ClusterMap): boolean {
  return state !== 'fail' && slotsServed === SLOTS;
}

/** Slots that nobody serves: what qctl keeps of a run may lie in any of them. */
export function slotFindings(map: ClusterMap): Finding[] {
  if (isServed(map)) return [];
  const { masters, slotsServed } = map;
  const lacking = SLOTS - slotsServed;
  return [
    {
      level: 'blocker',
      code: 'CLUSTER_DOWN',
      text:
        lacking > 0
          ? `${lacking} of ${SLOTS} slots are served by no master: streams and runs whose keys lie there cannot be written`
          : 'the cluster says cluster_state:fail: it refuses commands',
      remedy: `redis-cli --cluster fix ${masters[0] ?? 'HOST:PORT'}, or bring back the master that has gone`,
    },
  ];
}
