import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fillPending, pendingOf } from '../support/pending.ts';
import { startSentinel, type TestSentinel } from '../support/redis-topologies.ts';
import { runCommand } from './run-command.ts';

let sentinel: TestSentinel;
beforeAll(async () => {
  sentinel = await startSentinel();
});
afterAll(() => sentinel.stop());

async function run(line: string): Promise<unknown> {
  const { name, sentinels } = sentinel;
  const nodes = sentinels.map(({ host, port }) => `${host}:${port}`).join(', ');
  const redis = `{ sentinel: { name: ${name}, hosts: [${nodes}] } }`;
  const streams = '{ orders: { group: workers, maxDeliveries: 3, claimTo: alive } }';
  const config = `profiles: { s: { redis: ${redis}, streams: ${streams} } }\nprofile: s\n`;
  const argv = [...line.split(' '), '-o', 'json', '--quiet'];
  const { code, stdout, stderr } = await runCommand(argv, { url: '', config });
  expect({ line, code, stderr }).toEqual({ line, code: 0, stderr: '' });
  return JSON.parse(stdout);
}

async function onPrimary<T>(action: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(await sentinel.currentPort(), '127.0.0.1');
  return action(client).finally(() => client.disconnect());
}

const LATE = 9_000_000_000_000;

/** Deliveries of the last one are too many. */
const fill = (first: number) =>
  onPrimary(async (client) => {
    await fillPending(client, 'orders', 'workers', [
      { id: `${first}-0`, consumer: 'dead' },
      { id: `${first + 1}-0`, consumer: 'alive', idleMs: 0 },
      { id: `${first + 2}-0`, consumer: 'dead', deliveries: 3 },
    ]);
    // What is not copied yet is lost at a failover.
    await client.wait(1, 10_000);
  });

test('behind Sentinel all verbs find the primary, before a failover and after it', async () => {
  // A replayed entry gets the time as its id: behind that the next ones have to be.
  for (const first of [1, LATE]) {
    await fill(first);
    const waiting = { stream: 'orders', group: 'workers', pending: first === 1 ? 3 : 5 };
    expect(await run('pending orders')).toMatchObject({ type: 'pending', ...waiting });
    expect(await run('claim orders --min-idle 5m --yes')).toMatchObject({ claimed: 1, deadLettered: 1 });
    expect(await run('dlq replay orders --all --yes')).toMatchObject({ replayed: 1, left: 0 });
    const reaped = await run('consumer reap orders --consumer dead --min-idle 0s --yes');
    expect(reaped).toMatchObject({ items: [{ consumer: 'dead', outcome: 'deleted' }] });
    expect(await run('stream ls orders')).toMatchObject({ items: [{ stream: 'orders', groups: 1 }] });
    expect(await run('check pending orders -w 100 -c 200')).toMatchObject({ status: 'ok' });
    expect(await run('check redis')).toMatchObject({ check: 'redis' });
    await onPrimary((client) => client.wait(1, 10_000));
    if (first === 1) await sentinel.failover();
  }
  const left = await onPrimary((client) => pendingOf(client, 'orders', 'workers'));
  expect(left.map(({ id, consumer }) => [id, consumer])).toEqual([
    ['1-0', 'alive'],
    ['2-0', 'alive'],
    [`${LATE}-0`, 'alive'],
    [`${LATE + 1}-0`, 'alive'],
  ]);
});
