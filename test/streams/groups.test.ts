import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { compareStreamIds } from '../../src/model/stream-id.ts';
import {
  createGroup,
  type GroupFacts,
  groupOf,
  lastDeliveredAt,
  parsePosition,
  planReset,
  removeGroup,
  requireFacts,
  resetGroup,
  type StreamFacts,
  streamSettings,
} from '../../src/streams/index.ts';
import { fillPending, pendingOf } from '../support/pending.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
let stream: string;
let old: boolean;
const call = (...words: (string | number)[]) => redis.client.call(...(words as [string]));
const limit = 1_000_000;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
  const probe = uniqueName('probe');
  await redis.client.xadd(probe, '*', 'a', 'b');
  old = (await requireFacts(redis, probe)).maxDeletedId === null;
});
afterAll(() => redis.close());
beforeEach(() => {
  stream = uniqueName('orders');
});

async function factsOf(group = 'workers'): Promise<[StreamFacts, GroupFacts]> {
  const facts = await requireFacts(redis, stream);
  return [facts, groupOf(facts, group, streamSettings({}, stream))];
}

async function add(...ids: string[]): Promise<void> {
  for (const id of ids) await call('XADD', stream, id, 'n', id);
}

/** What the group is given from now on. */
async function readOn(group = 'workers'): Promise<string[]> {
  const reply = (await call('XREADGROUP', 'GROUP', group, 'c', 'STREAMS', stream, '>')) as
    | [string, [string][]][]
    | null;
  return reply?.[0]?.[1].map(([id]) => id) ?? [];
}

const positionOf = async (group = 'workers') => (await factsOf(group))[1].lastDeliveredId;

describe('making a group', () => {
  test('it begins behind the id that it is given', async () => {
    await add('1-0', '2-0', '3-0');
    await createGroup(redis, stream, 'workers', { lastDeliveredId: '1-0', makeStream: false });
    expect(await readOn()).toEqual(['2-0', '3-0']);
  });

  test('one that exists is left as it is, and the error says what to do', async () => {
    await add('1-0');
    await createGroup(redis, stream, 'workers', { lastDeliveredId: '1-0', makeStream: false });
    const again = createGroup(redis, stream, 'workers', { lastDeliveredId: '0-0', makeStream: true });
    await expect(again).rejects.toMatchObject({
      kind: 'failed',
      code: 'GROUP_EXISTS',
      message: `stream ${stream} has a group workers already`,
      hint: [`'qctl group reset ${stream} workers' moves its position`, `'qctl group ls ${stream}' shows it`],
      details: { stream, group: 'workers' },
    });
    expect(await positionOf()).toBe('1-0');
  });

  test('no stream is made unless it is asked for', async () => {
    const make = (makeStream: boolean) =>
      createGroup(redis, stream, 'workers', { lastDeliveredId: '0-0', makeStream });
    await expect(make(false)).rejects.toMatchObject({ kind: 'failed', code: 'REDIS_NO_STREAM' });
    expect(await redis.client.exists(stream)).toBe(0);
    await make(true);
    expect(await positionOf()).toBe('0-0');
  });

  test('a key that is no stream is an error that says so', async () => {
    await redis.client.set(stream, 'text');
    const made = createGroup(redis, stream, 'workers', { lastDeliveredId: '0-0', makeStream: true });
    await expect(made).rejects.toMatchObject({ kind: 'target', code: 'REDIS_WRONG_TYPE' });
  });
});

describe('places', () => {
  const HOUR = 3_600_000;
  const at = async (text: string): Promise<string> => {
    const [facts] = await factsOf();
    return lastDeliveredAt(parsePosition(text, facts.timeMs), facts);
  };

  test('start, end, an id, a time and how long ago', async () => {
    const [seconds] = (await call('TIME')) as [string];
    const now = Number(seconds) * 1000;
    await add(`${now - 3 * HOUR}-0`, `${now - HOUR}-0`, `${now - HOUR}-1`);
    await call('XGROUP', 'CREATE', stream, 'workers', '0');
    expect(await at('start')).toBe('0-0');
    expect(await at('end')).toBe(`${now - HOUR}-1`);
    expect(await at(`${now - 3 * HOUR}-0`)).toBe(`${now - 3 * HOUR}-0`);
    const time = new Date(now - HOUR).toISOString();
    expect(await at(time)).toBe(`${now - HOUR - 1}-18446744073709551615`);
    await call('XGROUP', 'SETID', stream, 'workers', await at(time));
    expect(await readOn()).toEqual([`${now - HOUR}-0`, `${now - HOUR}-1`]);
    await call('XGROUP', 'SETID', stream, 'workers', await at('2h'));
    expect(await readOn()).toEqual([`${now - HOUR}-0`, `${now - HOUR}-1`]);
  });

  test('a time behind the last entry means what comes from then on, whatever ids that has', async () => {
    await add('1-0', '2-0');
    await call('XGROUP', 'CREATE', stream, 'workers', '0');
    await call('XGROUP', 'SETID', stream, 'workers', await at('10m'));
    await add('3-0');
    expect(await readOn()).toEqual(['3-0']);
  });

  test('a place ahead of the stream is refused: the group would miss what comes until then', async () => {
    await add('5-0');
    await call('XGROUP', 'CREATE', stream, 'workers', '0');
    await expect(at('5-1')).rejects.toMatchObject({
      kind: 'usage',
      code: 'BAD_POSITION',
      message: `5-1 lies ahead of the last id of ${stream}, 5-0`,
    });
    await expect(at('2199-01-01T00:00:00Z')).rejects.toMatchObject({
      kind: 'usage',
      code: 'BAD_POSITION',
      message: "2199-01-01T00:00:00.000Z lies ahead of the server's clock",
    });
    expect(await at('5-0')).toBe('5-0');
  });
});

describe('moving a group', () => {
  /** Redis' own lag; null where it knows none. */
  const reportedLag = async () => (await factsOf())[1].reportedLag;

  async function move(next: string) {
    const [facts, group] = await factsOf();
    const plan = await planReset(redis, facts, group, next, { limit });
    const prior = await resetGroup(redis, plan, facts);
    return { plan, prior };
  }

  test('back: says how many come again, what stays pending, and Redis goes on reporting the lag', async () => {
    await add('1-0', '2-0', '3-0', '4-0', '5-0');
    await call('XGROUP', 'CREATE', stream, 'workers', '0');
    await readOn();
    await call('XACK', stream, 'workers', '1-0', '2-0');
    const { plan, prior } = await move('2-0');
    expect(plan).toEqual({
      ...{ stream, group: 'workers', prior: '5-0', next: '2-0', again: 3, skipped: 0, atLeast: 3 },
      ...{ pending: 3, behind: 3 },
    });
    expect(prior).toBe('5-0');
    expect(await reportedLag()).toBe(old ? null : 3);
    expect((await pendingOf(redis.client, stream, 'workers')).map(({ id }) => id)).toEqual([
      '3-0',
      '4-0',
      '5-0',
    ]);
    expect(await readOn()).toEqual(['3-0', '4-0', '5-0']);
    expect(await reportedLag()).toBe(old ? null : 0);
  });

  test('ahead: says how many the group will never get', async () => {
    await add('1-0', '2-0', '3-0', '4-0');
    await call('XGROUP', 'CREATE', stream, 'workers', '0');
    const { plan, prior } = await move('3-0');
    expect(plan).toMatchObject({ prior: '0-0', next: '3-0', again: 0, skipped: 3, behind: 1 });
    expect(prior).toBe('0-0');
    expect(await reportedLag()).toBe(old ? null : 1);
    expect(await readOn()).toEqual(['4-0']);
  });

  test('nowhere: nothing comes again and nothing is skipped', async () => {
    await add('1-0', '2-0');
    await call('XGROUP', 'CREATE', stream, 'workers', '1-0');
    expect((await move('1-0')).plan).toMatchObject({ again: 0, skipped: 0, behind: 1 });
    expect(await reportedLag()).toBe(old ? null : 1);
  });

  test('entries that are added while it counts are no part of what Redis is told', async () => {
    await add('1-0', '2-0', '3-0');
    await call('XGROUP', 'CREATE', stream, 'workers', '0');
    const [facts, group] = await factsOf();
    await add('4-0', '5-0');
    const plan = await planReset(redis, facts, group, '1-0', { limit });
    expect(plan.behind).toBe(2);
    await resetGroup(redis, plan, facts);
    expect(await reportedLag()).toBe(old ? null : 4);
    expect(await readOn()).toEqual(['2-0', '3-0', '4-0', '5-0']);
  });

  test('the position that it really had is told, not the one that was planned with', async () => {
    await add('1-0', '2-0', '3-0');
    await call('XGROUP', 'CREATE', stream, 'workers', '0');
    const [facts, group] = await factsOf();
    const plan = await planReset(redis, facts, group, '1-0', { limit });
    await readOn();
    expect(await resetGroup(redis, plan, facts)).toBe('3-0');
  });

  test('a count that was ended says that it is not known, and Redis is told nothing wrong', async () => {
    await add('1-0', '2-0', '3-0', '4-0', '5-0', '6-0');
    await call('XGROUP', 'CREATE', stream, 'workers', '6-0');
    const [facts, group] = await factsOf();
    const plan = await planReset(redis, facts, group, '1-0', { limit: 2 });
    expect(plan).toMatchObject({ again: null, skipped: 0, atLeast: 2, behind: null });
    await resetGroup(redis, plan, facts);
    expect([null, 5]).toContain(await reportedLag());
  });

  test('a group that was deleted meanwhile is an error', async () => {
    await add('1-0');
    await call('XGROUP', 'CREATE', stream, 'workers', '0');
    const [facts, group] = await factsOf();
    const plan = await planReset(redis, facts, group, '1-0', { limit });
    await call('XGROUP', 'DESTROY', stream, 'workers');
    await expect(resetGroup(redis, plan, facts)).rejects.toMatchObject({
      kind: 'failed',
      code: 'REDIS_NOGROUP',
    });
  });

  test('whatever was trimmed or deleted, the plan comes true and the lag of Redis is right or unknown', async () => {
    const place = fc.integer({ min: 0, max: 14 });
    const shape = fc.record({
      added: fc.integer({ min: 1, max: 14 }),
      trimmed: fc.integer({ min: 0, max: 14 }),
      deleted: fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 4 }),
      from: place,
      to: place,
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ added, trimmed, deleted, from, to }) => {
        stream = uniqueName('reset');
        await add(...Array.from({ length: added }, (_, n) => `${n + 1}-0`));
        await call('XTRIM', stream, 'MINID', `${trimmed}-0`);
        for (const n of deleted) await call('XDEL', stream, `${n}-0`);
        const idOf = (n: number) => `${Math.min(n, added)}-0`;
        await call('XGROUP', 'CREATE', stream, 'workers', idOf(from));
        const left = ((await call('XRANGE', stream, '-', '+')) as [string][]).map(([id]) => id);
        const behind = (id: string) => left.filter((one) => compareStreamIds(one, id) > 0);
        const { plan } = await move(idOf(to));
        const moved = behind(idOf(to)).length - behind(idOf(from)).length;
        expect(plan).toMatchObject({
          again: Math.max(0, moved),
          skipped: Math.max(0, -moved),
          behind: behind(idOf(to)).length,
        });
        const right = behind(idOf(to)).length;
        const known = !old && deleted.length === 0;
        expect(known ? [right] : [null, right]).toContain(await reportedLag());
        expect(await readOn()).toEqual(behind(idOf(to)));
        await redis.client.del(stream);
      }),
      { numRuns: 150 },
    );
  });
});

describe('deleting a group', () => {
  test('with nothing pending it goes; one that was gone already says so', async () => {
    await add('1-0');
    await call('XGROUP', 'CREATE', stream, 'workers', '0');
    expect(await removeGroup(redis, stream, 'workers', 0)).toBe(0);
    expect((await requireFacts(redis, stream)).groups).toEqual([]);
    expect(await removeGroup(redis, stream, 'workers', 0)).toBeNull();
  });

  test('what is pending would be forgotten: it is refused, also where it came meanwhile, unless that many may go', async () => {
    await fillPending(redis.client, stream, 'workers', [
      { id: '1-0', consumer: 'a' },
      { id: '2-0', consumer: 'a' },
    ]);
    await expect(removeGroup(redis, stream, 'workers', 1)).rejects.toMatchObject({
      kind: 'refused',
      code: 'GROUP_PENDING',
      message: `group workers of ${stream} has 2 pending entries`,
      details: { stream, group: 'workers', pending: 2 },
    });
    expect((await factsOf())[1].pending).toBe(2);
    expect(await removeGroup(redis, stream, 'workers', 2)).toBe(2);
    expect((await requireFacts(redis, stream)).groups).toEqual([]);
  });
});
