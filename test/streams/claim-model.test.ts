import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { type ClaimReport, type ClaimRequest, claimPending, requireFacts } from '../../src/streams/index.ts';
import { entriesOf, fillPending, type PendingRow, pendingOf } from '../support/pending.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
/** Before Redis 7.0 there is no other way. */
let onlyLegacy: boolean;
const work = { signal: new AbortController().signal, waiting: () => undefined };

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
  const probe = uniqueName('probe');
  await redis.client.xadd(probe, '*', 'a', 'b');
  onlyLegacy = (await requireFacts(redis, probe)).maxDeletedId === null;
});
afterAll(() => redis.close());

/** So many entries that are gone are named; all are counted. */
const MOST_NAMED = 1000;

type Row = Required<Omit<PendingRow, 'fields'>>;
type Chosen = Pick<ClaimRequest, 'minIdleMs' | 'ids' | 'from' | 'maxDeliveries'>;

const row = fc.record({
  consumer: fc.constantFrom('a', 'b', 'worker'),
  idleMs: fc.constantFrom(0, 20_000, 100_000, 7_200_000),
  deliveries: fc.integer({ min: 1, max: 6 }),
  gone: fc.boolean(),
});

function rowsOf(minLength: number, maxLength: number): fc.Arbitrary<Row[]> {
  return fc
    .array(row, { minLength, maxLength })
    .map((all) => all.map((one, at) => ({ id: `${at + 1}-${at % 3}`, ...one })));
}

/** Given as often as not. */
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 1 });

const chosen: fc.Arbitrary<Chosen> = fc
  .record({
    minIdleMs: fc.constantFrom(0, 60_000, 3_600_000),
    ids: maybe(fc.array(fc.integer({ min: 1, max: 40 }).map((n) => `${n}-${(n - 1) % 3}`))),
    from: maybe(fc.constantFrom('a', 'b', 'nobody')),
    maxDeliveries: maybe(fc.integer({ min: 1, max: 7 })),
  })
  // Ids and an owner exclude each other.
  .map((one) => (one.ids ? { ...one, from: undefined } : one));

type Fate = 'claimed' | 'dead' | 'removed' | 'young';

/** What becomes of one entry. */
function fateOf(
  { idleMs, deliveries, gone }: Row,
  { minIdleMs, maxDeliveries = 99 }: Chosen,
  plain: boolean,
): Fate {
  const young = idleMs < minIdleMs;
  // XAUTOCLAIM, which serves the plain case, looks whether an entry is gone before it looks at its age.
  if (young && !(plain && gone)) return 'young';
  if (gone) return 'removed';
  return deliveries >= maxDeliveries ? 'dead' : 'claimed';
}

/** The whole claim as a list of fates; the order is that of the ids. */
function modelOf(rows: readonly Row[], request: Chosen) {
  const { ids, from, maxDeliveries } = request;
  const plain = !ids && from === undefined && maxDeliveries === undefined;
  const concerned = rows.filter(({ id, consumer }) =>
    ids ? ids.includes(id) : from === undefined || consumer === from,
  );
  const fates = new Map(concerned.map((one) => [one.id, fateOf(one, request, plain)]));
  const of = (fate: Fate) => rows.filter(({ id }) => fates.get(id) === fate).map(({ id }) => id);
  const left = rows.filter(({ id }) => fates.get(id) !== 'dead' && fates.get(id) !== 'removed');
  return {
    plain,
    claimed: of('claimed'),
    dead: of('dead'),
    removed: of('removed'),
    young: of('young').length,
    absent: new Set((ids ?? []).filter((id) => !fates.has(id))).size,
    pending: left.map(({ id, consumer, deliveries }) => [
      id,
      fates.get(id) === 'claimed' ? 'worker' : consumer,
      deliveries,
    ]),
  };
}

async function expectAsModel(rows: readonly Row[], request: Chosen, legacy: boolean): Promise<void> {
  const stream = uniqueName('model');
  const deadLetter = `${stream}:dead`;
  await fillPending(redis.client, stream, 'workers', rows);
  const whole = { stream, group: 'workers', to: 'worker', deadLetter, reason: 'r', legacy, ...request };
  const report = await claimPending(redis, whole, work);
  const model = modelOf(rows, request);
  const expected: ClaimReport = {
    ...{ stream, group: 'workers', to: 'worker' },
    ...{ claimed: model.claimed.length, deadLettered: model.dead.length },
    deadLetter: request.maxDeliveries === undefined ? null : deadLetter,
    ...{
      removed: model.removed.length,
      removedIds: model.removed.slice(0, MOST_NAMED),
      kept: 0,
      keptIds: [],
    },
    ...{ tooYoung: model.plain && !legacy ? null : model.young, notPending: model.absent },
    ...{ stopped: false, ownerAlive: false, failure: null },
  };
  expect(report).toEqual(expected);
  const pending = await pendingOf(redis.client, stream, 'workers');
  expect(pending.map(({ id, consumer, deliveries }) => [id, consumer, deliveries])).toEqual(model.pending);
  const letters = await entriesOf(redis.client, deadLetter);
  const bodies = letters.map(({ fields }) => String(fields.at(-1)));
  expect([...bodies].sort()).toEqual(model.dead.map((id) => `b${id}`).sort());
  const letterIds = letters.map(({ fields }) => String(fields[7]));
  expect(letterIds.map((id) => `b${id}`)).toEqual(bodies);
  await redis.client.del(stream, deadLetter);
}

test('whatever is pending and whatever is asked for, a claim does what its rules say, the same on every server', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf(0, 30), chosen, async (rows, request) => {
      for (const legacy of onlyLegacy ? [true] : [false, true]) await expectAsModel(rows, request, legacy);
    }),
    { numRuns: 200 },
  );
});

test('the same over many pages', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf(990, 2100), chosen, async (rows, request) => {
      for (const legacy of onlyLegacy ? [true] : [false, true]) await expectAsModel(rows, request, legacy);
    }),
    // So many rows are not shrunk in any useful time; the seed is printed.
    { numRuns: 24, endOnFailure: true },
  );
});
