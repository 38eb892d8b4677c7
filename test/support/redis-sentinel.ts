import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificates, generateCertificates } from './certificates.ts';
import {
  answersPing,
  type RedisOptions,
  redisServerBinary,
  startRedis,
  type TestRedis,
  tlsSettings,
} from './redis.ts';
import { command } from './redis-command.ts';
import { freePort, ownFolder, removeFolder, ServerProcess } from './server-process.ts';
import { waitFor } from './wait.ts';

const HOST = '127.0.0.1';

export interface SentinelOptions {
  /** 1 to 3; the quorum is a majority of them. Default 1. */
  sentinels?: number;
  /** The name that Sentinel knows the primary by. Default `qctl-primary`. */
  name?: string;
  /** After this silence the primary counts as down. Default 1000. */
  downAfterMs?: number;
  aof?: 'everysec' | 'always';
  /** TLS and nothing else: to the servers, between them, and to the sentinels. */
  tls?: boolean;
  /** Of the servers; the sentinels know it and have none of their own. */
  password?: string;
}

export interface TestSentinel {
  /** The name that Sentinel knows the primary by. */
  readonly name: string;
  /** The first primary and its replica; they change roles at a failover. */
  readonly primary: TestRedis;
  readonly replica: TestRedis;
  readonly sentinels: { host: string; port: number }[];
  /** Of all of them, with `tls: true` only. */
  readonly certificates: Certificates | undefined;
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
  const { name = 'qctl-primary', sentinels: count = 1, downAfterMs = 1000, aof, password } = options;
  const folder = ownFolder('sentinel-tls');
  const certificates = options.tls ? await generateCertificates(folder) : undefined;
  const login: RedisOptions = { password, ...(certificates && { tls: certificates }) };
  // Without the delay a replica's first full synchronisation would wait 5 s for more replicas.
  const args = ['--repl-diskless-sync-delay', '0', ...(certificates ? ['--tls-replication', 'yes'] : [])];
  const primary = await startRedis({ ...login, aof, args });
  const replica = await startRedis({ ...login, aof, args });
  await command(replica.port, 'REPLICAOF', HOST, primary.port, login);
  const quorum = Math.floor(count / 2) + 1;
  const watched = { name, port: primary.port, quorum, downAfterMs, login, certificates };
  const watchers = await Promise.all(Array.from({ length: count }, () => startOneSentinel(watched)));
  const watch: Watch = { port: watchers[0]!.port, name, login };
  const sentinels = watchers.map(({ port }) => ({ host: HOST, port }));
  await waitFor(() => replicaIsIn(replica.port, login), { what: 'replication', timeoutMs: 20_000 });
  for (const { port } of sentinels) {
    const known = () => knowsAll({ ...watch, port }, count - 1);
    await waitFor(known, { what: 'sentinel discovery', timeoutMs: 20_000 });
  }
  return {
    name,
    primary,
    replica,
    sentinels,
    certificates,
    currentPort: () => currentPrimary(watch),
    failover: () => failover(watch),
    killPrimary: async () => {
      const before = await currentPrimary(watch);
      const node = before === primary.port ? primary : replica;
      await node.kill9();
      await waitFor(() => hasNewPrimary(watch, before), PROMOTION);
      return node;
    },
    rejoin: async (node) => {
      await becomeReplica(node, await currentPrimary(watch));
      await node.restart();
      await waitFor(() => replicaIsIn(node.port, login), { what: 'replication', timeoutMs: 20_000 });
      for (const { port } of sentinels)
        await waitFor(() => wouldPromote({ ...watch, port }), {
          what: 'a replica to promote',
          timeoutMs: 30_000,
        });
    },
    stop: async () => {
      await Promise.all(watchers.map((watcher) => watcher.stop()));
      await Promise.all([primary.stop(), replica.stop()]);
      await removeFolder(folder);
    },
  };
}

interface Watched {
  name: string;
  port: number;
  quorum: number;
  downAfterMs: number;
  login: RedisOptions;
  certificates: Certificates | undefined;
}

/** A sentinel, and how it is asked. */
interface Watch {
  port: number;
  name: string;
  login: RedisOptions;
}

async function startOneSentinel(watched: Watched): Promise<{ port: number; stop(): Promise<void> }> {
  const folder = ownFolder('sentinel');
  const port = await freePort();
  const file = join(folder, 'sentinel.conf');
  await writeFile(file, `${sentinelSettings(watched, folder, port).join('\n')}\n`);
  const server = new ServerProcess({
    command: redisServerBinary(),
    args: [file, '--sentinel'],
    logFile: join(folder, 'sentinel.log'),
  });
  await server.until(() => answersPing(port, { tls: watched.certificates }));
  await lookOften(port, watched);
  const stop = async () => {
    await server.end('SIGTERM');
    await removeFolder(folder);
  };
  return { port, stop };
}

/** Once a second instead of every ten: a replica that has come back is known that much earlier. Redis 6 cannot do it. */
async function lookOften(port: number, { login }: Watched): Promise<void> {
  const periods = ['INFO-PERIOD', '1000', 'PUBLISH-PERIOD', '500'];
  await command(port, 'SENTINEL', 'DEBUG', ...periods, { tls: login.tls }).catch(() => undefined);
}

function sentinelSettings(watched: Watched, folder: string, port: number): string[] {
  const { name, quorum, downAfterMs, login, certificates } = watched;
  return [
    `bind ${HOST}`,
    ...(certificates ? [...tlsSettings(certificates, port), 'tls-replication yes'] : [`port ${port}`]),
    `dir "${folder}"`,
    `sentinel monitor ${name} ${HOST} ${watched.port} ${quorum}`,
    ...(login.password ? [`sentinel auth-pass ${name} ${login.password}`] : []),
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    // A failover that found no good replica is tried again after twice this time.
    `sentinel failover-timeout ${name} ${Math.min(5000, 4 * downAfterMs)}`,
  ];
}

/** Sentinels have no password. */
function ask({ port, login }: Watch, ...words: string[]): Promise<unknown> {
  return command(port, 'SENTINEL', ...words, { tls: login.tls });
}

async function replicaIsIn(port: number, login: RedisOptions): Promise<boolean> {
  return String(await command(port, 'INFO', 'replication', login)).includes('master_link_status:up');
}

async function knowsAll(watch: Watch, others: number): Promise<boolean> {
  const fields = (await ask(watch, 'MASTER', watch.name)) as string[];
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
async function wouldPromote(watch: Watch): Promise<boolean> {
  const [fields = []] = (await ask(watch, 'REPLICAS', watch.name)) as string[][];
  const field = (key: string) => fields[fields.indexOf(key) + 1];
  return field('flags') === 'slave' && field('role-reported') === 'slave';
}

async function currentPrimary(watch: Watch): Promise<number> {
  const address = (await ask(watch, 'GET-MASTER-ADDR-BY-NAME', watch.name)) as string[];
  return Number(address[1]);
}

async function failover(watch: Watch): Promise<void> {
  const before = await currentPrimary(watch);
  // Refused with NOGOODSLAVE until the replica's INFO has been seen, therefore asked again.
  await waitFor(() => ask(watch, 'FAILOVER', watch.name), { what: 'failover', everyMs: 200 });
  await waitFor(() => hasNewPrimary(watch, before), PROMOTION);
}

const PROMOTION = { what: 'a new primary', timeoutMs: 30_000 };

async function hasNewPrimary(watch: Watch, before: number): Promise<boolean> {
  const port = await currentPrimary(watch);
  if (port === before) return false;
  const said = await command(port, 'INFO', 'replication', watch.login).catch(() => '');
  return String(said).includes('role:master');
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
