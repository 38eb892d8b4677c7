import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packRows } from '../../src/model/packed.ts';
import { RedisStreamSink } from '../../src/sinks/index.ts';
import type { Entries } from '../../src/transform/pack.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: Redis;
beforeAll(() => {
  redis = new Redis(sharedRedisUrl());
});
afterAll(() => redis.disconnect());

const NOTHING = packRows([], []);

function entriesFor(ids: string[], bad: string[]): Entries {
  const rows = (list: string[]) =>
    packRows(
      [],
      list.map((id) => ['id', id, 'body', `body of ${id}`]),
    );
  return {
    rows: rows(ids),
    ids,
    keys: null,
    quarantined: bad.length > 0 ? rows(bad) : NOTHING,
    quarantinedIds: bad,
    bytes: 1,
    count: ids.length + bad.length,
  };
}

function sinkOn(stream: string, partitions: number, run = stream): RedisStreamSink {
  return new RedisStreamSink({
    client: redis,
    label: 'test',
    stream,
    partitions,
    run,
    ledgerRun: stream,
    constants: ['run', run],
    durability: { kind: 'memory' },
    windowMs: 3_600_000,
    patience: { waiting: () => {}, signal: new AbortController().signal },
    targetNow: () => Date.now(),
  });
}

const mark = (deadlineMs = Date.now() + 60_000) => ({ kind: 'ledger' as const, deadlineMs });

async function idsOf(stream: string, partitions: number): Promise<string[]> {
  const keys = partitions === 1 ? [stream] : Array.from({ length: partitions }, (_, p) => `${stream}:{${p}}`);
  const parts = await Promise.all(keys.map((key) => redis.xrange(key, '-', '+')));
  return parts.flat().map(([, fields]) => fields[1]!);
}

const id = fc.integer({ min: 0, max: 15 }).map((n) => `m${n}`);
const batch = fc.record({
  what: fc.constant('append' as const),
  /** Which of several processes does it. */
  by: fc.nat(2),
  ids: fc.array(id, { minLength: 1, maxLength: 6 }),
  bad: fc.array(id, { maxLength: 2 }),
});
const confirm = fc.record({
  what: fc.constant('confirm' as const),
  by: fc.nat(2),
  ids: fc.array(id, { minLength: 1, maxLength: 6 }),
  bad: fc.constant([]),
});
const late = fc.record({
  what: fc.constant('late' as const),
  by: fc.nat(2),
  ids: fc.array(id, { minLength: 1, maxLength: 6 }),
  bad: fc.constant([]),
});

test.each([1, 3])(
  'however appends, redeliveries and deletes follow one another, each id stands in the target once (%d partitions)',
  async (partitions) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(batch, batch, confirm, late), { maxLength: 25 }), async (steps) => {
        const stream = uniqueName('ledger');
        const sinks = [0, 1, 2].map(() => sinkOn(stream, partitions));
        /** The model: what is in the stream, in quarantine, and of both not yet confirmed. */
        const streamed = new Set<string>();
        const quarantined = new Set<string>();
        const open = new Set<string>();
        for (const { what, by, ids, bad } of steps) {
          const sink = sinks[by]!;
          if (what === 'confirm') {
            const known = ids.filter((one) => streamed.has(one) || quarantined.has(one));
            const held = await heldOf(sink, known);
            const gone = new Set(known.filter((one) => open.has(one)));
            expect(await sink.confirm(held, new Set(known))).toEqual({ settled: gone.size, unknown: [] });
            for (const one of gone) open.delete(one);
            continue;
          }
          if (what === 'late') {
            const result = await sink.append(entriesFor(ids, []), mark(Date.now() - 5_000));
            expect(result).toMatchObject({ expired: true, appended: 0, suppressed: 0 });
            continue;
          }
          const badOnly = bad.filter((one) => !ids.includes(one));
          const result = await sink.append(entriesFor(ids, badOnly), mark());
          const isNew = (one: string) => !streamed.has(one) && !quarantined.has(one);
          const fresh = new Set(ids.filter(isNew));
          const freshBad = new Set(badOnly.filter(isNew));
          expect(result).toMatchObject({
            expired: false,
            appended: fresh.size,
            quarantined: freshBad.size,
            suppressed: ids.length + badOnly.length - fresh.size - freshBad.size,
          });
          for (const one of fresh) streamed.add(one);
          for (const one of freshBad) quarantined.add(one);
          for (const one of [...fresh, ...freshBad]) open.add(one);
        }
        expect((await idsOf(stream, partitions)).sort()).toEqual([...streamed].sort());
        let stillOpen = 0;
        for (const keys of sinks[0]!.streams) stillOpen += await redis.hlen(keys.ledger(stream));
        expect(stillOpen).toBe(open.size);
      }),
      { numRuns: 60 },
    );
  },
);

/** How the ids lie over the partitions; appending them again shows it and must change nothing. */
async function heldOf(sink: RedisStreamSink, ids: string[]) {
  const unique = [...new Set(ids)];
  if (unique.length === 0) return [];
  const result = await sink.append(entriesFor(unique, []), mark());
  expect(result.appended).toBe(0);
  return result.held;
}

test('a message that is delivered again after its delete is suppressed by the next run as well', async () => {
  const stream = uniqueName('next');
  const first = sinkOn(stream, 1);
  const { held } = await first.append(entriesFor(['a', 'b'], []), mark());
  await first.confirm(held, new Set(['a']));
  const second = sinkOn(stream, 1, 'second');
  expect(await second.append(entriesFor(['a', 'b', 'c'], []), mark())).toMatchObject({
    appended: 1,
    suppressed: 2,
  });
  expect(await idsOf(stream, 1)).toEqual(['a', 'b', 'c']);
});
