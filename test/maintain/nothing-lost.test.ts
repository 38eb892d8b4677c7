import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StreamConfig } from '../../src/config/schema.ts';
import { PARTS, type Part } from '../../src/maintain/index.ts';
import { putAside } from '../support/delayed.ts';
import { entriesOf, fillPending, pendingOf } from '../support/pending.ts';
import { useMaintained } from './driver.ts';

const own = useMaintained();
const call = (...words: (string | number)[]) => own.redis.client.call(...(words as [string]));
const DAY = 86_400_000;
const GROUPS = ['workers', 'slow'];

/** One entry: how old, and how each group stands to it. */
const entry = fc.record({
  ageDays: fc.integer({ min: 0, max: 6 }),
  workers: fc.constantFrom('acknowledged', 'pending', 'often', 'young'),
  deliveries: fc.integer({ min: 1, max: 5 }),
});

const world = fc.record({
  entries: fc.array(entry, { maxLength: 25 }),
  /** So many of the entries the second group was not given yet. */
  behind: fc.integer({ min: 0, max: 25 }),
  deadGroup: fc.boolean(),
  letters: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 6 }),
  scheduled: fc.integer({ min: 0, max: 5 }),
  alive: fc.boolean(),
  parts: fc.subarray([...PARTS]),
  maxLen: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
  maxAgeDays: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  maxDeliveries: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  ttlDays: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  group: fc.option(fc.constantFrom(...GROUPS), { nil: undefined }),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

/** Bodies are unique over all streams, so that each can be followed wherever it goes. */
async function build({ entries, behind, deadGroup, letters, scheduled, alive }: World): Promise<void> {
  const now = Date.now();
  const sorted = [...entries].sort((a, b) => b.ageDays - a.ageDays);
  const ids = sorted.map(({ ageDays }, at) => `${now - ageDays * DAY - 1000 + at}-0`);
  const rows = sorted.map(({ workers, deliveries }, at) => ({
    id: ids[at]!,
    consumer: at % 2 === 0 ? 'dead' : 'gone',
    deliveries,
    idleMs: workers === 'young' ? 0 : 3_600_000,
    fields: ['body', `body ${at}`],
  }));
  await fillPending(own.redis.client, 'orders', 'workers', rows);
  for (const [at, { workers }] of sorted.entries())
    if (workers === 'acknowledged') await call('XACK', 'orders', 'workers', ids[at]!);
  const last = ids[ids.length - 1 - behind] ?? '0-0';
  await call('XGROUP', 'CREATE', 'orders', 'slow', last);
  if (alive) await call('XREADGROUP', 'GROUP', 'workers', 'alive', 'STREAMS', 'orders', '0');
  const died = [...letters].sort((a, b) => b - a);
  for (const [at, days] of died.entries())
    await call('XADD', 'orders:dead', `${now - days * DAY - 1000 + at}-0`, 'body', `letter ${at}`);
  if (deadGroup) await call('XGROUP', 'CREATE', 'orders:dead', 'undertaker', '0', 'MKSTREAM');
  const later = Array.from({ length: scheduled }, (_, at) => ({
    id: `${at}`,
    dueMs: 1000,
    body: `later ${at}`,
  }));
  await putAside(own.redis.client, 'orders', later);
}

async function bodiesOf(stream: string): Promise<Map<string, string>> {
  const entries = await entriesOf(own.redis.client, stream);
  return new Map(
    entries.map(({ id, fields }) => [id, String(fields[fields.findIndex((f) => String(f) === 'body') + 1])]),
  );
}

/** What a group has not finished: pending with somebody, or not given to it yet. */
async function unfinished(stream: string, group: string): Promise<Set<string>> {
  const bodies = await bodiesOf(stream);
  const rows = (await call('XINFO', 'GROUPS', stream).catch(() => [])) as unknown[][];
  const row = rows.find(([, name]) => name === group);
  if (!row) return new Set();
  const last = String(row[row.indexOf('last-delivered-id') + 1]);
  const behind = (await call('XRANGE', stream, `(${last}`, '+')) as [string][];
  const pending = (await pendingOf(own.redis.client, stream, group)).map(({ id }) => id);
  const ids = [...pending, ...behind.map(([id]) => id)];
  return new Set(ids.flatMap((id) => bodies.get(id) ?? []));
}

const settingsOf = ({ maxLen, maxAgeDays, maxDeliveries, ttlDays, group }: World): StreamConfig => ({
  ...{ maxLen, maxDeliveries, group },
  maxAge: maxAgeDays === undefined ? undefined : maxAgeDays * DAY,
  deadLetterTtl: ttlDays === undefined ? undefined : ttlDays * DAY,
});

test('whatever parts are on and whatever is configured, nothing is lost that somebody has not finished', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (one) => {
      await own.redis.client.flushall();
      await build(one);
      const before = await Promise.all(GROUPS.map((group) => unfinished('orders', group)));
      const undertaker = await unfinished('orders:dead', 'undertaker');
      const report = await own.run(one.parts as Part[], { orders: settingsOf(one) }, { reapAfterMs: 1 });
      const failures = report.streams.flatMap(({ failure }) => failure ?? []);
      // Of two groups one has to be named.
      expect(failures.filter(({ code }) => code !== 'GROUP_UNNAMED')).toEqual([]);
      const dead = new Set((await bodiesOf('orders:dead')).values());
      for (const [at, group] of GROUPS.entries()) {
        const after = await unfinished('orders', group);
        const lost = [...before[at]!].filter((body) => !after.has(body) && !dead.has(body));
        expect(lost, `of ${group}`).toEqual([]);
      }
      const still = await unfinished('orders:dead', 'undertaker');
      expect([...undertaker].filter((body) => !still.has(body))).toEqual([]);
      if (one.parts.includes('scheduled') && !one.parts.includes('trim')) {
        const bodies = new Set((await bodiesOf('orders')).values());
        for (let at = 0; at < one.scheduled; at += 1) expect(bodies).toContain(`later ${at}`);
      }
    }),
    { numRuns: 60 },
  );
});
