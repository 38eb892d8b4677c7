import { afterAll, describe, expect, it } from 'vitest';
import {
  connectRedis,
  isRetryable,
  type RedisConnection,
  type RedisOptions,
  toTargetError,
} from '../../src/backends/redis/index.ts';
import type { QctlError } from '../../src/errors.ts';
import { startRedis } from '../support/redis.ts';
import { startCluster } from '../support/redis-topologies.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { failureOf } from './failure.ts';

const reply = (text: string) => Object.assign(new Error(text), { name: 'ReplyError' });
const socket = (code: string) => Object.assign(new Error(`read ${code}`), { code });

describe('what is worth waiting for', () => {
  it.each([
    ['LOADING Redis is loading the dataset in memory', 'Redis is loading its data'],
    [
      "OOM command not allowed when used memory > 'maxmemory'.",
      'Redis is out of memory (OOM): maxmemory reached',
    ],
    [
      'ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed',
      'Redis is out of memory (OOM): maxmemory reached',
    ],
    [
      '@user_script: 83: -OOM command not allowed', // as pcall gives it before Redis 7.0
      'Redis is out of memory (OOM): maxmemory reached',
    ],
    [
      'ERR Error running script (call to f_1): @user_script:7: @user_script: 7: -OOM command not allowed',
      'Redis is out of memory (OOM): maxmemory reached',
    ],
    ["READONLY You can't write against a read only replica. script: 1", 'server is a read-only replica'],
    ['CLUSTERDOWN The cluster is down', 'cluster is down'],
    ['BUSY Redis is busy running a script.', 'a long script blocks Redis (BUSY)'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'cluster is moving slots (TRYAGAIN)'],
    ['MASTERDOWN Link with MASTER is down', 'replica has lost its primary (MASTERDOWN)'],
    ['NOREPLICAS Not enough good replicas to write.', 'too few replicas are in sync (NOREPLICAS)'],
    ['MISCONF Redis is configured to save RDB snapshots', 'Redis cannot save to its disk (MISCONF)'],
    ['ERR max number of clients reached', 'Redis has no free connection (maxclients)'],
    ['Too many Cluster redirections. Last error: ReplyError: MOVED 1 h:1', 'cluster is moving slots (MOVED)'],
  ])('%s', (text, reason) => {
    expect(isRetryable(reply(text))).toBe(reason);
  });

  it('names the reason of a lost connection', () => {
    expect(isRetryable(socket('ECONNRESET'))).toBe('connection lost: ECONNRESET');
    expect(isRetryable(new Error('Connection is closed.'))).toBe('connection lost');
  });

  it('is seen through a translated error too', () => {
    const lost = toTargetError(socket('EPIPE'), 'redis://h', 'append');
    expect(isRetryable(lost)).toBe('connection lost: EPIPE');
  });

  it.each([
    'BUSYGROUP Consumer Group name already exists',
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    "NOPERM this user has no permissions to run the 'xadd' command",
    'WRONGPASS invalid username-password pair or user is disabled.',
    "ERR unknown command 'X', with args beginning with: 'READONLY OOM'",
    'MOVED 1 h:1',
  ])('is not: %s', (text) => {
    expect(isRetryable(reply(text))).toBeUndefined();
  });

  it('takes a bare MOVED as passing on a cluster connection only', () => {
    expect(isRetryable(reply('MOVED 1 h:1'), 'cluster')).toBe('cluster is moving slots (MOVED)');
    expect(isRetryable(reply('MOVED 1 h:1'), 'standalone')).toBeUndefined();
  });
});

describe('what is shown of the rest', () => {
  it('names what was tried, where, and why it failed', () => {
    const error = toTargetError(
      reply('WRONGTYPE Operation against a key'),
      'redis://h:6379/0',
      'append to orders',
    );
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_WRONG_TYPE' });
    expect(error.message).toBe(
      'cannot append to orders (redis://h:6379/0): the key holds another kind of value',
    );
  });

  it('maps a missing right to kind auth and says which', () => {
    const error = toTargetError(
      reply("NOPERM this user has no permissions to run the 'xadd' command"),
      'L',
      'x',
    );
    expect(error).toMatchObject({ kind: 'auth', code: 'REDIS_NOPERM' });
    expect(error.message).toContain("the user has no permissions to run the 'xadd' command");
  });

  it('keeps neither the arguments of the command nor those the server repeats', () => {
    const raw = Object.assign(reply("ERR unknown command 'X', with args beginning with: 'body-1'"), {
      command: { name: 'x', args: ['body-1'] },
    });
    const error = toTargetError(raw, 'L', 'x');
    expect(error.message).toContain("unknown command 'X'");
    expect(JSON.stringify([error, error.message, error.cause, String(error.cause)])).not.toContain('body-1');
  });

  it('leaves a QctlError as it is', () => {
    const first = toTargetError(socket('ECONNREFUSED'), 'L', 'x');
    expect(toTargetError(first, 'other', 'y')).toBe(first);
  });
});

describe('what a real server says, and what to do about it', () => {
  const opened: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const one of opened.reverse()) await (one.close?.() ?? one.stop?.());
  });

  function kept<T extends (typeof opened)[number]>(one: T): T {
    opened.push(one);
    return one;
  }

  const connect = async (options: RedisOptions): Promise<RedisConnection> =>
    kept(await connectRedis({ db: 0, ...options }));

  /** The error of one command as a person gets to see it. */
  function failure(connection: RedisConnection, ...words: string[]): Promise<QctlError> {
    const [name, ...args] = words;
    return failureOf(
      connection.client.call(name!, ...args).catch((error: unknown) => {
        throw toTargetError(error, 'L', 'x');
      }),
    );
  }

  const script = (body: string) => ['EVAL', `return redis.call(${body})`, '1'];

  it('a group that is not there is named, with the command that makes it', async () => {
    const redis = await connect({ url: sharedRedisUrl() });
    const stream = uniqueName('orders');
    const hint = [
      `'qctl group ls ${stream}' lists the groups that there are`,
      `'qctl group create ${stream} billing' makes it`,
    ];
    const unread = await failure(redis, ...['XREADGROUP', 'GROUP', 'billing', 'c', 'STREAMS', stream, '>']);
    expect(unread).toMatchObject({ kind: 'failed', code: 'REDIS_NOGROUP', hint });
    expect(unread.message).toBe(
      `cannot x (L): there is no stream ${stream}, or it has no consumer group billing`,
    );
    await redis.client.xadd(stream, '*', 'a', 'b');
    const gone = [
      await failure(redis, 'XINFO', 'CONSUMERS', stream, 'billing'),
      await failure(redis, ...script("'XGROUP', 'SETID', KEYS[1], 'billing', '0'"), stream),
    ];
    for (const error of gone) {
      expect(error).toMatchObject({ code: 'REDIS_NOGROUP', hint });
      expect(error.message).toBe(`cannot x (L): stream ${stream} has no consumer group billing`);
    }
    for (const words of [['XPENDING'], ['XCLAIM', 'c', '0', '1-1'], ['XAUTOCLAIM', 'c', '0', '0']]) {
      const [name, ...rest] = words;
      expect(await failure(redis, name!, stream, 'billing', ...rest)).toMatchObject({
        code: 'REDIS_NOGROUP',
        hint,
      });
    }
  });

  it('names with quotes and blanks in them are not cut', async () => {
    const redis = await connect({ url: sharedRedisUrl() });
    const stream = uniqueName("it's a");
    const error = await failure(redis, 'XPENDING', stream, "who's");
    expect(error.message).toContain(`there is no stream ${stream}, or it has no consumer group who's`);
  });

  it('a group that is there already can be moved', async () => {
    const redis = await connect({ url: sharedRedisUrl() });
    const stream = uniqueName('orders');
    const create = ['XGROUP', 'CREATE', stream, 'billing', '0'];
    await redis.client.call(create[0]!, ...create.slice(1), 'MKSTREAM');
    for (const error of [
      await failure(redis, ...create),
      await failure(redis, ...script("'XGROUP', 'CREATE', KEYS[1], 'billing', '0'"), stream),
    ]) {
      expect(error).toMatchObject({ kind: 'failed', code: 'REDIS_BUSYGROUP' });
      expect(error.hint[0]).toContain('qctl group reset');
    }
  });

  it('a stream that is not there can be looked for', async () => {
    const redis = await connect({ url: sharedRedisUrl() });
    const stream = uniqueName('none');
    for (const error of [
      await failure(redis, 'XINFO', 'STREAM', stream),
      await failure(redis, 'XGROUP', 'CREATE', stream, 'billing', '0'),
    ]) {
      expect(error).toMatchObject({ kind: 'failed', code: 'REDIS_NO_STREAM' });
      expect(error.message).toBe('cannot x (L): there is no such stream');
      expect(error.hint[0]).toContain('qctl stream ls');
    }
  });

  it('a full memory: what takes it, what frees it, and that it may pass', async () => {
    const { url } = kept(await startRedis({ args: ['--maxmemory', '1'] }));
    const redis = await connect({ url });
    for (const error of [
      await failure(redis, 'XADD', 'orders', '*', 'a', 'b'),
      await failure(redis, ...script("'XADD', KEYS[1], '*', 'a', 'b'"), 'orders'),
    ]) {
      expect(error).toMatchObject({ kind: 'target', code: 'REDIS_OOM' });
      expect(error.message).toContain('out of memory (OOM): maxmemory reached');
      const hint = error.hint.join('\n');
      for (const way of ['qctl stream ls', 'qctl stream trim --acknowledged', 'raise maxmemory'])
        expect(hint).toContain(way);
      expect(isRetryable(error)).toBeDefined();
    }
  });

  it('a replica: connect to its primary, or let Sentinel find it', async () => {
    const primary = kept(await startRedis());
    const args = ['--replicaof', '127.0.0.1', String(primary.port)];
    const redis = await connect({ url: kept(await startRedis({ args })).url });
    const error = await failure(redis, 'XADD', 'orders', '*', 'a', 'b');
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_READONLY' });
    expect(error.message).toBe('cannot x (L): server is a read-only replica');
    expect(error.hint.join('\n')).toMatch(/primary[\s\S]*REDIS_SENTINEL_HOSTS/);
    expect(isRetryable(error)).toBeDefined();
  });

  it('too few replicas: which setting is in the way', async () => {
    const { url } = kept(await startRedis({ args: ['--min-replicas-to-write', '1'] }));
    const error = await failure(await connect({ url }), 'XADD', 'orders', '*', 'a', 'b');
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_NOREPLICAS' });
    expect(error.hint[0]).toContain('min-replicas-to-write');
  });

  describe('a right that is missing', () => {
    async function asUser(...rules: string[]): Promise<RedisConnection> {
      const { url, port } = kept(await startRedis());
      const admin = await connect({ url });
      await admin.client.call('ACL', 'SETUSER', 'app', 'on', '>pw', ...rules);
      return connect({ url: `redis://app:pw@127.0.0.1:${port}` });
    }

    it('is named by its command, subcommand included', async () => {
      const redis = await asUser('~*', '+ping', '+eval');
      const error = await failure(redis, 'XADD', 'orders', '*', 'a', 'b');
      expect(error).toMatchObject({ kind: 'auth', code: 'REDIS_NOPERM' });
      expect(error.message).toMatch(/: (the )?user .*has no permissions to run the 'xadd' command/);
      expect(error.hint[0]).toMatch(/^grant it with ACL SETUSER (app|<user>) \+xadd$/);
      const sub = await failure(redis, 'XINFO', 'GROUPS', 'orders');
      expect(sub.hint[0]).toMatch(/\+xinfo/);
      const inScript = await failure(redis, ...script("'XLEN', KEYS[1]"), 'orders');
      expect(inScript).toMatchObject({ kind: 'auth', code: 'REDIS_NOPERM' });
      expect(inScript.message).not.toContain('user_script');
    });

    it('to a key is said to be one, and where the server tells which', async () => {
      const redis = await asUser('~orders', '+ping', '+xadd');
      const error = await failure(redis, 'XADD', 'invoices', '*', 'a', 'b');
      expect(error).toMatchObject({ kind: 'auth', code: 'REDIS_NOPERM' });
      expect(error.message).toMatch(/no permissions to access .*key/);
      expect(error.hint[0]).toMatch(/~<key>; ACL LOG/);
    });
  });

  it.each([
    [
      "NOPERM User app has no permissions to run the 'xadd' command",
      "user app has no permissions to run the 'xadd' command",
      'grant it with ACL SETUSER app +xadd',
    ],
    [
      "ERR ACL failure in script: User app has no permissions to run the 'xlen' command script: 0d7f86b9016190c0ffa895edf1a1a553b6280ea8, on @user_script:1.",
      "user app has no permissions to run the 'xlen' command",
      'grant it with ACL SETUSER app +xlen',
    ],
    [
      'NOPERM No permissions to access a key',
      'no permissions to access a key',
      'grant the key with ACL SETUSER <user> ~<key>; ACL LOG on the server names it',
    ],
  ])('in the words of newer servers: %s', (text, why, hint) => {
    const error = toTargetError(reply(text), 'L', 'x');
    expect(error).toMatchObject({ code: 'REDIS_NOPERM', message: `cannot x (L): ${why}`, hint: [hint] });
  });

  it('a cluster: a client of one node is told so, and keys apart are named as the reason', async () => {
    const cluster = kept(await startCluster());
    const single = await connect({ url: cluster.nodes[0]!.url });
    const names = Array.from({ length: 50 }, (_, at) => `orders-${at}`);
    const moved = (await Promise.all(names.map((name) => failureOrNull(single, name)))).find(Boolean);
    expect(moved).toMatchObject({ kind: 'config', code: 'REDIS_IS_CLUSTER' });
    expect(moved?.hint[0]).toContain('redis.cluster.nodes');
    const whole = await connect({ cluster: { nodes: cluster.seeds } });
    const apart = await failure(whole, 'DEL', 'a', 'b');
    expect(apart).toMatchObject({ kind: 'target', code: 'REDIS_CROSSSLOT' });
    expect(apart.hint[0]).toContain('{orders}');
  });

  async function failureOrNull(redis: RedisConnection, name: string): Promise<QctlError | null> {
    return redis.client.xlen(name).then(
      () => null,
      (error: unknown) => toTargetError(error, 'L', 'x'),
    );
  }

  it('a cluster that sends its own client from node to node is not told to become one', () => {
    const text = 'Too many Cluster redirections. Last error: ReplyError: MOVED 1 h:1';
    const error = toTargetError(reply(text), 'L', 'x');
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_UNAVAILABLE' });
    expect(error.message).toBe('cannot x (L): cluster is moving slots (MOVED)');
  });
});
