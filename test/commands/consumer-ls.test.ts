import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { runCommand } from './run-command.ts';

const HOUR_MS = 3_600_000;
let server: TestRedis;
let start: number;
/** Redis 7.2 and newer know when a consumer last got something. */
let since72: boolean;
beforeAll(async () => {
  server = await startRedis();
  const redis = new Redis(server.url);
  start = Date.now() - 5 * HOUR_MS;
  const pipeline = redis.pipeline();
  for (let n = 1; n <= 4; n += 1) pipeline.xadd('orders', `${start + n}-0`, 'n', String(n));
  pipeline
    .xgroup('CREATE', 'orders', 'workers', '0')
    .xreadgroup('GROUP', 'workers', 'w1', 'COUNT', 3, 'STREAMS', 'orders', '>')
    .xgroup('CREATE', 'orders', 'audit', '0')
    .xreadgroup('GROUP', 'audit', 'a1', 'COUNT', 1, 'STREAMS', 'orders', '>')
    .xack('orders', 'audit', `${start + 1}-0`)
    .xadd('other', '1-0', 'n', '1')
    .xgroup('CREATE', 'other', 'audit', '0');
  await pipeline.exec();
  const [first] = (await redis.call('XINFO', 'CONSUMERS', 'orders', 'workers')) as unknown[][];
  since72 = first!.includes('inactive');
  await waitFor(async () => {
    const [one] = (await redis.call('XINFO', 'CONSUMERS', 'orders', 'audit')) as unknown[][];
    return Number(one![5]) >= 2;
  });
  redis.disconnect();
});
afterAll(() => server.stop());

const ls = (line: string, setting: Parameters<typeof runCommand>[1] = {}) =>
  runCommand(['consumer', 'ls', ...line.split(' ')], { url: server.url, ...setting });
const config = (minIdle: string, group = '') =>
  `profiles: { p: { streams: { '*': { minIdle: ${minIdle}${group} } } } }\nprofile: p\n`;
const shown = (text: string) => text.replace(/ +(\d+ms|\d\.\ds)/g, ' MS').replace(/ +/g, ' ');

describe('consumer ls', () => {
  test('lists the consumers of all groups with a verdict', async () => {
    for (const columns of [100, undefined]) {
      const { code, stdout, stderr } = await ls('orders', { columns });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(shown(stdout)).toBe(
        [
          'STREAM GROUP CONSUMER PENDING OLDEST-PENDING IDLE INACTIVE VERDICT',
          `orders audit a1 0 - MS ${since72 ? 'MS' : '-'} active`,
          `orders workers w1 3 5h00m MS ${since72 ? 'MS' : '-'} active`,
          '',
        ].join('\n'),
      );
    }
  });

  test('calls stuck who holds entries and was not seen for as long as the configuration says', async () => {
    const { stdout } = await ls('orders', { config: config('1ms') });
    expect(shown(stdout).match(/\w+$/gm)).toEqual(['VERDICT', 'idle', 'stuck']);
  });

  test('is a list in JSON', async () => {
    const { stdout } = await ls('orders workers -o json');
    expect(JSON.parse(stdout)).toEqual({
      type: 'consumer-list',
      items: [
        {
          stream: 'orders',
          group: 'workers',
          consumer: 'w1',
          pending: 3,
          idleMs: expect.any(Number),
          inactiveMs: since72 ? expect.any(Number) : null,
          oldestPendingId: `${start + 1}-0`,
          oldestPendingAgeMs: expect.any(Number),
          verdict: 'active',
        },
      ],
    });
  });

  test('takes the group of the configuration, else that of the environment, where none is named', async () => {
    const groupsOf = async (line: string, setting: object) =>
      JSON.parse((await ls(`${line} -o json`, setting)).stdout).items.map(
        ({ stream, group }: { stream: string; group: string }) => `${stream}/${group}`,
      );
    const env = { REDIS_CONSUMER_GROUP: 'audit' };
    expect(await groupsOf('orders', { env })).toEqual(['orders/audit']);
    expect(await groupsOf('orders', { env, config: config('5m', ', group: workers') })).toEqual([
      'orders/workers',
    ]);
    expect(await groupsOf('o*', { env })).toEqual(['orders/audit']);
    expect(await groupsOf('o* workers', {})).toEqual(['orders/workers']);
  });

  test('takes the stream of the environment where none is named', async () => {
    const env = { REDIS_STREAM_NAME: 'orders', REDIS_CONSUMER_GROUP: 'audit' };
    const { code, stdout } = await runCommand(['consumer', 'ls', '-o', 'json'], { url: server.url, env });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).items).toMatchObject([{ stream: 'orders', group: 'audit', consumer: 'a1' }]);
    const none = await runCommand(['consumer', 'ls'], { url: server.url });
    expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/^qctl: no stream is named\n/) });
  });

  test('of a group without consumers is empty, and says so on a terminal alone', async () => {
    expect(await ls('other audit', { columns: 100 })).toEqual({
      code: 0,
      stdout: 'STREAM  GROUP  CONSUMER  PENDING  OLDEST-PENDING  IDLE  INACTIVE  VERDICT\n',
      stderr: 'there are no consumers\n',
    });
    expect((await ls('other audit -o ndjson')).stdout).toBe('');
  });

  test('of a group that is not there is an error that names those that are', async () => {
    const { code, stdout, stderr } = await ls('orders worker');
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: [
        'qctl: stream orders has no group worker',
        '  hint: did you mean workers?',
        '  hint: its groups: audit, workers',
        '',
      ].join('\n'),
    });
  });

  test('explains in its help that a consumer that blocks looks idle', async () => {
    const { stdout } = await runCommand(['consumer', 'ls', '--help']);
    expect(stdout).toContain('blocks on a quiet stream');
  });
});
