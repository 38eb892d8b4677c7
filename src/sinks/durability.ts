import type { Cluster, Redis } from 'ioredis';
import type { RedisConnection } from '../backends/redis/index.ts';
import { slotOf } from '../model/keys.ts';

/** What an append must survive before the source is settled. */
export type Durability =
  | { kind: 'memory' }
  | { kind: 'wait'; replicas: number }
  | { kind: 'aof'; wait: boolean };

const WAIT_MS = 2000;

/** The reason why an append is not safe yet; thrown, so that it is waited out like any other. */
export class NotDurable extends Error {}

/**
 * Sends the write and the wait for it behind one another on the same connection: WAIT speaks only of
 * writes of its own connection, and answers at once on a new one.
 *
 * @param write calls `sent` each time that it has sent something: a script that the server does not know, as a
 *   new primary does not, is sent once more, and then behind the first wait
 */
export async function durably<T>(
  node: Redis,
  durability: Durability,
  write: (node: Redis, sent: () => void) => Promise<T>,
): Promise<T> {
  if (durability.kind === 'memory') return write(node, () => undefined);
  let safe: Promise<void> | undefined;
  const result = await write(node, () => {
    safe = waitFor(node, durability);
    safe.catch(() => undefined);
  });
  await safe;
  return result;
}

async function waitFor(node: Redis, durability: Durability): Promise<void> {
  if (durability.kind === 'wait') {
    const replicas = Number(await node.call('WAIT', durability.replicas, WAIT_MS).catch(refusedByReplica));
    if (replicas < durability.replicas)
      throw new NotDurable(`${replicas} of ${durability.replicas} replicas have confirmed the append`);
  } else if (durability.kind === 'aof' && durability.wait) {
    const [local] = (await node.call('WAITAOF', 1, 0, WAIT_MS).catch(refusedByReplica)) as [number, number];
    if (local < 1) throw new NotDurable('the append-only file is not on disk yet');
  }
}

/** A primary that became a replica between the append and the WAIT: what it has written is lost with that. */
function refusedByReplica(error: Error): never {
  if (/^ERR WAIT(AOF)? cannot be used/.test(error.message))
    throw new NotDurable('the server has become a replica');
  throw error;
}

/**
 * The connection for writes that wait: everything behind a WAIT on the same connection waits as well, and for
 * seconds where a replica is gone. Signs of life, control and looks would come too late there.
 *
 * @returns the same connection where nothing waits, else one of its own, to be closed by the caller
 */
export async function connectionFor(
  durability: Durability,
  connection: RedisConnection,
): Promise<RedisConnection> {
  const waits = durability.kind === 'wait' || (durability.kind === 'aof' && durability.wait);
  return waits ? connection.duplicate() : connection;
}

/** What ioredis knows of a cluster and does not tell in its typings; there is no public way to ask. */
interface ClusterInside {
  slots: string[][];
  connectionPool: { getInstanceByKey(key: string): Redis | undefined };
  refreshSlotsCache(done: () => void): void;
}

/** The connection that commands for `key` take. */
export function nodeFor(client: Redis | Cluster, key: string): Redis {
  if (!client.isCluster) return client as Redis;
  const cluster = client as unknown as ClusterInside;
  const node = cluster.connectionPool.getInstanceByKey(cluster.slots[slotOf(key)]?.[0] ?? '');
  if (!node) throw new NotDurable('the cluster node of this slot is unknown at the moment');
  return node;
}

/**
 * Asks which node serves which slot. The client does so by itself only once in a while, or where it is
 * redirected: a node that is gone redirects nobody, and a command to one node alone is not redirected.
 */
export function learnSlots(client: Redis | Cluster): void {
  if (client.isCluster) (client as unknown as ClusterInside).refreshSlotsCache(() => undefined);
}
