import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { runCommand } from '../commands/run-command.ts';
import { startRedis } from '../support/redis.ts';

const at = (name: string) => new URL(`../../examples/cutover/${name}`, import.meta.url).pathname;
const plan = (name: string, ...flags: string[]) =>
  runCommand(['cutover', 'plan', at(name), ...flags, '--config', at('qctl.yaml')], {
    env: { DEPLOY_TOKEN: 's3cret' },
  });

test.each([
  [
    'table-systemd.yaml',
    ['start-new', 'approve-flip', 'stop-old', 'in-flight', 'backlog', 'producer-settings', 'producers'],
  ],
  ['sqs-kubectl.yaml', ['first', 'look', 'producers', 'approve-all', 'all/deployment/worker-2']],
])('the plan %s passes, consumers first, and every step of it can be undone', async (name, order) => {
  const { code, stdout, stderr } = await plan(name, '-o', 'json');
  expect([code, stderr]).toEqual([0, '']);
  const { steps, times } = JSON.parse(stdout);
  expect(steps.map(({ id }: { id: string }) => id).slice(0, order.length)).toEqual(order);
  expect(steps.filter(({ undo }: { undo: { choice: string } }) => undo.choice === 'none')).toEqual([]);
  expect(times).toMatchObject({ overBudget: false });
  expect(stdout).not.toContain('s3cret');
});

test('their qctl.yaml has all that they name', async () => {
  const { code, stdout, stderr } = await runCommand([
    'config',
    'validate',
    '--quiet',
    '--config',
    at('qctl.yaml'),
  ]);
  expect([code, stderr, stdout]).toEqual([0, '', expect.stringContaining('valid (1 profile)')]);
});

test('the load profile of the field is one, and would send what it says', async () => {
  const profile = new URL('../../examples/load/field.yaml', import.meta.url).pathname;
  const { code, stdout } = await runCommand(['load', 'run', profile, '--dry-run', '-o', 'json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    messages: 12_000,
    peakPerSecond: 1000,
    groups: 10,
    consumers: 50,
  });
});

test('nine streams are maintained and watched by one file: what is stuck becomes a dead letter, and the depth is noticed', async () => {
  const redis = await startRedis();
  const client = new Redis(redis.url);
  // Of its own: this host keeps what it knows of the rules of a file.
  const folder = await mkdtemp(join(tmpdir(), 'qctl-states-'));
  const file = new URL('../../examples/operations/qctl.yaml', import.meta.url).pathname;
  const qctl = (...line: string[]) =>
    runCommand([...line, '--config', file, '--quiet'], {
      env: { QCTL_REDIS_URL: redis.url, QCTL_STATE_DIR: folder },
    });
  try {
    const stream = 'opsconductor:automation:events';
    for (const name of ['identity', 'automation', 'metrics'])
      await client.xgroup('CREATE', `opsconductor:${name}:events`, 'processors', '0', 'MKSTREAM');
    for (let n = 0; n < 1001; n += 1) await client.xadd(stream, '*', 'data', `${n}`, 'event_type', 'created');
    await client.xreadgroup('GROUP', 'processors', 'gone', 'COUNT', 2, 'STREAMS', stream, '>');
    const ids = (await client.xrange(stream, '-', '+', 'COUNT', 2)).map(([id]) => id);
    const anHour = [...['IDLE', 3_600_000, 'RETRYCOUNT', 3], 'JUSTID'] as const;
    await client.xclaim(stream, 'processors', 'gone', 0, ...ids, ...anHour);

    expect((await qctl('config', 'validate')).code).toBe(0);
    expect(await qctl('maintain', '--yes')).toMatchObject({ code: 0, stderr: '' });
    expect(await client.xlen('opsconductor:dead_letter:events')).toBe(2);
    expect(await client.xpending(stream, 'processors')).toEqual([0, null, null, null]);

    expect((await qctl('alerts', 'run', '--once')).code).toBe(0);
    const { items } = JSON.parse((await qctl('alerts', 'list', '-o', 'json')).stdout);
    const states = items.map(({ rule, state }: { rule: string; state: string }) => [rule, state]);
    expect(Object.fromEntries(states)).toMatchObject({ deep: 'pending', 'redis-lost': 'ok' });
  } finally {
    client.disconnect();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
