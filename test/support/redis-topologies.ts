import { writeFile } from 'node:fs/promises';
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
    `sentinel failover-timeout ${name} 5000`,
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
  const changed = async () => {
    const now = await currentPrimary(sentinelPort, name);
    return now !== before && String(await command(now, 'INFO', 'replication')).includes('role:master');
  };
  await waitFor(changed, { what: 'a new primary', timeoutMs: 20_000 });
}

export interface ClusterOptions {
  /** Masters; default 3. */
  nodes?: number;
  aof?: 'everysec' | 'always';
  password?: string;
}

export interface TestCluster {
  readonly nodes: TestRedis[];
  /** Seeds for a cluster client. */
  readonly seeds: { host: string; port: number }[];
  stop(): Promise<void>;
}

/** Masters with all slots spread over them; every node reports cluster_state:ok. */
export async function startCluster({ nodes: count = 3, ...rest }: ClusterOptions = {}): Promise<TestCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const nodes = await Promise.all(Array.from({ length: count }, () => startRedis({ ...rest, args })));
  const send = (node: TestRedis, ...words: (string | number)[]) => command(node.port, ...words, rest);
  for (const [index, node] of nodes.entries()) {
    // Distinct epochs, else the nodes would settle a conflict of epochs one by one.
    await send(node, 'CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    // ADDSLOTS, not ADDSLOTSRANGE, which Redis 6.2 lacks.
    await send(node, 'CLUSTER', 'ADDSLOTS', ...slotsOf(index, count));
  }
  for (const node of nodes.slice(1)) await send(nodes[0]!, 'CLUSTER', 'MEET', HOST, node.port);
  for (const node of nodes) {
    const complete = async () => isComplete(String(await send(node, 'CLUSTER', 'INFO')), count);
    await waitFor(complete, { what: 'cluster_state:ok', timeoutMs: 30_000 });
  }
  return {
    nodes,
    seeds: nodes.map(({ host, port }) => ({ host, port })),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
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
