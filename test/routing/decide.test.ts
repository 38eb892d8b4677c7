import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BUCKETS,
  bucketOf,
  DEFAULT_RULES,
  decide,
  type Route,
  type RouteRules,
  type Side,
} from '../../src/routing/index.ts';

const VECTORS = JSON.parse(
  readFileSync(new URL('../../docs/routing-vectors.json', import.meta.url), 'utf8'),
) as {
  buckets: { name: string; seed?: string; key: string; bucket: number }[];
  decisions: { route: Route; key: string | null; type: string | null; now: string; load: number | null }[];
};
const NOON = Date.UTC(2026, 10, 22, 12);

function route(rules: Partial<RouteRules>, name = 'orders'): Route {
  const nobody = { version: 1, changedBy: null, changedAt: null, reason: null };
  return { name, ...DEFAULT_RULES, ...nobody, ...rules };
}

const sideOf = (rules: Partial<RouteRules>, key?: string, more: object = {}): Side =>
  decide(route(rules), { key, now: NOON, ...more }).side;

/** Chi-square of counts that should all be the same, in standard deviations from what chance gives. */
function deviation(counts: number[], total: number): number {
  const expected = total / counts.length;
  const sum = counts.reduce((all, count) => all + (count - expected) ** 2 / expected, 0);
  const degrees = counts.length - 1;
  return (sum - degrees) / Math.sqrt(2 * degrees);
}

describe('the bucket of a key', () => {
  test('is what other languages find: sha1sum of "orders:42" begins with these digits', () => {
    // printf orders:42 | sha1sum | cut -c1-8
    expect(bucketOf('orders', '42')).toBe(0x0fa47539 % BUCKETS);
  });

  test('is the same as in the published vectors', () => {
    for (const { name, key, seed, bucket } of VECTORS.buckets) expect(bucketOf(name, key, seed)).toBe(bucket);
    for (const { route, key, type, now, load, ...expected } of VECTORS.decisions) {
      expect(decide(route, { key, type, now: Date.parse(now), load })).toMatchObject(expected);
    }
  });

  test.each([
    ['numbers that go up', (at: number) => String(at)],
    ['short words', (at: number) => at.toString(36)],
    ['ids with a long common part', (at: number) => `customer-0000000-${at}`],
    ['padded numbers', (at: number) => String(at).padStart(12, '0')],
  ])('is shared out evenly over %s', (_what, keyOf) => {
    for (const name of ['orders', 'a', 'webhook-events']) {
      const counts = Array<number>(100).fill(0);
      for (let at = 0; at < 8_000; at += 1) counts[Math.floor(bucketOf(name, keyOf(at)) / 100)]! += 1;
      // Six: once in many millions by chance; keys are fixed, so that it passes always or never.
      expect(Math.abs(deviation(counts, 8_000))).toBeLessThan(6);
    }
  });

  test.each([
    ['another route', (key: string) => bucketOf('orders-2', key)],
    ['a second split with a seed', (key: string) => bucketOf('orders', key, 'sample')],
  ])('says nothing of the bucket in %s', (_what, other) => {
    const cells = Array<number>(100).fill(0);
    for (let at = 0; at < 8_000; at += 1) {
      const own = Math.floor(bucketOf('orders', String(at)) / 1000);
      cells[own * 10 + Math.floor(other(String(at)) / 1000)]! += 1;
    }
    expect(Math.abs(deviation(cells, 8_000))).toBeLessThan(6);
  });
});

describe('the percentage', () => {
  const percent = fc.integer({ min: 0, max: BUCKETS }).map((below) => below / 100);

  test('never moves a key back to the old side as it rises', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), percent, percent, (key, one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        return sideOf({ percent: low }, key) === 'old' || sideOf({ percent: high }, key) === 'new';
      }),
      { numRuns: 300 },
    );
  });

  test('gives the same key the same answer each time', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), percent, (key, share) => {
        const first = decide(route({ percent: share }), { key, now: NOON });
        expect(decide(route({ percent: share }), { key, now: NOON + 1 })).toEqual(first);
      }),
    );
  });

  test('of one hundredth reaches about one key in ten thousand, of 0 none and of 100 all', () => {
    const keys = Array.from({ length: 10_000 }, (_, at) => `k${at}`);
    const reached = (share: number) => keys.filter((key) => sideOf({ percent: share }, key) === 'new').length;
    expect([reached(0), reached(100)]).toEqual([0, 10_000]);
    expect(reached(0.01)).toBeLessThan(8);
    expect(Math.abs(reached(25) - 2_500)).toBeLessThan(200);
  });

  test('leaves what has no key where default says, but for none and all', () => {
    expect(sideOf({ percent: 99.99 })).toBe('old');
    expect(sideOf({ percent: 99.99 }, '')).toBe('old');
    expect(sideOf({ percent: 0.01, default: 'new' })).toBe('new');
    expect([sideOf({ percent: 0, default: 'new' }), sideOf({ percent: 100 })]).toEqual(['old', 'new']);
  });
});

describe('what decides', () => {
  const all: Partial<RouteRules> = {
    percent: 100,
    keys: { pinned: 'old' },
    types: { refund: 'new', audit: 0 },
    time: [{ from: '11:00', to: '13:00', percent: 'old' }],
    load: { stream: 's', above: 10, to: 'old' },
  };
  test.each([
    ['key', { key: 'pinned', type: 'refund', load: 99 }, 'old', 'key pinned is pinned to old'],
    ['type', { key: 'k', type: 'refund', load: 99 }, 'new', 'type refund: new'],
    ['time', { key: 'k', type: 'other', load: 99 }, 'old', 'from 11:00 to 13:00: old'],
    ['load', { key: 'k', now: NOON + 7_200_000, load: 11 }, 'old', 'load 11 is above 10: old'],
    ['percent', { key: 'k', now: NOON + 7_200_000, load: 10 }, 'new', '100%'],
    ['percent', { key: 'k', now: NOON + 7_200_000, load: null }, 'new', '100%'],
  ])('%s stands before what follows', (rule, question, side, why) => {
    expect(decide(route(all), { now: NOON, ...question })).toMatchObject({ rule, side, why });
  });

  test('a name that every object has is no rule', () => {
    for (const key of ['__proto__', 'constructor', 'toString'])
      expect(decide(route({ percent: 0 }), { key, type: key, now: NOON })).toMatchObject({ rule: 'percent' });
  });
});

describe('a time', () => {
  const at = (rule: object, iso: string): Side =>
    decide(route({ time: [{ percent: 'new', from: '22:00', to: '06:00', ...rule }] }), {
      now: Date.parse(iso),
    }).side;

  test('over midnight belongs to the day on which it begins', () => {
    const saturday = { days: ['sat'] };
    expect(at(saturday, '2026-11-21T21:59:59Z')).toBe('old');
    expect(at(saturday, '2026-11-21T22:00:00Z')).toBe('new');
    expect(at(saturday, '2026-11-22T05:59:59Z')).toBe('new');
    expect(at(saturday, '2026-11-22T06:00:00Z')).toBe('old');
    expect(at(saturday, '2026-11-22T22:00:00Z')).toBe('old');
  });

  test('is that on the wall of its time zone, in summer as well', () => {
    const berlin = { timezone: 'Europe/Berlin', from: '02:30', to: '24:00', days: ['sun'] };
    expect(at(berlin, '2026-11-22T01:29:00Z')).toBe('old');
    expect(at(berlin, '2026-11-22T01:30:00Z')).toBe('new');
    expect(at(berlin, '2026-07-19T00:29:00Z')).toBe('old');
    expect(at(berlin, '2026-07-19T00:30:00Z')).toBe('new');
    expect(at(berlin, '2026-07-19T22:00:00Z')).toBe('old');
  });

  test('with a date is from one instant to another', () => {
    const once = { from: '2026-11-22T02:00:00+01:00', to: '2026-11-22T02:00:00Z' };
    expect(at(once, '2026-11-22T00:59:59Z')).toBe('old');
    expect(at(once, '2026-11-22T01:00:00Z')).toBe('new');
    expect(at(once, '2026-11-22T02:00:00Z')).toBe('old');
  });
});
