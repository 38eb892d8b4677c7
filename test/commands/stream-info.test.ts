import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { runCommand } from './run-command.ts';

const HOUR_MS = 3_600_000;
const CONFIG = `profiles:
  p:
    streams:
      orders: { group: workers, maxLen: 8, maxAge: 2d, maxDeliveries: 3, minIdle: 10m, claimTo: helper, deadLetter: orders-failed }
      alerts: { partitions: 3 }
profile: p
`;

let server: TestRedis;
let redis: Redis;
let start: number;
/** Redis 6.2 does not know what a stream had before, 7.0 not when a consumer last got something. */
const id = (n: number) => `${start + n}-0`;
let since7: boolean;
let since72: boolean;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  start = Date.now() - 5 * HOUR_MS;
  const pipeline = redis.pipeline();
  for (let n = 1; n <= 10; n += 1) pipeline.xadd('orders', id(n), 'n', String(n));
  pipeline
    .xgroup('CREATE', 'orders', 'workers', '0')
    .xreadgroup('GROUP', 'workers', 'w1', 'COUNT', 4, 'STREAMS', 'orders', '>')
    .call('XCLAIM', 'orders', 'workers', 'w2', 0, id(1), 'IDLE', HOUR_MS, 'RETRYCOUNT', 2)
    .xgroup('CREATE', 'orders', 'audit', '$')
    .xdel('orders', id(10))
    .xadd('orders-failed', '1-0', 'n', '1')
    .xadd('alerts:{0}', '1-0', 'n', '1')
    .xadd('alerts:{2}', '1-0', 'n', '1');
  await pipeline.exec();
  const version = /redis_version:(\d+)\.(\d+)/.exec(await redis.info('server'))!;
  since7 = Number(version[1]) >= 7;
  since72 = Number(version[1]) > 7 || (since7 && Number(version[2]) >= 2);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const info = (line: string, columns?: number) =>
  runCommand(['stream', 'info', ...line.split(' ')], { url: server.url, columns, config: CONFIG });
const NOTE =
  'Redis reports no lag: the position was set to an id, or there is a gap before or behind it; counted to the end';
const OLD_NOTE = 'this version of Redis does not report a lag; counted to the end';

describe('stream info', () => {
  test('shows all of a stream, its groups, their consumers, and what is odd', async () => {
    for (const columns of [160, undefined]) {
      const { code, stdout, stderr } = await info('orders', columns);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const shown = stdout
        .replace(/^memory +\d.*$/m, 'memory SIZE')
        .replace(/^(w[12] .*?) +\d+(?:\.\d+)?m?s +\S+ +(\w+)$/gm, '$1 IDLE $2')
        .replace(/^(CONSUMER .*PENDING).*$/gm, '$1');
      expect(shown.replace(since7 ? NOTE : OLD_NOTE, 'NOTE')).toBe(
        [
          'stream              orders',
          'length              9',
          `first entry         ${id(1)}, 5h00m ago`,
          `last entry          ${id(9)}, 5h00m ago`,
          `last id given out   ${id(10)}`,
          ...(since7 ? [`last deleted id     ${id(10)}`] : []),
          `entries ever added  ${since7 ? 10 : '-'}`,
          'memory SIZE',
          'dead letters        1, in orders-failed',
          'configured          group workers, at most 8 entries, at most 2d0h old, at most 3 deliveries, stuck after 10m00s, claimed to helper',
          '',
          'group              audit',
          'pending            0',
          'lag                0, known from its position',
          `last delivered     ${id(10)}, 5h00m ago`,
          'first undelivered  -',
          'consumers          0',
          '',
          'group              workers',
          `pending            4, the oldest ${id(1)}, 5h00m ago`,
          'lag                5, counted',
          '                   NOTE',
          `last delivered     ${id(4)}, 5h00m ago`,
          `first undelivered  ${id(5)}, 5h00m ago`,
          'consumers          2',
          '',
          'CONSUMER  PENDING  OLDEST-PENDING',
          'w1              3           5h00m IDLE active',
          'w2              1           5h00m IDLE active',
          '',
          'warning it holds 9 entries, 1 more than maxLen 8',
          "  -> 'qctl stream trim orders' cuts it; see that who adds to it trims, too",
          'note 1 dead letter lies in orders-failed',
          "  -> 'qctl dlq ls orders' shows why",
          '',
        ].join('\n'),
      );
    }
  });

  test('is one document in JSON, with the lag and how it is known', async () => {
    const { stdout } = await info('orders -o json');
    const any = expect.any(Number);
    const known = <T>(value: T) => (since7 ? value : null);
    const member = (consumer: string, pending: number, oldest: number) => ({
      consumer,
      pending,
      idleMs: any,
      inactiveMs: since72 ? any : null,
      oldestPendingId: id(oldest),
      oldestPendingAgeMs: any,
      verdict: 'active',
    });
    expect(JSON.parse(stdout)).toEqual({
      type: 'stream-info',
      stream: 'orders',
      length: 9,
      firstId: id(1),
      firstAgeMs: any,
      lastId: id(9),
      lastAgeMs: any,
      lastGeneratedId: id(10),
      maxDeletedId: known(id(10)),
      entriesAdded: known(10),
      memoryBytes: any,
      waiting: 0,
      nextDueAt: null,
      settings: {
        stream: 'orders',
        group: 'workers',
        maxLen: 8,
        maxAgeMs: 172_800_000,
        partitions: 1,
        deadLetter: 'orders-failed',
        deadLetterNamed: true,
        maxDeliveries: 3,
        minIdleMs: 600_000,
        claimTo: 'helper',
        entry: {
          body: 'body',
          type: 'type',
          priority: 'priority',
          retryCount: 'attempts',
          correlationId: 'attr.correlationId',
          reason: 'reason',
          originalStream: 'stream',
        },
      },
      deadLetters: 1,
      groups: [
        {
          stream: 'orders',
          group: 'audit',
          consumers: 0,
          pending: 0,
          oldestPendingId: null,
          oldestPendingAgeMs: null,
          lag: 0,
          lagAtLeast: 0,
          lagAtMost: 0,
          lagHow: 'position',
          lagNote: null,
          lastDeliveredId: id(10),
          lastDeliveredAgeMs: any,
          oldestUndeliveredId: null,
          oldestUndeliveredAgeMs: null,
          members: [],
        },
        {
          stream: 'orders',
          group: 'workers',
          consumers: 2,
          pending: 4,
          oldestPendingId: id(1),
          oldestPendingAgeMs: any,
          lag: 5,
          lagAtLeast: 5,
          lagAtMost: 5,
          lagHow: 'counted',
          lagNote: since7 ? NOTE : OLD_NOTE,
          lastDeliveredId: id(4),
          lastDeliveredAgeMs: any,
          oldestUndeliveredId: id(5),
          oldestUndeliveredAgeMs: any,
          members: [member('w1', 3, 2), member('w2', 1, 1)],
        },
      ],
      advice: [
        {
          level: 'warning',
          code: 'LENGTH_OVER_MAX',
          text: 'it holds 9 entries, 1 more than maxLen 8',
          remedy: "'qctl stream trim orders' cuts it; see that who adds to it trims, too",
        },
        {
          level: 'note',
          code: 'DEAD_LETTERS',
          text: '1 dead letter lies in orders-failed',
          remedy: "'qctl dlq ls orders' shows why",
        },
      ],
    });
  });

  test('counts a lag only as far as it is told to', async () => {
    const { groups } = JSON.parse((await info('orders --count-up-to 2 -o json')).stdout);
    expect(groups[1]).toMatchObject({ lag: null, lagAtLeast: 2, lagAtMost: 8, lagHow: 'bound' });
  });

  test('of a partitioned stream shows the partitions that there are, one after the other', async () => {
    const { stdout } = await info('alerts');
    expect(stdout.match(/^stream .*$/gm)).toEqual([
      'stream              alerts:{0}',
      'stream              alerts:{2}',
    ]);
    const { items } = JSON.parse((await info('alerts -o json')).stdout);
    expect(items.map(({ stream }: { stream: string }) => stream)).toEqual(['alerts:{0}', 'alerts:{2}']);
  });

  test('of a pattern is a list, even of one', async () => {
    const { type, items } = JSON.parse((await info('orde* -o json')).stdout);
    expect([type, items.length]).toEqual(['stream-info-list', 2]);
    expect(JSON.parse((await info('orders -o ndjson')).stdout).type).toBe('stream-info');
  });

  test('of a stream that is not there is an error', async () => {
    const { code, stdout, stderr } = await info('ordrs');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^qctl: there is no stream ordrs .*\n {2}hint: did you mean orders\?\n/);
  });
});

test('a group that lost what was trimmed before it got there is odd, however small its lag', async () => {
  const pipeline = redis.pipeline();
  for (let n = 1; n <= 100; n += 1) pipeline.xadd('lossy', `${n}-0`, 'n', String(n));
  pipeline
    .xgroup('CREATE', 'lossy', 'g', '0')
    .xreadgroup('GROUP', 'g', 'c', 'COUNT', 10, 'STREAMS', 'lossy', '>')
    .xtrim('lossy', 'MAXLEN', 20);
  await pipeline.exec();
  const { groups, advice } = JSON.parse((await info('lossy -o json')).stdout);
  expect(groups).toMatchObject([{ lag: 20 }]);
  const texts = ['group g: the oldest pending entries were trimmed away'];
  if (since7) texts.unshift('up to 70 entries were trimmed before group g got them');
  expect(advice.map(({ text }: { text: string }) => text)).toEqual(texts);
});
