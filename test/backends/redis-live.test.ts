import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectRedis,
  defineScript,
  isRetryable,
  missingRights,
  type RedisConnection,
  redisFacts,
  runScript,
  runScriptBuffer,
  waitUntilReady,
} from '../../src/backends/redis/index.ts';
import { startTcpProxy } from '../support/proxy.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { failureOf, noiseOf } from './failure.ts';

const reasonOf = (work: Promise<unknown>, connection: RedisConnection) =>
  work.then(
    () => 'it worked',
    (error: unknown) => isRetryable(error, connection.kind),
  );

describe('a connection that breaks', () => {
  let server: TestRedis;

  beforeAll(async () => {
    server = await startRedis({ aof: 'always' });
  });
  afterAll(() => server.stop());

  it('fails the command in flight at once and never sends it again', async () => {
    const proxy = await startTcpProxy(server.port);
    const connection = await connectRedis({ url: `redis://127.0.0.1:${proxy.port}` });
    proxy.setBlocked('hold');
    const single = reasonOf(connection.client.incr('resent'), connection);
    const batch = connection.client.pipeline().incr('resent').incr('resent').exec();
    await sleep(50);
    proxy.setBlocked('refuse');
    expect(await single).toMatch(/^connection lost/);
    for (const [error] of (await batch) ?? []) expect(isRetryable(error)).toMatch(/^connection lost/);
    proxy.setBlocked(false);
    await waitUntilReady(connection);
    expect(await connection.client.get('resent')).toBeNull();
    await connection.close();
    await proxy.stop();
  });

  it('refuses commands at once while it is down, says why, and comes back by itself', async () => {
    const connection = await connectRedis({ url: server.url });
    await connection.client.set('kept', 'yes');
    await server.kill9();
    await waitFor(() => connection.trouble()?.includes('nothing listens there'), { what: 'the reason' });
    const from = Date.now();
    expect(await reasonOf(connection.client.get('kept'), connection)).toMatch(/^connection lost/);
    expect(Date.now() - from).toBeLessThan(100);
    await server.restart();
    await waitUntilReady(connection);
    expect(connection.trouble()).toBeUndefined();
    expect(await connection.client.get('kept')).toBe('yes');
    await connection.close();
  });

  it('prints nothing while it is down', async () => {
    const connection = await connectRedis({ url: server.url });
    const noise = await noiseOf(async () => {
      await server.kill9();
      await sleep(200);
      await server.restart();
      await waitUntilReady(connection);
    });
    expect(noise).toBe('');
    await connection.close();
  });

  it('cuts a connection on which a command gets no answer', async () => {
    const proxy = await startTcpProxy(server.port);
    const connection = await connectRedis({ url: `redis://127.0.0.1:${proxy.port}`, silenceTimeoutMs: 300 });
    proxy.setBlocked('hold');
    expect(await reasonOf(connection.client.get('kept'), connection)).toMatch(/^connection lost/);
    await connection.close();
    await proxy.stop();
  });

  it('stops waiting when it is told to, and when the connection was closed', async () => {
    const connection = await connectRedis({ url: server.url });
    await server.kill9();
    await waitFor(() => connection.trouble() !== undefined);
    const stop = new AbortController();
    const waiting = waitUntilReady(connection, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await connection.close();
    expect(await failureOf(waitUntilReady(connection))).toMatchObject({ kind: 'target' });
    await server.restart();
  });

  it('is closed quickly, also twice, and a duplicate lives on', async () => {
    const connection = await connectRedis({ url: server.url, db: 3 });
    const other = await connection.duplicate({ connectionName: 'other' });
    await connection.close();
    await connection.close();
    expect(other.label).toBe(connection.label);
    expect(await other.client.call('CLIENT', 'GETNAME')).toBe('other');
    expect(String(await other.client.call('CLIENT', 'INFO'))).toContain(' db=3 ');
    await other.close();
  });
});

describe('what is asked of a server', () => {
  let server: TestRedis;
  let admin: RedisConnection;
  let limited: RedisConnection;

  beforeAll(async () => {
    server = await startRedis({ aof: 'everysec', args: ['--maxmemory', '64mb'] });
    admin = await connectRedis({ url: server.url });
    const rights = ['~orders*', '+@all', '-@admin', '-@dangerous', '-ping'];
    await admin.client.call('ACL', 'SETUSER', 'app', 'on', '>pw', ...rights);
    limited = await connectRedis({ url: server.url, username: 'app', password: 'pw' });
  });
  afterAll(async () => {
    await Promise.all([admin.close(), limited.close()]);
    await server.stop();
  });

  it('reads version, memory, persistence and clock', async () => {
    const facts = await redisFacts(admin);
    expect(facts).toMatchObject({
      role: 'master',
      maxmemory: 64 * 1024 * 1024,
      maxmemoryPolicy: 'noeviction',
    });
    expect(facts).toMatchObject({
      aofEnabled: true,
      appendfsync: 'everysec',
      rdbSave: '',
      connectedReplicas: 0,
    });
    expect(facts.version).toMatch(/^\d+\.\d+/);
    expect(facts.runId).toMatch(/^[0-9a-f]{40}$/);
    expect(facts.usedMemory).toBeGreaterThan(0);
    expect(facts.hasWaitAof).toBeTypeOf('boolean');
    expect(Math.abs(facts.timeMs! - Date.now())).toBeLessThan(5000);
  });

  it('says null, not zero, for what a managed server does not tell', async () => {
    let facts: unknown;
    const noise = await noiseOf(async () => {
      facts = await redisFacts(limited);
    });
    expect(facts).toMatchObject({ version: null, maxmemory: null, aofEnabled: null, appendfsync: null });
    expect(noise).toBe('');
  });

  it('names the rights that are missing, without running anything', async () => {
    const right = ['+acl|dryrun', '+acl|whoami'];
    await admin.client.call('ACL', 'SETUSER', 'app', ...right, '-xadd');
    const missing = await missingRights(limited, [
      { command: 'xadd', args: ['orders', '*', 'a', 'b'] },
      { command: 'xlen', args: ['orders'] },
      { command: 'xlen', args: ['others'] },
    ]);
    expect(missing).toEqual([
      expect.stringMatching(/^XADD: .*'xadd'/),
      expect.stringMatching(/^XLEN: .*'others'/),
    ]);
    expect(await admin.client.exists('orders')).toBe(0);
  });

  it('says null where the rights cannot be known', async () => {
    await admin.client.call('ACL', 'SETUSER', 'app', '-acl');
    expect(await missingRights(limited, [{ command: 'xlen', args: ['orders'] }])).toBeNull();
  });

  it('runs a script that the server does not know yet, and keeps bytes as they are', async () => {
    const script = defineScript('return {KEYS[1], ARGV[1]}');
    await admin.client.script('FLUSH');
    expect(await runScript(admin.client, script, ['k'], [1])).toEqual(['k', '1']);
    const bytes = Buffer.from([0, 255, 10]);
    for (const _ of ['known', 'forgotten']) {
      expect(await runScriptBuffer(admin.client, script, ['k'], [bytes])).toEqual([Buffer.from('k'), bytes]);
      await admin.client.script('FLUSH');
    }
  });
});
