import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUnsavingRedis, type UnsavingRedis } from '../support/unsaving-redis.ts';
import { drive, normalise } from './check-driver.ts';
import { runCommand } from './run-command.ts';

describe('a Redis that cannot save to its disk', () => {
  let unsaving: UnsavingRedis;
  let admin: Redis;
  let env: Record<string, string>;

  beforeAll(async () => {
    unsaving = await startUnsavingRedis(async (redis) => {
      await redis.xadd('orders', '1-0', 'type', 'created');
      await redis.xgroup('CREATE', 'orders', 'billing', '0');
      await redis.xreadgroup('GROUP', 'billing', 'worker-1', 'STREAMS', 'orders', '>');
    });
    admin = new Redis(unsaving.server.url);
    env = { REDIS_URL: unsaving.server.url };
  });
  afterAll(async () => {
    admin.disconnect();
    await unsaving.stop();
  });

  test.each([
    'stream ls',
    'stream info orders',
    'group ls',
    'consumer ls orders',
    'pending orders',
    'check pending orders -w 9',
  ])('still answers %s', async (line) => {
    const { code, stdout } = await runCommand(line.split(' '), { env });
    expect({ code, shows: stdout.includes('orders') }).toEqual({ code: 0, shows: true });
  });

  test.each([
    ['stream add orders a=1', 'add to stream orders'],
    ['group create orders mailer', 'create group mailer on orders'],
    ['claim orders --to worker-2 --create-consumer --min-idle 1ms --yes', 'claim from orders billing'],
    ['stream trim orders --max-len 0 --force --yes', 'trim stream orders'],
  ])('refuses %s, says why, and nothing has changed', async (line, doing) => {
    const before = await admin.xpending('orders', 'billing', '-', '+', 10);
    const { code, stderr } = await runCommand(line.split(' '), { env });
    expect({ code, stderr }).toMatchObject({ code: 7 });
    expect(normalise(stderr)).toContain(
      `cannot ${doing} (redis://HOST/0): Redis cannot save to its disk (MISCONF)\n  hint: make room on the disk of the server; its log says what it could not save\n`,
    );
    const after = await admin.xpending('orders', 'billing', '-', '+', 10);
    const [[id, consumer]] = after as [[string, string]];
    expect([id, consumer, await admin.xlen('orders'), before]).toEqual([
      '1-0',
      'worker-1',
      1,
      [['1-0', 'worker-1', expect.any(Number), 1]],
    ]);
  });

  test('is CRITICAL for check redis, and a WARNING where it takes writes all the same', async () => {
    const refusing = await drive('check redis', { env });
    await unsaving.refuseWrites(false);
    const taking = await drive('check redis', { env });
    await unsaving.refuseWrites(true);
    expect([refusing.code, taking.code]).toEqual([2, 1]);
    expect(normalise(refusing.stdout)).toContain(
      'REDIS CRITICAL - redis://HOST/0: it cannot save to its disk and refuses writes (MISCONF), ',
    );
    expect(normalise(taking.stdout)).toContain(
      'REDIS WARNING - redis://HOST/0: the last save to its disk failed, ',
    );
  });
});
