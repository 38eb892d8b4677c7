import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defineScript, runScript } from '../../src/backends/redis/script.ts';
import { durably, NotDurable } from '../../src/sinks/durability.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';

let primary: TestRedis;
let replica: TestRedis;
beforeAll(async () => {
  const args = ['--repl-diskless-sync-delay', '0'];
  [primary, replica] = await Promise.all([startRedis({ args }), startRedis({ args })]);
  const client = new Redis(replica.url);
  await client.replicaof(primary.host, primary.port);
  const up = async () => (await client.info('replication')).includes('master_link_status:up');
  await waitFor(up, { what: 'replication' });
  client.disconnect();
});
afterAll(async () => {
  replica.resume();
  await Promise.all([primary.stop(), replica.stop()]);
});

test('with wait:1 the first write to a server that does not know the script yet is waited for, too', async () => {
  const append = defineScript(`return redis.call('XADD', KEYS[1], '*', 'body', ARGV[1])`);
  const node = new Redis(primary.url);
  const write = () =>
    durably(node, { kind: 'wait', replicas: 1 }, (client, sent) =>
      runScript(client, append, ['orders'], ['first'], sent),
    );
  await node.ping();
  // It is connected, and confirms nothing more.
  replica.pause();
  await expect(write()).rejects.toBeInstanceOf(NotDurable);
  replica.resume();
  await node.script('FLUSH');
  await expect(write()).resolves.toMatch(/-/);
  node.disconnect();
});
