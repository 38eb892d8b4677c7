import type { Cluster, Redis } from 'ioredis';
import type { RedisConnection } from './connect.ts';

const SCAN_COUNT = '1000';

/** Which keys are looked for, and when it is enough. */
export interface ScanChoice {
  /** Only keys of this type, as TYPE says it. Default: all. */
  type?: string;
  /** No further round once so many were found. Default: all. */
  names?: number;
  /** Rounds a node, each of about 1,000 keys that are looked at. Default: all. */
  rounds?: number;
}

/** Whom to ask who wants to know of all keys: the server, or each master of a cluster. */
export function mastersOf({ client }: RedisConnection): (Redis | Cluster)[] {
  return 'nodes' in client ? client.nodes('master') : [client];
}

/**
 * The keys of one node that match a pattern; SCAN may name one of them twice. To be asked after `refuseClusterNode`.
 * Throws the raw error of Redis.
 */
export async function scanNode(
  node: Redis | Cluster,
  pattern: string,
  {
    type,
    names: enough = Number.POSITIVE_INFINITY,
    rounds: most = Number.POSITIVE_INFINITY,
  }: ScanChoice = {},
): Promise<string[]> {
  const names: string[] = [];
  let cursor = '0';
  let rounds = 0;
  do {
    const args = [cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT, ...(type ? ['TYPE', type] : [])];
    const reply = (await node.call('SCAN', ...args)) as [string, string[]];
    [cursor] = reply;
    names.push(...reply[1]);
    rounds += 1;
  } while (cursor !== '0' && names.length < enough && rounds < most);
  return names;
}
