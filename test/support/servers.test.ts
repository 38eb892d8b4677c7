import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { Cluster, Redis } from 'ioredis';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startPostgres } from './postgres.ts';
import { startTcpProxy } from './proxy.ts';
import { type RedisOptions, startRedis } from './redis.ts';
import { startCluster, startSentinel } from './redis-topologies.ts';
import { sharedPostgres, sharedSqs, uniqueName } from './shared.ts';
import { connectSqs, type SqsAccess, sqsFaultProxy, startSqs, startSqsFaultProxyProcess } from './sqs.ts';
import { waitFor } from './wait.ts';

function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

function redisClient(url: string, options: object = {}): Redis {
  const client = new Redis(url, options);
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

async function ownRedis(options: RedisOptions = {}) {
  const redis = await startRedis(options);
  onTestFinished(() => redis.stop());
  return redis;
}

describe('redis', () => {
  it('keeps an append-only file over kill -9 and restart, and is gone after stop', async () => {
    const redis = await ownRedis({ aof: 'always' });
    const client = redisClient(redis.url);
    await client.set('kept', '1');
    await redis.kill9();
    expect(await refuses(redis.port)).toBe(true);
    await redis.restart();
    expect(await client.get('kept')).toBe('1');
    await redis.restart();
    expect(await client.get('kept')).toBe('1');
    await redis.stop();
    expect(await refuses(redis.port)).toBe(true);
    expect(existsSync(redis.folder)).toBe(false);
  });

  it('forgets without an append-only file, and does not answer while paused', async () => {
    const redis = await ownRedis();
    const client = redisClient(redis.url, { commandTimeout: 200, maxRetriesPerRequest: 0 });
    await client.set('lost', '1');
    redis.pause();
    await expect(client.get('lost')).rejects.toThrow(/timed out/);
    redis.resume();
    await redis.restart();
    expect(await redisClient(redis.url).get('lost')).toBeNull();
  });

  it('speaks TLS and asks for the password', async () => {
    const redis = await ownRedis({ tls: true, password: 'p w' });
    const ca = readFileSync(redis.certificates!.ca);
    expect(await redisClient(redis.url, { tls: { ca } }).ping()).toBe('PONG');
    const { protocol, host } = new URL(redis.url);
    await expect(redisClient(`${protocol}//${host}`, { tls: { ca } }).ping()).rejects.toThrow(/NOAUTH/);
  });

  it('fails over under Sentinel', async () => {
    const setup = await startSentinel();
    onTestFinished(() => setup.stop());
    expect(await setup.currentPort()).toBe(setup.primary.port);
    const client = new Redis({ sentinels: setup.sentinels, name: setup.name });
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    await client.set('before', '1');
    expect(await client.wait(1, 2000)).toBe(1);
    await setup.failover();
    expect(await setup.currentPort()).toBe(setup.replica.port);
    expect(await client.get('before')).toBe('1');
  });

  it('spreads keys over a cluster', async () => {
    const cluster = await startCluster();
    onTestFinished(() => cluster.stop());
    const client = new Cluster(cluster.seeds);
    onTestFinished(() => client.disconnect());
    await Promise.all(Array.from({ length: 50 }, (_, i) => client.set(`key:${i}`, i)));
    const sizes = await Promise.all(cluster.nodes.map((node) => redisClient(node.url).dbsize()));
    expect(sizes.every((size) => size > 0)).toBe(true);
    expect(sizes.reduce((a, b) => a + b)).toBe(50);
  });
});

describe('postgres', () => {
  it('keeps what was committed over kill -9 and restart, and is gone after stop', async () => {
    const postgres = await startPostgres({ fsync: true });
    onTestFinished(() => postgres.stop());
    await postgres.query('CREATE TABLE t (n int)');
    await postgres.query('INSERT INTO t VALUES ($1)', [7]);
    // A session that is busy while the server is killed, as a drainer's would be.
    const busy = new pg.Client(postgres.url());
    busy.on('error', () => {});
    await busy.connect();
    const broken = expect(busy.query('SELECT pg_sleep(60)')).rejects.toThrow();
    await postgres.kill9();
    await broken;
    expect(await refuses(postgres.port)).toBe(true);
    await postgres.restart();
    expect(await postgres.query('SELECT n FROM t')).toEqual([{ n: 7 }]);
    await postgres.restart();
    expect(await postgres.query('SELECT n FROM t')).toEqual([{ n: 7 }]);
    await postgres.stop();
    expect(await refuses(postgres.port)).toBe(true);
    expect(existsSync(postgres.folder)).toBe(false);
  });

  it('asks for the password and offers TLS', async () => {
    const postgres = await startPostgres({ password: 'p@ss', ssl: true });
    onTestFinished(() => postgres.stop());
    expect(await postgres.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const client = new pg.Client(
      `${postgres.url()}?sslmode=verify-full&sslrootcert=${postgres.certificates!.ca}`,
    );
    await client.connect();
    const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    await client.end();
    expect(rows).toEqual([{ ssl: true }]);
    const stranger = new pg.Client({
      host: postgres.host,
      port: postgres.port,
      user: 'postgres',
      password: 'no',
    });
    await expect(stranger.connect()).rejects.toThrow(/password authentication failed/);
  });

  it('makes databases of one’s own on the shared server', async () => {
    const shared = sharedPostgres();
    const [one, two] = await Promise.all([shared.createDatabase(), shared.createDatabase()]);
    expect(one).not.toBe(two);
    const database = new URL(one).pathname.slice(1);
    expect(await shared.query('SELECT current_database() AS name', [], database)).toEqual([
      { name: database },
    ]);
  });
});

async function receive(sqs: SqsAccess, url: string, options: object = {}): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
    ...options,
  });
  return (await sqs.client.send(command)).Messages ?? [];
}

function remove(sqs: SqsAccess, url: string, messages: Message[]) {
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
  return sqs.client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
}

describe('sqs', () => {
  it('starts, counts and is gone after stop', async () => {
    const sqs = await startSqs();
    onTestFinished(() => sqs.stop());
    const url = await sqs.createQueue('q');
    const ids = await sqs.send(
      url,
      Array.from({ length: 95 }, (_, i) => `body ${i}`),
    );
    expect(new Set(ids).size).toBe(95);
    expect(await receive(sqs, url)).toHaveLength(10);
    expect(await sqs.depth(url)).toEqual({ visible: 85, inFlight: 10, delayed: 0, total: 95 });
    await sqs.stop();
    expect(await refuses(sqs.port)).toBe(true);
  });

  it('carries emoji, binary attributes and trace headers unchanged', async () => {
    const sqs = sharedSqs();
    const url = await sqs.createQueue(uniqueName());
    const raw = { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255, 128) };
    await sqs.send(url, [
      { body: 'grüße 🚀', attributes: { raw }, traceHeader: 'Root=1-a', groupId: 'tenant' },
    ]);
    const [message] = await receive(sqs, url, { VisibilityTimeout: 0 });
    expect(message!.Body).toBe('grüße 🚀');
    expect([...message!.MessageAttributes!.raw!.BinaryValue!]).toEqual([0, 255, 128]);
    expect(message!.Attributes).toMatchObject({ AWSTraceHeader: 'Root=1-a', MessageGroupId: 'tenant' });
    const [bare] = await receive(sqs, url, { MessageAttributeNames: [], MessageSystemAttributeNames: [] });
    expect(bare).not.toHaveProperty('MessageAttributes');
    expect(bare).not.toHaveProperty('Attributes');
  });

  it('hands out a FIFO group in order, locks it, and redelivers it in order', async () => {
    const sqs = sharedSqs();
    const url = await sqs.createQueue(uniqueName(), { fifo: true });
    const bodies = Array.from({ length: 12 }, (_, i) => `${i}`);
    await sqs.send(
      url,
      bodies.map((body) => ({ body, groupId: 'g' })),
    );
    const first = await receive(sqs, url);
    expect(first.map(({ Body }) => Body)).toEqual(bodies.slice(0, 10));
    expect(await receive(sqs, url)).toEqual([]);
    for (const { ReceiptHandle } of first) {
      const change = { QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 };
      await sqs.client.send(new ChangeMessageVisibilityCommand(change));
    }
    const again = await receive(sqs, url);
    expect(again.map(({ Body }) => Body)).toEqual(bodies.slice(0, 10));
    await remove(sqs, url, again);
    expect((await receive(sqs, url)).map(({ Body }) => Body)).toEqual(bodies.slice(10));
  });
});

describe('a test run that is killed', () => {
  it('leaves no server and no folder behind', async () => {
    const script = `
      import { startRedis } from '${new URL('./redis.ts', import.meta.url)}';
      import { startPostgres } from '${new URL('./postgres.ts', import.meta.url)}';
      const servers = await Promise.all([startRedis(), startPostgres()]);
      console.log(JSON.stringify(servers.map(({ port, folder }) => ({ port, folder }))));
      setInterval(() => {}, 1000);`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const servers = JSON.parse(line.toString()) as { port: number; folder: string }[];
    child.kill('SIGKILL');
    for (const { port, folder } of servers) {
      expect(await waitFor(() => refuses(port))).toBe(true);
      expect(await waitFor(() => !existsSync(folder))).toBe(true);
    }
  });
});

describe('sqs fault proxy', () => {
  it('fails entries, loses deletes, drops answers and refuses receives', async () => {
    const sqs = sharedSqs();
    const url = await sqs.createQueue(uniqueName());
    await sqs.send(
      url,
      Array.from({ length: 30 }, (_, i) => `${i}`),
    );
    const proxy = await sqsFaultProxy(sqs.endpoint, { deleteFailureRate: 0.5, seed: 7 });
    onTestFinished(() => proxy.stop());
    const faulty = connectSqs(proxy.endpoint, { maxAttempts: 1 });
    const left = async () => (await sqs.depth(url)).total;

    const some = await remove(faulty, url, await receive(faulty, url));
    expect(some.Failed!.length).toBe(proxy.stats.failedEntries);
    expect(some.Failed!.length + some.Successful!.length).toBe(10);
    expect(await left()).toBe(30 - some.Successful!.length);

    proxy.set({ deleteFailureRate: 0, lostDeleteRate: 1 });
    const before = await left();
    expect((await remove(faulty, url, await receive(faulty, url))).Successful).toHaveLength(10);
    expect(await left()).toBe(before);

    proxy.set({ lostDeleteRate: 0, dropDeleteRate: 1 });
    const last = await receive(faulty, url);
    await expect(remove(faulty, url, last)).rejects.toThrow();
    expect(await left()).toBe(before - last.length);

    proxy.set({ overLimitRate: 1 });
    await expect(receive(faulty, url)).rejects.toMatchObject({ name: 'OverLimit' });
    proxy.set({ overLimitRate: 0, throttleRate: 1 });
    await expect(receive(faulty, url)).rejects.toMatchObject({ name: 'RequestThrottled' });
    expect(proxy.stats).toMatchObject({ lostDeletes: 1, overLimits: 1 });
  });

  it('runs in a process of its own', async () => {
    const sqs = sharedSqs();
    const url = await sqs.createQueue(uniqueName());
    const proxy = await startSqsFaultProxyProcess(sqs.endpoint, { latencyMs: 50 });
    onTestFinished(() => proxy.stop());
    const slow = connectSqs(proxy.endpoint, { maxAttempts: 1 });
    const from = performance.now();
    await slow.depth(url);
    expect(performance.now() - from).toBeGreaterThan(49);
    await proxy.set({ latencyMs: 0, throttleRate: 1 });
    await expect(slow.depth(url)).rejects.toThrow();
    expect((await proxy.stats()).calls.GetQueueAttributes).toBe(2);
  });
});

describe('tcp proxy', () => {
  it('cuts, refuses and holds connections', async () => {
    const target = new URL(inject('redisUrl'));
    const proxy = await startTcpProxy(Number(target.port));
    onTestFinished(() => proxy.stop());
    const client = redisClient(`redis://127.0.0.1:${proxy.port}`, { retryStrategy: () => 10 });
    expect(await client.ping()).toBe('PONG');
    proxy.cut();
    expect(await waitFor(() => client.ping())).toBe('PONG');
    expect(proxy.accepted).toBeGreaterThan(1);
    proxy.setBlocked('hold');
    const late = client.ping();
    await expect(Promise.race([late, waitFor(() => false, { timeoutMs: 100 })])).rejects.toThrow();
    proxy.setBlocked(false);
    expect(await late).toBe('PONG');
    proxy.setBlocked(true);
    const once = redisClient(`redis://127.0.0.1:${proxy.port}`, { retryStrategy: () => null });
    await expect(once.ping()).rejects.toThrow();
    proxy.setBlocked(false);
    const before = proxy.accepted;
    const stopCutting = proxy.cutRandomly({ everyMs: [5, 20], seed: 3 });
    await waitFor(() => proxy.accepted > before + 3);
    stopCutting();
    expect(await waitFor(() => client.ping())).toBe('PONG');
  });
});
