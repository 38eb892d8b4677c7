import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { answersPing, type RedisOptions, redisServerBinary, startRedis, type TestRedis } from './redis.ts';
import { freePort, ownFolder, removeFolder, ServerProcess } from './server-process.ts';
import { waitFor } from './wait.ts';

const HOST = '127.0.0.1';
const SLOTS = 16_384;

export interface SentinelOptions {
  /** 1 to 3; the quorum is a majority of them. Default 1. */
  sentinels?: number;
  /** After this silence the primary counts as down. Default 1000. */
  downAfterMs?: number;
  aof?: 'everysec' | 'always';
}

export interface TestSentinel {
  /** The name that Sentinel knows the primary by. */
  readonly name: string;
  /** The first primary and its replica; they change roles at a failover. */
  readonly primary: TestRedis;
  readonly replica: TestRedis;
  readonly sentinels: { host: string; port: number }[];
  /** Port of the present primary, as the first sentinel says. */
  currentPort(): Promise<number>;
  /** Asks for a failover and waits until another node is primary and accepts writes. */
  failover(): Promise<void>;
  /** SIGKILL to the present primary, and waits until the other node is primary. Returns the one that was killed. */
  killPrimary(): Promise<TestRedis>;
  /** Starts a killed node again, empty, as a replica of the present primary, and waits until it has synchronised. */
  rejoin(node: TestRedis): Promise<void>;
  stop(): Promise<void>;
}

/** One primary, one replica that has synchronised, and sentinels that know both. */
export async function startSentinel(options: SentinelOptions = {}): Promise<TestSentinel> {
  const { sentinels: count = 1, downAfterMs = 1000, aof } = options;
  const name = 'qctl-primary';
  // Without the delay a replica's first full synchronisation would wait 5 s for more replicas.
  const args = ['--repl-diskless-sync-delay', '0'];
  const primary = await startRedis({ aof, args });
  const replica = await startRedis({ aof, args });
  await command(replica.port, 'REPLICAOF', HOST, primary.port);
  const quorum = Math.floor(count / 2) + 1;
  const watchers = await Promise.all(
    Array.from({ length: count }, () => startOneSentinel({ name, port: primary.port, quorum, downAfterMs })),
  );
  const currentPort = () => currentPrimary(watchers[0]!.port, name);
  const sentinels = watchers.map(({ port }) => ({ host: HOST, port }));
  await waitFor(() => replicaIsIn(replica.port), { what: 'replication', timeoutMs: 20_000 });
  for (const { port } of sentinels) {
    await waitFor(() => knowsAll(port, name, count - 1), { what: 'sentinel discovery', timeoutMs: 20_000 });
  }
  return {
    name,
    primary,
    replica,
    sentinels,
    currentPort,
    failover: () => failover(watchers[0]!.port, name),
    killPrimary: async () => {
      const before = await currentPort();
      const node = before === primary.port ? primary : replica;
      await node.kill9();
      await waitFor(async () => isNewPrimary(await currentPort(), before), PROMOTION);
      return node;
    },
    rejoin: async (node) => {
      await becomeReplica(node, await currentPort());
      await node.restart();
      await waitFor(() => replicaIsIn(node.port), { what: 'replication', timeoutMs: 20_000 });
      for (const { port } of sentinels)
        await waitFor(() => wouldPromote(port, name), { what: 'a replica to promote', timeoutMs: 30_000 });
    },
    stop: async () => {
      await Promise.all(watchers.map((watcher) => watcher.stop()));
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

interface Watched {
  name: string;
  port: number;
  quorum: number;
  downAfterMs: number;
}

async function startOneSentinel(watched: Watched): Promise<{ port: number; stop(): Promise<void> }> {
  const folder = ownFolder('sentinel');
  const port = await freePort();
  const file = join(folder, 'sentinel.conf');
  const { name } = watched;
  const lines = [
    `bind ${HOST}`,
    `port ${port}`,
    `dir "${folder}"`,
    `sentinel monitor ${name} ${HOST} ${watched.port} ${watched.quorum}`,
    `sentinel down-after-milliseconds ${name} ${watched.downAfterMs}`,
    // A failover that found no good replica is tried again after twice this time.
    `sentinel failover-timeout ${name} ${Math.min(5000, 4 * watched.downAfterMs)}`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const server = new ServerProcess({
    command: redisServerBinary(),
    args: [file, '--sentinel'],
    logFile: join(folder, 'sentinel.log'),
  });
  await server.until(() => answersPing(port));
  const stop = async () => {
    await server.end('SIGTERM');
    await removeFolder(folder);
  };
  return { port, stop };
}

async function replicaIsIn(port: number): Promise<boolean> {
  return String(await command(port, 'INFO', 'replication')).includes('master_link_status:up');
}

async function knowsAll(port: number, name: string, others: number): Promise<boolean> {
  const fields = (await command(port, 'SENTINEL', 'MASTER', name)) as string[];
  const field = (key: string) => Number(fields[fields.indexOf(key) + 1]);
  return field('num-slaves') === 1 && field('num-other-sentinels') === others;
}

/** A replica from its first moment on: sentinels wait long before they correct one that said it was a primary. */
async function becomeReplica({ folder }: TestRedis, port: number): Promise<void> {
  const file = join(folder, 'redis.conf');
  const kept = (await readFile(file, 'utf8')).split('\n').filter((line) => !line.startsWith('replicaof'));
  await writeFile(file, `${[...kept, `replicaof ${HOST} ${port}`].join('\n')}\n`);
}

/** Whether a sentinel has seen the one replica well, and as a replica. */
async function wouldPromote(port: number, name: string): Promise<boolean> {
  const [fields = []] = (await command(port, 'SENTINEL', 'REPLICAS', name)) as string[][];
  const field = (key: string) => fields[fields.indexOf(key) + 1];
  return field('flags') === 'slave' && field('role-reported') === 'slave';
}

async function currentPrimary(sentinelPort: number, name: string): Promise<number> {
  const address = (await command(sentinelPort, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) as string[];
  return Number(address[1]);
}

async function failover(sentinelPort: number, name: string): Promise<void> {
  const before = await currentPrimary(sentinelPort, name);
  // Refused with NOGOODSLAVE until the replica's INFO has been seen, therefore asked again.
  await waitFor(() => command(sentinelPort, 'SENTINEL', 'FAILOVER', name), {
    what: 'failover',
    everyMs: 200,
  });
  await waitFor(async () => isNewPrimary(await currentPrimary(sentinelPort, name), before), PROMOTION);
}

const PROMOTION = { what: 'a new primary', timeoutMs: 30_000 };

async function isNewPrimary(port: number, before: number): Promise<boolean> {
  if (port === before) return false;
  return String(await command(port, 'INFO', 'replication').catch(() => '')).includes('role:master');
}

/**
 * From now on nothing reaches the replicas of a node any more: whatever it confirms is lost when it is
 * killed and one of them takes over. Undone by {@link feedReplicas}.
 */
export async function starveReplicas({ port }: TestRedis): Promise<void> {
  await command(port, 'ACL', 'SETUSER', 'default', '-psync', '-sync');
  await command(port, 'CLIENT', 'KILL', 'TYPE', 'replica');
}

/**
 * SYNC stays refused: a replica whose PSYNC was refused asks for SYNC next, and one that is let in that way, in
 * just that moment, counts as too old to confirm anything, for ever.
 */
export async function feedReplicas({ port }: TestRedis): Promise<void> {
  await command(port, 'ACL', 'SETUSER', 'default', '+psync');
}

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

/** One command over one short connection; a last argument that is an object holds the login. */
async function command(port: number, ...words: (string | number | RedisOptions)[]): Promise<unknown> {
  const last = words.at(-1);
  const login = typeof last === 'object' ? last : {};
  const [name, ...args] = words.filter((word) => typeof word !== 'object').map(String);
  const client = new Redis({
    port,
    host: HOST,
    password: login.password,
    retryStrategy: () => null,
    lazyConnect: true,
    enableReadyCheck: false,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.call(name!, ...args);
  } finally {
    client.disconnect();
  }
}
