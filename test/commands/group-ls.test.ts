import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { runCommand } from './run-command.ts';

const HOUR_MS = 3_600_000;
let server: TestRedis;
let start: number;
const id = (n: number) => `${start + n}-0`;
beforeAll(async () => {
  server = await startRedis();
  const redis = new Redis(server.url);
  start = Date.now() - 5 * HOUR_MS;
  const pipeline = redis.pipeline();
  for (let n = 1; n <= 10; n += 1) pipeline.xadd('orders:eu', id(n), 'n', String(n));
  for (let n = 1; n <= 4; n += 1) pipeline.xadd('orders:us', `${n}-0`, 'n', String(n));
  pipeline
    .xgroup('CREATE', 'orders:eu', 'workers', '0')
    .xreadgroup('GROUP', 'workers', 'w1', 'COUNT', 4, 'STREAMS', 'orders:eu', '>')
    .xgroup('CREATE', 'orders:eu', 'audit', '$')
    .xdel('orders:eu', id(8))
    .xgroup('CREATE', 'orders:us', 'workers', '0')
    .xadd('alone', '1-0', 'n', '1');
  await pipeline.exec();
  redis.disconnect();
});
afterAll(() => server.stop());

const ls = (line = '', setting: Parameters<typeof runCommand>[1] = {}) =>
  runCommand(['group', 'ls', ...line.split(' ').filter(Boolean)], { url: server.url, ...setting });

describe('group ls', () => {
  test('lists the groups of all streams, with what waits for them and how that is known', async () => {
    for (const columns of [120, undefined]) {
      const { code, stdout, stderr } = await ls('', { columns });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toBe(
        [
          'STREAM     GROUP    CONSUMERS  PENDING  OLDEST-PENDING  LAG  HOW       LAST-DELIVERED     AGE',
          `orders:eu  audit            0        0               -    0  position  ${id(10)}  5h00m`,
          `orders:eu  workers          1        4           5h00m    5  counted   ${id(4)}  5h00m`,
          'orders:us  workers          0        0               -    4  position  0-0                  -',
          '',
        ].join('\n'),
      );
    }
  });

  test('in JSON says between which numbers a lag lies, how it is known and why', async () => {
    const { stdout } = await ls('orders:eu -o json');
    const any = expect.any(Number);
    expect(JSON.parse(stdout)).toEqual({
      type: 'group-list',
      items: [
        {
          stream: 'orders:eu',
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
        },
        {
          stream: 'orders:eu',
          group: 'workers',
          consumers: 1,
          pending: 4,
          oldestPendingId: id(1),
          oldestPendingAgeMs: any,
          lag: 5,
          lagAtLeast: 5,
          lagAtMost: 5,
          lagHow: 'counted',
          lagNote: expect.stringMatching(
            /^(Redis reports no lag: .*|this version of Redis .*); counted to the end$/,
          ),
          lastDeliveredId: id(4),
          lastDeliveredAgeMs: any,
          oldestUndeliveredId: id(5),
          oldestUndeliveredAgeMs: any,
        },
      ],
    });
  });

  test('counts a lag only as far as it is told to, and says where that ends', async () => {
    const { items } = JSON.parse((await ls('orders:eu --count-up-to 3 -o json')).stdout);
    expect(items[1]).toMatchObject({ lag: null, lagAtLeast: 3, lagAtMost: 8, lagHow: 'bound' });
    expect((await ls('orders:eu --count-up-to 3')).stdout).toMatch(/^orders:eu +workers .* 3\.\.8 +bound /m);
  });

  test('takes the stream of the environment where none is named', async () => {
    const { stdout } = await ls('', { env: { REDIS_STREAM_NAME: 'orders:us' } });
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['STREAM', 'orders:us', '']);
  });

  test('of what has no groups is empty, and says so on a terminal alone', async () => {
    expect((await ls('alone', { columns: 100 })).stderr).toBe('there are no groups\n');
    expect(await ls('alone -o json')).toEqual({
      code: 0,
      stdout: '{\n  "type": "group-list",\n  "items": []\n}\n',
      stderr: '',
    });
  });

  test('of a server without streams is empty; a stream that was named must be there', async () => {
    const empty = `${server.url}/5`;
    expect(await ls('-o ndjson', { url: empty })).toEqual({ code: 0, stdout: '', stderr: '' });
    for (const name of ['orders', 'orders:*']) {
      const { code, stderr } = await ls(name, { url: empty });
      expect([code, stderr.split(' (')[0]]).toEqual([
        1,
        name === 'orders' ? 'qctl: there is no stream orders' : 'qctl: no stream matches orders:*',
      ]);
    }
  });
});
