import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  connectRedis,
  defineScript,
  isRetryable,
  redisFacts,
  runScript,
  waitUntilReady,
} from '../../src/backends/redis/index.ts';
import { startRedis } from '../support/redis.ts';
import {
  startCluster,
  startSentinel,
  type TestCluster,
  type TestSentinel,
} from '../support/redis-topologies.ts';
import { freePort } from '../support/server-process.ts';
import { waitFor } from '../support/wait.ts';
import { failureOf, noiseOf, silentServer } from './failure.ts';

describe('redis behind sentinels', () => {
  let sentinel: TestSentinel;
  const options = () => ({ sentinel: { hosts: sentinel.sentinels, name: sentinel.name } });

  beforeAll(async () => {
    sentinel = await startSentinel();
  });
  afterAll(() => sentinel.stop());

  it('is found, also when one of the named sentinels is dead and one keeps silent', async () => {
    const hole = await silentServer();
    const dead = { host: '127.0.0.1', port: await freePort() };
    const hosts = [dead, { host: '127.0.0.1', port: hole.port }, ...sentinel.sentinels];
    const connection = await connectRedis({
      sentinel: { hosts, name: sentinel.name },
      connectTimeoutMs: 3000,
    });
    expect(connection.kind).toBe('sentinel');
    expect(connection.label).toBe(
      `sentinel://${sentinel.name}@${hosts.map((one) => `127.0.0.1:${one.port}`)}/0`,
    );
    await connection.client.set('a', '1');
    await connection.close();
    hole.stop();
  });

  it('says that no sentinel knows the name, and which names they know', async () => {
    const wrong = { sentinel: { hosts: sentinel.sentinels, name: 'nobody' } };
    const error = await failureOf(connectRedis(wrong));
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_SENTINEL_MASTER' });
    expect(error.message).toContain('the sentinels know no master called "nobody"');
    expect(error.hint.join()).toContain(sentinel.name);
  });

  it('says why no sentinel can be reached', async () => {
    const hosts = [{ host: '127.0.0.1', port: await freePort() }];
    const error = await failureOf(connectRedis({ sentinel: { hosts, name: 'x' } }));
    expect(error.message).toContain('nothing listens there');
  });

  it('follows a failover to the new primary, and prints nothing on the way', async () => {
    const connection = await connectRedis(options());
    const before = (await redisFacts(connection)).runId;
    const noise = await noiseOf(async () => {
      await sentinel.failover();
      await waitFor(async () => (await redisFacts(connection)).runId !== before, { what: 'the new primary' });
      await waitUntilReady(connection);
      await connection.client.set('after', 'failover');
    });
    const facts = await redisFacts(connection);
    expect(facts.role).toBe('master');
    expect(facts.runId).not.toBe(before);
    expect(noise).toBe('');
    await connection.close();
  });
});

describe('redis behind sentinels, over TLS and with a password', () => {
  it('is reached, and followed to the next primary when the first one is killed', async () => {
    const sentinel = await startSentinel({ tls: true, password: 'secret', downAfterMs: 300 });
    onTestFinished(() => sentinel.stop());
    const { sentinels: hosts, name, certificates } = sentinel;
    const ca = await readFile(certificates!.ca);
    const options = { sentinel: { hosts, name }, password: 'secret', tls: { ca } };
    await expect(connectRedis({ ...options, tls: undefined })).rejects.toThrow();
    const connection = await connectRedis(options);
    onTestFinished(() => connection.close());
    await connection.client.set('before', '1');
    await connection.client.wait(1, 5000);
    const killed = await sentinel.killPrimary();
    await waitUntilReady(connection);
    expect(await connection.client.get('before')).toBe('1');
    await sentinel.rejoin(killed);
    expect(await connection.client.wait(1, 5000)).toBe(1);
  });
});

describe('a redis cluster', () => {
  let cluster: TestCluster;
  const ping = defineScript("return redis.call('SET', KEYS[1], ARGV[1])");

  beforeAll(async () => {
    cluster = await startCluster({ password: 'hunter2' });
  });
  afterAll(() => cluster.stop());

  it('is found from one node, takes scripts on every shard, and reports its worst master', async () => {
    const connection = await connectRedis({
      cluster: { nodes: cluster.seeds.slice(0, 1) },
      password: 'hunter2',
    });
    const keys = Array.from({ length: 20 }, (_, index) => `key:${index}`);
    await Promise.all(keys.map((key) => runScript(connection.client, ping, [key], ['v'])));
    expect(await Promise.all(keys.map((key) => connection.client.get(key)))).toEqual(keys.map(() => 'v'));
    const facts = await redisFacts(connection);
    expect(facts).toMatchObject({ role: 'master', aofEnabled: false, connectedReplicas: 0 });
    expect(facts.runId!.split(',')).toHaveLength(3);
    await connection.close();
  });

  it('says that the password is wrong', async () => {
    const error = await failureOf(connectRedis({ cluster: { nodes: cluster.seeds }, password: 'wrong' }));
    expect(error).toMatchObject({ kind: 'auth', code: 'REDIS_AUTH' });
  });

  it('says that no node can be reached', async () => {
    const nodes = [{ host: '127.0.0.1', port: await freePort() }];
    const error = await failureOf(connectRedis({ cluster: { nodes } }));
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_UNREACHABLE' });
  });

  it('fails commands of a node that dies, prints nothing, and uses it again when it is back', async () => {
    const connection = await connectRedis({ cluster: { nodes: cluster.seeds }, password: 'hunter2' });
    const [victim] = cluster.nodes;
    const key = await keyOn(victim!.port);
    const noise = await noiseOf(async () => {
      const waiting = connection.client
        .blpop(key, 0)
        .catch((error: unknown) => isRetryable(error, 'cluster'));
      await waitFor(async () => (await connection.client.get('other')) === null);
      await victim!.kill9();
      expect(await waiting).toMatch(/^connection lost/);
      const reason = await connection.client
        .set(key, '1')
        .catch((error: unknown) => isRetryable(error, 'cluster'));
      expect(reason).toBeTypeOf('string');
      await victim!.restart();
      await waitFor(() => connection.client.set(key, '2'), {
        what: 'a write to the node',
        timeoutMs: 20_000,
      });
    });
    expect(noise).toBe('');
    await connection.close();
  });

  it('comes back after all its nodes were away', async () => {
    const connection = await connectRedis({ cluster: { nodes: cluster.seeds }, password: 'hunter2' });
    await Promise.all(cluster.nodes.map((node) => node.kill9()));
    await waitFor(() => connection.trouble() !== undefined, { what: 'the loss' });
    await Promise.all(cluster.nodes.map((node) => node.restart()));
    await waitUntilReady(connection);
    await waitFor(() => connection.client.set('x', '1'), { what: 'a write', timeoutMs: 20_000 });
    await connection.close();
  });

  it('is told from a single server that is asked as one', async () => {
    const single = await startRedis({ args: ['--cluster-enabled', 'yes'] });
    const error = await failureOf(
      connectRedis({ cluster: { nodes: [{ host: '127.0.0.1', port: single.port }] } }),
    );
    expect(error.message).toContain('cluster is down');
    await single.stop();
  });

  async function keyOn(port: number): Promise<string> {
    for (let index = 0; ; index++) {
      const node = await connectRedis({ url: `redis://:hunter2@127.0.0.1:${port}` });
      const answer = await node.client.get(`on:${index}`).catch((error: Error) => error.message);
      await node.close();
      if (answer === null) return `on:${index}`;
    }
  }
});
