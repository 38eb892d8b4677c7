import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type GroupFacts,
  groupOf,
  type PendingFilter,
  type PendingReport,
  readPending,
  requireFacts,
  type StreamFacts,
  scanPending,
  streamSettings,
} from '../../src/streams/index.ts';
import { consumersOf, fillPending, type PendingRow, pendingOf } from '../support/pending.ts';
import { startTcpProxy } from '../support/proxy.ts';
import { startRedis } from '../support/redis.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
let stream: string;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());
beforeEach(() => {
  stream = uniqueName('orders');
});

async function factsOf(name = stream): Promise<[StreamFacts, GroupFacts]> {
  const facts = await requireFacts(redis, name);
  return [facts, groupOf(facts, 'workers', streamSettings({}, name))];
}

async function look(filter: PendingFilter = {}, options: { limit?: number; bodies?: boolean } = {}) {
  return readPending(redis, ...(await factsOf()), filter, { limit: 10, ...options });
}

/** Without the times that go on while a test runs. */
function still({ consumers, entries, ...report }: PendingReport) {
  return {
    ...report,
    consumers: consumers.map(({ consumer, pending }) => ({ consumer, pending })),
    entries: entries.map(({ idleMs, ...entry }) => ({
      ...entry,
      idle: Math.floor(idleMs / 10_000) * 10_000,
    })),
  };
}

test('totals, spans, who holds what, and the oldest entries; a message that was trimmed away is shown as such', async () => {
  await fillPending(redis.client, stream, 'workers', [
    { id: '1-0', consumer: 'a', idleMs: 90_000_000, deliveries: 12, gone: true },
    { id: '2-0', consumer: 'b', idleMs: 70_000, deliveries: 3, fields: ['body', 'äöü', 'x', ''] },
    { id: '3-0', consumer: 'a', idleMs: 20_000, deliveries: 1 },
    { id: '4-0', consumer: 'a', idleMs: 400_000, deliveries: 2 },
  ]);
  expect(still(await look({}, { limit: 3 }))).toEqual({
    stream,
    group: 'workers',
    pending: 4,
    consumers: [
      { consumer: 'a', pending: 3 },
      { consumer: 'b', pending: 1 },
    ],
    matching: 4,
    idle: [
      { atMost: 60_000, count: 1 },
      { atMost: 300_000, count: 1 },
      { atMost: 3_600_000, count: 1 },
      { atMost: 86_400_000, count: 0 },
      { atMost: null, count: 1 },
    ],
    deliveries: [
      { atMost: 1, count: 1 },
      { atMost: 2, count: 1 },
      { atMost: 3, count: 1 },
      { atMost: 5, count: 0 },
      { atMost: 10, count: 0 },
      { atMost: null, count: 1 },
    ],
    entries: [
      {
        ...{ id: '1-0', consumer: 'a', idle: 90_000_000, ageMs: null, deliveries: 12 },
        ...{ gone: true, payloadBytes: null, fields: null },
      },
      {
        ...{ id: '2-0', consumer: 'b', idle: 70_000, ageMs: null, deliveries: 3 },
        ...{ gone: false, payloadBytes: 11, fields: null },
      },
      {
        ...{ id: '3-0', consumer: 'a', idle: 20_000, ageMs: null, deliveries: 1 },
        ...{ gone: false, payloadBytes: 8, fields: null },
      },
    ],
  });
});

test('bodies byte for byte, of 1 MB too; of a message that is gone there is none', async () => {
  const binary = Buffer.from([0, 255, 10, 128]);
  const large = Buffer.alloc(1_000_000, 7);
  await fillPending(redis.client, stream, 'workers', [
    { id: '1-0', consumer: 'a', fields: ['body', large, 'x', binary, 'x', 'again', '', ''] },
    { id: '2-0', consumer: 'a', gone: true },
  ]);
  const { entries } = await look({}, { bodies: true });
  const fields = entries[0]!.fields!;
  expect(fields.map(([name, value]) => [String(name), value.length])).toEqual([
    ['body', 1_000_000],
    ['x', 4],
    ['x', 5],
    ['', 0],
  ]);
  expect(fields[0]![1].equals(large)).toBe(true);
  expect(fields[1]![1]).toEqual(binary);
  expect(entries[0]).toMatchObject({ gone: false, payloadBytes: 1_000_015 });
  expect(entries[1]).toMatchObject({ gone: true, payloadBytes: null, fields: null });
});

test('ages are told by the clock of the server', async () => {
  const [seconds] = (await redis.client.call('TIME')) as [string];
  await fillPending(redis.client, stream, 'workers', [
    { id: `${(Number(seconds) - 7200) * 1000}-0`, consumer: 'a' },
  ]);
  const { entries } = await look();
  expect(entries[0]!.ageMs).toBeGreaterThanOrEqual(7_200_000);
  expect(entries[0]!.ageMs).toBeLessThan(7_230_000);
});

test('nothing pending: an empty report, and a stream that is empty likewise', async () => {
  await redis.client.call('XGROUP', 'CREATE', stream, 'workers', '0', 'MKSTREAM');
  const { idle, deliveries, ...report } = await look();
  expect(report).toEqual({ stream, group: 'workers', pending: 0, consumers: [], matching: 0, entries: [] });
  expect([...idle, ...deliveries].every(({ count }) => count === 0)).toBe(true);
});

test('looking changes nothing: neither idle times nor delivery counts nor consumers', async () => {
  await fillPending(redis.client, stream, 'workers', [
    { id: '1-0', consumer: 'a', idleMs: 5_000_000, deliveries: 4 },
    { id: '2-0', consumer: 'b', gone: true },
  ]);
  const before = await pendingOf(redis.client, stream, 'workers');
  await look({}, { bodies: true });
  await look({ consumer: 'nobody' });
  const after = await pendingOf(redis.client, stream, 'workers');
  expect(after.map(({ idleMs: _, ...row }) => row)).toEqual(before.map(({ idleMs: _, ...row }) => row));
  expect(after[0]!.idleMs).toBeGreaterThanOrEqual(before[0]!.idleMs);
  expect(await consumersOf(redis.client, stream, 'workers')).toEqual(['a', 'b']);
});

const row = fc.record({
  consumer: fc.constantFrom('a', 'b'),
  idleMs: fc.constantFrom(10, 40_000, 200_000, 2_000_000, 20_000_000, 100_000_000),
  deliveries: fc.integer({ min: 1, max: 14 }),
});
const filter = fc.record({
  consumer: fc.constantFrom(undefined, 'a', 'b', 'nobody'),
  minIdleMs: fc.constantFrom(undefined, 0, 100_000, 10_000_000),
  minDeliveries: fc.constantFrom(undefined, 1, 2, 7),
});

test.each([
  ['of one page', 0, 30, 60],
  ['of many pages', 950, 2100, 10],
])(
  'lists %s are counted as going through them one by one would',
  async (_, minLength, maxLength, numRuns) => {
    const lists = fc.array(row, { minLength, maxLength });
    await fc.assert(
      fc.asyncProperty(lists, filter, fc.integer({ min: 0, max: 1200 }), async (list, wanted, limit) => {
        const name = uniqueName('scan');
        const rows: PendingRow[] = list.map((one, at) => ({ id: `${at + 1}-0`, ...one }));
        await fillPending(redis.client, name, 'workers', rows);
        const scan = await scanPending(redis, name, 'workers', wanted, { limit });
        const { consumer, minIdleMs = 0, minDeliveries = 0 } = wanted;
        const owned = rows.filter((one) => consumer === undefined || one.consumer === consumer);
        const matching = owned.filter((one) => one.idleMs! >= minIdleMs && one.deliveries! >= minDeliveries);
        const counts = (bounds: number[], value: (one: PendingRow) => number) =>
          [...bounds, null].map((atMost, at) => ({
            atMost,
            count: matching.filter(
              (one) => value(one) > (bounds[at - 1] ?? -1) && value(one) <= (atMost ?? 1e12),
            ).length,
          }));
        expect({ ...scan, first: scan.first.map(([id, owner, , times]) => [id, owner, times]) }).toEqual({
          seen: owned.length,
          matching: matching.length,
          idle: counts([60_000, 300_000, 3_600_000, 86_400_000], (one) => one.idleMs!),
          deliveries: counts([1, 2, 3, 5, 10], (one) => one.deliveries!),
          first: matching.slice(0, limit).map((one) => [one.id, one.consumer, one.deliveries]),
        });
        await redis.client.del(name);
      }),
      { numRuns },
    );
  },
);

test('connections that are cut meanwhile: every entry is counted once', async () => {
  const server = await startRedis();
  const proxy = await startTcpProxy(server.port);
  const [direct, through] = [
    await connectRedis({ url: server.url }),
    await connectRedis({ url: `redis://127.0.0.1:${proxy.port}` }),
  ];
  try {
    const rows = Array.from({ length: 5500 }, (_, at) => ({ id: `${at + 1}-0`, consumer: 'a' }));
    await fillPending(direct.client, stream, 'workers', rows);
    const scan = await scanPending(through, stream, 'workers', {}, { onPage: () => proxy.cut() });
    expect(proxy.accepted).toBeGreaterThan(5);
    expect(scan).toMatchObject({ seen: 5500, matching: 5500 });
  } finally {
    await Promise.all([direct.close(), through.close()]);
    await proxy.stop();
    await server.stop();
  }
});
