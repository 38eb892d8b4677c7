import { startRedis, type TestRedis } from './redis.ts';
import { command } from './redis-command.ts';
import { waitFor } from './wait.ts';

export * from './redis-sentinel.ts';

const HOST = '127.0.0.1';
const SLOTS = 16_384;

export interface ClusterOptions {
  /** Masters; default 3. */
  nodes?: number;
  /** Whether each master has a replica. Default false. */
  replicas?: boolean;
  aof?: 'everysec' | 'always';
  password?: string;
}

export interface TestCluster {
  readonly nodes: TestRedis[];
  /** Of each master its replica, in the same order; empty without. */
  readonly replicas: TestRedis[];
  /** Seeds for a cluster client. */
  readonly seeds: { host: string; port: number }[];
  /** Which node serves a slot at present, and its replica. */
  ownerOf(slot: number): Promise<TestRedis>;
  /** SIGKILL to a master, and waits until its replica serves its slots. */
  killMaster(node: TestRedis): Promise<void>;
  /** An orderly failover: the replica takes over once it has everything. */
  failover(master: TestRedis): Promise<void>;
  /** Moves a slot with its keys to another master, some keys at a time, as redis-cli --cluster reshard does. */
  moveSlot(slot: number, to: TestRedis): Promise<void>;
  stop(): Promise<void>;
}

/** Masters with all slots spread over them; every node reports cluster_state:ok. */
export async function startCluster({
  nodes: count = 3,
  replicas: withReplicas = false,
  ...rest
}: ClusterOptions = {}): Promise<TestCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', withReplicas ? '1000' : '2000'];
  args.push('--repl-diskless-sync-delay', '0');
  const total = withReplicas ? 2 * count : count;
  const all = await Promise.all(Array.from({ length: total }, () => startRedis({ ...rest, args })));
  const [nodes, replicas] = [all.slice(0, count), all.slice(count)];
  const send = (node: TestRedis, ...words: (string | number)[]) => command(node.port, ...words, rest);
  for (const [index, node] of nodes.entries()) {
    // Distinct epochs, else the nodes would settle a conflict of epochs one by one.
    await send(node, 'CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    // ADDSLOTS, not ADDSLOTSRANGE, which Redis 6.2 lacks.
    await send(node, 'CLUSTER', 'ADDSLOTS', ...slotsOf(index, count));
  }
  for (const node of all.slice(1)) await send(nodes[0]!, 'CLUSTER', 'MEET', HOST, node.port);
  for (const node of all) {
    const complete = async () => isComplete(String(await send(node, 'CLUSTER', 'INFO')), total);
    await waitFor(complete, { what: 'cluster_state:ok', timeoutMs: 30_000 });
  }
  for (const [index, replica] of replicas.entries())
    await follow(send, replica, String(await send(nodes[index]!, 'CLUSTER', 'MYID')));
  const operations = new ClusterOperations(all, send);
  return {
    nodes,
    replicas,
    seeds: nodes.map(({ host, port }) => ({ host, port })),
    ownerOf: (slot) => operations.ownerOf(slot),
    killMaster: (node) => operations.killMaster(node),
    failover: (master) => operations.failover(master),
    moveSlot: (slot, to) => operations.moveSlot(slot, to),
    stop: async () => {
      await Promise.all(all.map((node) => node.stop()));
    },
  };
}

type Send = (node: TestRedis, ...words: (string | number)[]) => Promise<unknown>;

async function follow(send: Send, replica: TestRedis, master: string): Promise<void> {
  const options = { what: 'a replica of the cluster', timeoutMs: 30_000 };
  // Refused until gossip has told the replica of the master.
  await waitFor(() => send(replica, 'CLUSTER', 'REPLICATE', master), options);
  const up = async () => String(await send(replica, 'INFO', 'replication')).includes('master_link_status:up');
  await waitFor(up, options);
}

/** What an operator does to a cluster, and what happens to it. */
class ClusterOperations {
  readonly #all: TestRedis[];
  readonly #send: Send;
  readonly #gone = new Set<TestRedis>();

  constructor(all: TestRedis[], send: Send) {
    this.#all = all;
    this.#send = send;
  }

  async ownerOf(slot: number): Promise<TestRedis> {
    const slots = (await this.#send(this.#someone(), 'CLUSTER', 'SLOTS')) as [
      number,
      number,
      [string, number],
    ][];
    const range = slots.find(([from, to]) => from <= slot && slot <= to)!;
    return this.#all.find(({ port }) => port === range[2][1])!;
  }

  async killMaster(node: TestRedis): Promise<void> {
    const slots = (await this.#send(node, 'CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
    const own = slots.find(([, , [, port]]) => port === node.port)![0];
    this.#gone.add(node);
    await node.kill9();
    await this.#untilOwnedByOther(own, node);
  }

  async failover(master: TestRedis): Promise<void> {
    const id = String(await this.#send(master, 'CLUSTER', 'MYID'));
    const lines = String(await this.#send(master, 'CLUSTER', 'NODES')).split('\n');
    const own = Number(
      lines
        .find((line) => line.startsWith(id))!
        .split(' ')[8]!
        .split('-')[0],
    );
    const port = Number(/:(\d+)@/.exec(lines.find((line) => line.includes(`slave ${id}`))!)![1]);
    await this.#send(this.#all.find((node) => node.port === port)!, 'CLUSTER', 'FAILOVER');
    await this.#untilOwnedByOther(own, master);
  }

  async moveSlot(slot: number, to: TestRedis): Promise<void> {
    const from = await this.ownerOf(slot);
    const [fromId, toId] = await Promise.all([from, to].map((node) => this.#send(node, 'CLUSTER', 'MYID')));
    await this.#send(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(fromId));
    await this.#send(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(toId));
    for (;;) {
      const [key] = (await this.#send(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 1)) as string[];
      if (key === undefined) break;
      // One after another, so that others meet a slot that is half here and half there.
      await this.#send(from, 'MIGRATE', HOST, to.port, key, 0, 5000);
    }
    for (const node of [to, from]) await this.#send(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', String(toId));
  }

  #someone(): TestRedis {
    return this.#all.find((node) => !this.#gone.has(node))!;
  }

  async #untilOwnedByOther(slot: number, node: TestRedis): Promise<void> {
    const other = async () => (await this.ownerOf(slot)) !== node && this.#isWhole();
    await waitFor(other, { what: 'another master', timeoutMs: 30_000, everyMs: 50 });
  }

  async #isWhole(): Promise<boolean> {
    return String(await this.#send(this.#someone(), 'CLUSTER', 'INFO')).includes('cluster_state:ok');
  }
}

function slotsOf(index: number, count: number): number[] {
  const from = Math.floor((index * SLOTS) / count);
  const to = Math.floor(((index + 1) * SLOTS) / count);
  return Array.from({ length: to - from }, (_, offset) => from + offset);
}

function isComplete(info: string, count: number): boolean {
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}`);
}
