import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { slotOf } from '../../src/model/keys.ts';
import { startCluster, type TestCluster } from '../support/redis-topologies.ts';
import { waitFor } from '../support/wait.ts';
import { analysed, type Case, found } from './driver.ts';

const SLOTS = 16_384;

let cluster: TestCluster;
let nodes: Redis[];

beforeAll(async () => {
  cluster = await startCluster();
  nodes = cluster.nodes.map(({ port }) => new Redis(port));
});
afterAll(async () => {
  for (const node of nodes) node.disconnect();
  await cluster.stop();
});

const into = (partitions: number): Case => ({
  redis: { cluster: { nodes: cluster.seeds } },
  target: { stream: 'orders', partitions },
});
const partitionsIn = (remedy: string | null): number => Number(/--partitions (\d+)/.exec(remedy!)![1]);

/** How many slots a node knows an owner of; the nodes tell each other only now and then. */
async function assignedAt(node: Redis): Promise<number> {
  return Number(/cluster_slots_assigned:(\d+)/.exec(String(await node.cluster('INFO')))![1]);
}

/** Takes a slot away everywhere. */
async function leaveUnserved(slot: number, owner: Redis): Promise<void> {
  await owner.cluster('DELSLOTS', slot);
  const forget = async (node: Redis) => {
    // Refused where it is forgotten already; what the owner had said just before may come after it.
    await node.cluster('DELSLOTS', slot).catch(() => undefined);
    return (await assignedAt(node)) === SLOTS - 1;
  };
  for (const node of nodes) await waitFor(() => forget(node), { what: 'a slot that nobody serves' });
}

/** Gives it back, and waits until every node knows. */
async function serve(slot: number, owner: Redis): Promise<void> {
  await owner.cluster('ADDSLOTS', slot);
  const known = async (node: Redis) => (await assignedAt(node)) === SLOTS;
  for (const node of nodes) await waitFor(() => known(node), { what: 'a cluster that serves all slots' });
}

describe('a cluster', () => {
  test('is looked at as a whole', async () => {
    const { server: facts, moves } = await analysed(into(12));
    expect(facts).toMatchObject({
      mode: 'cluster',
      role: 'master',
      masters: 3,
      clusterState: 'ok',
      slotsServed: SLOTS,
      network: 'loopback',
      pingP50Ms: expect.any(Number),
    });
    const [byMaster] = moves.map(({ target }) => target!.partitionsByMaster!);
    expect(byMaster).toHaveLength(3);
    expect(byMaster!.reduce((a, b) => a + b)).toBe(12);
  });

  test('CLUSTER_ONE_PARTITION: a stream on one of three masters, until it is partitioned as proposed', async () => {
    const [one] = await found(into(1), 'CLUSTER_ONE_PARTITION');
    expect(one!.level).toBe('warning');
    expect(one!.what).toContain('one of 3 masters');
    const fitting = partitionsIn(one!.remedy);
    expect(fitting % 3).toBe(0);
    const codes = (await analysed(into(fitting))).findings.map(({ code }) => code);
    expect(codes).not.toContain('CLUSTER_ONE_PARTITION');
    expect(codes).not.toContain('PARTITIONS_UNEVEN');
    expect(await found(into(2), 'CLUSTER_ONE_PARTITION')).toHaveLength(1);
  });

  test('PARTITIONS_UNEVEN: names that leave a master out, until another number is taken', async () => {
    // {0}, {1} and {2} lie in the slots 13907, 9842 and 5649: the first third of them has none.
    const [uneven] = await found(into(3), 'PARTITIONS_UNEVEN');
    expect(uneven!.level).toBe('warning');
    expect(uneven!.what).toContain('3 partitions spread over 3 masters as 2, 1, 0');
    expect(await found(into(partitionsIn(uneven!.remedy)), 'PARTITIONS_UNEVEN')).toEqual([]);
  });

  test('CLUSTER_DOWN: a slot that nobody serves, until somebody does', async () => {
    const slot = slotOf('orders:{0}');
    const owner = nodes[cluster.nodes.indexOf(await cluster.ownerOf(slot))]!;
    for (const node of nodes) await node.config('SET', 'cluster-require-full-coverage', 'no');
    await leaveUnserved(slot, owner);
    const [finding] = await found(into(12), 'CLUSTER_DOWN');
    expect(finding!.level).toBe('blocker');
    expect(finding!.what).toContain('1 of 16384 slots');
    expect(finding!.remedy).toMatch(/^redis-cli --cluster fix 127\.0\.0\.1:\d+/);
    await serve(slot, owner);
    expect(await found(into(12), 'CLUSTER_DOWN')).toEqual([]);
  });

  test('that is addressed by one URL is an error, as everywhere', async () => {
    const one: Case = { redisUrl: cluster.nodes[0]!.url, target: { stream: 'orders' } };
    await expect(analysed(one)).rejects.toMatchObject({ kind: 'config', code: 'REDIS_IS_CLUSTER' });
  });

  test('what is odd at every master is said once, and at how many', async () => {
    const [limit] = await found(into(12), 'MAXMEMORY_UNLIMITED');
    expect(limit!.what).toMatch(/^master 127\.0\.0\.1:\d+: maxmemory is 0.*\(and at 2 more\)$/);
  });
});
