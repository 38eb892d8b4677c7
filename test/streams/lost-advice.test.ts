import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { type GroupFacts, requireFacts, type StreamFacts } from '../../src/streams/index.ts';
import { adviseOnLoss, mostLost } from '../../src/streams/lost-advice.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
const call = (...words: (string | number)[]) => redis.client.call(...(words.map(String) as [string]));
beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

/** 100 entries, 1-0 to 100-0, trimmed to the last 20 when the group had read ten. */
const facts: StreamFacts = {
  stream: 's',
  timeMs: 0,
  length: 20,
  firstId: '81-0',
  lastId: '100-0',
  lastGeneratedId: '100-0',
  maxDeletedId: '0-0',
  entriesAdded: 100,
  memoryBytes: null,
  groups: [],
};
const group: GroupFacts = {
  group: 'g',
  consumers: 1,
  pending: 0,
  lastDeliveredId: '10-0',
  entriesRead: 10,
  reportedLag: 20,
  oldestPendingId: null,
};
const textOf = (someFacts: Partial<StreamFacts>, someGroup: Partial<GroupFacts>) =>
  adviseOnLoss({ ...facts, ...someFacts }, { ...group, ...someGroup }).map(({ text }) => text);

describe('entries that were trimmed before a group got them', () => {
  test('are named, with who could be the reason', () => {
    expect(adviseOnLoss(facts, group)).toEqual([
      {
        level: 'warning',
        code: 'UNDELIVERED_TRIMMED',
        text: 'up to 70 entries were trimmed before group g got them',
        remedy: "see who trims the stream; 'qctl stream trim s' leaves what a group still needs",
      },
    ]);
  });

  const some = (count: string, what = 'them') => [`up to ${count} before group g got ${what}`];
  test.each<[string, Partial<StreamFacts>, Partial<GroupFacts>, string[]]>([
    [
      'some may have been deleted one by one',
      { maxDeletedId: '40-0' },
      {},
      some('70 entries were trimmed or deleted'),
    ],
    [
      'the whole stream was trimmed',
      { length: 0, firstId: null, lastId: null },
      {},
      some('90 entries were trimmed'),
    ],
    ['it is only one', { length: 89, firstId: '12-0' }, {}, some('1 entry was trimmed', 'it')],
    ['it got all that was trimmed', { length: 90, firstId: '11-0' }, {}, []],
    [
      'it got everything, and nothing is left',
      { length: 0, firstId: null, lastId: null },
      { entriesRead: 100 },
      [],
    ],
    ['it has read on since', {}, { lastDeliveredId: '81-0', entriesRead: 11 }, []],
    ['Redis does not know what it read', {}, { entriesRead: null }, []],
    ['Redis does not know what was added', { entriesAdded: null, maxDeletedId: null }, {}, []],
    ['Redis was told that it read more than there was', {}, { entriesRead: 1000 }, []],
  ])('where %s', (_, someFacts, someGroup, texts) => {
    expect(textOf(someFacts, someGroup)).toEqual(texts);
  });
});

describe('pending entries whose messages were trimmed away', () => {
  test.each<[string | null, Partial<StreamFacts>, boolean]>([
    ['9-0', {}, true],
    ['80-5', {}, true],
    ['81-0', {}, false],
    [null, {}, false],
    ['100-0', { length: 0, firstId: null, lastId: null }, true],
  ])('the oldest being %s', (oldestPendingId, someFacts, gone) => {
    const one = { ...group, entriesRead: null, pending: oldestPendingId === null ? 0 : 3, oldestPendingId };
    const finding = {
      level: 'warning',
      code: 'PENDING_TRIMMED',
      text: 'group g: the oldest pending entries were trimmed away',
      remedy: "'qctl pending s g' shows which",
    };
    expect(adviseOnLoss({ ...facts, ...someFacts }, one)).toEqual(gone ? [finding] : []);
  });
});

type Step = { kind: 'add' | 'read' | 'trim' | 'delete'; n: number };
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('add', 'add', 'read', 'trim', 'trim', 'delete'),
  n: fc.integer({ min: 1, max: 12 }),
});

/** What really happened to the entries of a stream, beside Redis. */
class Model {
  entries: number[] = [];
  added = 0;
  position = 0;
  /** Removed before they were delivered. */
  lost = 0;

  remove(ids: readonly number[]): void {
    this.lost += ids.filter((id) => id > this.position).length;
    this.entries = this.entries.filter((id) => !ids.includes(id));
  }
}

test('whatever was added, read, trimmed and deleted, no more entries are named than a group lost, and no fewer than since it last read', async () => {
  const known = (await call('INFO', 'server')) as string;
  if (/redis_version:6/.test(known)) return;
  let named = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
      const stream = uniqueName('lost');
      const model = new Model();
      await call('XGROUP', 'CREATE', stream, 'g', '0', 'MKSTREAM');
      let lostAtRead = 0;
      for (const { kind, n } of steps) {
        if (kind === 'add') {
          for (let at = 0; at < n; at += 1) {
            model.added += 1;
            model.entries.push(model.added);
            await call('XADD', stream, `${model.added}-0`, 'n', 1);
          }
        } else if (kind === 'read') {
          const behind = model.entries.filter((id) => id > model.position).slice(0, n);
          await call('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', n, 'NOACK', 'STREAMS', stream, '>');
          if (behind.length > 0) lostAtRead = model.lost;
          model.position = behind.at(-1) ?? model.position;
        } else if (kind === 'trim') {
          model.remove(model.entries.slice(0, Math.max(0, model.entries.length - n)));
          await call('XTRIM', stream, 'MAXLEN', n);
        } else if (model.entries.length > 0) {
          const id = model.entries[n % model.entries.length]!;
          model.remove([id]);
          await call('XDEL', stream, `${id}-0`);
        }
      }
      const found = await requireFacts(redis, stream);
      const most = mostLost(found, found.groups[0]!);
      await call('DEL', stream);
      if (most === null) return;
      named += most > 0 ? 1 : 0;
      expect(most).toBeLessThanOrEqual(model.lost);
      expect(most).toBeGreaterThanOrEqual(model.lost - lostAtRead);
    }),
    { numRuns: 300 },
  );
  expect(named).toBeGreaterThan(10);
});
