import { beforeAll, expect, test } from 'vitest';
import { decide, type Found } from '../../src/alerts/decide.ts';
import { claimNext, noteOutcome } from '../../src/alerts/deliveries.ts';
import { takeOn } from '../../src/alerts/measuring.ts';
import { mergeStates } from '../../src/alerts/merge.ts';
import type { AlertRule } from '../../src/alerts/rule.ts';
import { freshState, type RuleState } from '../../src/alerts/state.ts';
import { planOf } from './driver.ts';

const MINUTE = 60_000;
const rules = new Map<string, AlertRule>();

beforeAll(async () => {
  const plan = await planOf(`
channels:
  a: { kind: webhook, url: 'http://127.0.0.1:9' }
  b: { kind: webhook, url: 'http://127.0.0.1:9' }
rules:
  - { name: deep, metric: redis.value, with: { key: k }, failure: value > 10, repeat: 1h, errorLimit: 2, interval: 1m, to: [a] }
  - { name: slow, metric: redis.value, with: { key: k }, failure: value > 10, for: 5m, interval: 1m, to: [a] }
  - { name: flaps, metric: redis.value, with: { key: k }, failure: value > 10, keepFiringFor: 5m, interval: 1m, to: [a] }
  - { name: grows, metric: redis.value, with: { key: k }, failure: value > baseline, against: 5m, interval: 1m, to: [a] }
  - { name: once, metric: redis.value, with: { key: k }, failure: value > 10, repeat: never, interval: 1m, to: [a] }
  - { name: both, metric: redis.value, with: { key: k }, failure: value > 10, interval: 1m }
  - { name: hushed, metric: redis.value, with: { key: k }, failure: value > 10, interval: 1m, to: [a], silence: [{ until: '1970-01-01T00:10:00Z', reason: move }] }
`);
  for (const rule of plan.rules) rules.set(rule.name, rule);
});

const error: Found = { error: 'no answer' };
const away: Found = { away: 'Redis is away' };

/** Sends what is owed, as one process that succeeds, and says what that was. */
function sendAll(state: RuleState, rule: AlertRule, now: number, fails = false): [RuleState, string[]] {
  const sent: string[] = [];
  let next = state;
  for (;;) {
    const taken = claimNext(next, rule, 'me', now, () => 20_000);
    if (!taken) return [next, sent];
    sent.push(taken.claimed.delivery.kind);
    next = noteOutcome(taken.state, taken.claimed, 'me', { error: fails ? 'refused' : null }, now);
  }
}

/** What is told, and when (minutes), where each minute gives one of these. */
function story(name: string, found: (Found | number)[]): string[] {
  const rule = rules.get(name)!;
  let state = freshState('test');
  return found.flatMap((one, minute) => {
    const now = minute * MINUTE;
    state = decide(state, rule, typeof one === 'number' ? { value: one } : one, now);
    const [next, sent] = sendAll(state, rule, now);
    state = next;
    return sent.map((kind) => `${kind} ${minute}`);
  });
}

test('an incident is told of when it begins and when it is over, and once each', () => {
  expect(story('deep', [1, 11, 12, 13, 1, 1])).toEqual(['firing 1', 'resolved 4']);
});

test('it fires only once it has held for long enough, and what is over sooner is told to nobody', () => {
  expect(story('slow', [11, 11, 11, 11, 11, 11, 1])).toEqual(['firing 5', 'resolved 6']);
  expect(story('slow', [11, 11, 11, 1, 11, 11, 1])).toEqual([]);
});

test('one that goes on is told of again after the time of the rule, or never', () => {
  const long = Array.from({ length: 125 }, () => 11);
  expect(story('deep', [...long, 1])).toEqual(['firing 0', 'repeat 60', 'repeat 120', 'resolved 125']);
  expect(story('once', [...long, 1])).toEqual(['firing 0', 'resolved 125']);
});

test('one that comes and goes is one while it has to stay away', () => {
  expect(story('flaps', [11, 1, 11, 1, 1, 11, 1, 1, 1, 1, 1, 1])).toEqual(['firing 0', 'resolved 11']);
});

test('an error, and no number, neither begin an incident nor end one', () => {
  expect(story('deep', [error, { value: null }, 11, error, { value: null }, error, error, 1])).toEqual([
    'firing 2',
    'resolved 7',
  ]);
});

test('more errors in a row than allowed are an incident of their own', () => {
  expect(story('deep', [error, error, error, error, 1])).toEqual(['firing 2', 'resolved 4']);
});

test('a Redis that is away is no error of the rule, however long', () => {
  expect(story('deep', [error, error, away, away, away, away, away, error, 1])).toEqual([
    'firing 7',
    'resolved 8',
  ]);
  expect(story('deep', [away, away, away, away, 1])).toEqual([]);
});

test('growing is against what was there five minutes ago; before that nothing is known', () => {
  expect(story('grows', [5, 6, 7, 8, 9, 10, 11, 9, 9, 9, 9])).toEqual(['firing 5', 'resolved 9']);
  // Nobody has looked for an hour: what was there then is no baseline.
  const rule = rules.get('grows')!;
  const old = decide(freshState('test'), rule, { value: 1 }, 0);
  expect(decide(old, rule, { value: 9 }, 60 * MINUTE).last).toMatchObject({
    outcome: 'inconclusive',
    baseline: null,
  });
  // Cron is a second early.
  expect(decide(old, rule, { value: 9 }, 5 * MINUTE - 1000).last).toMatchObject({
    outcome: 'fail',
    baseline: 1,
  });
});

test('while a rule is silent nobody is told, and afterwards only of what still goes on', () => {
  expect(story('hushed', [11, 11, 1, 1, 1, 1, 1, 1, 1, 1, 1])).toEqual([]);
  expect(story('hushed', [11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 1])).toEqual([
    'firing 10',
    'resolved 11',
  ]);
});

test('a channel that failed is tried again by itself, and one that was told is not told twice', () => {
  const rule = rules.get('both')!;
  const fired = decide(freshState('test'), rule, { value: 11 }, 0);
  const first = claimNext(fired, rule, 'me', 0, () => 20_000)!;
  const told = noteOutcome(first.state, first.claimed, 'me', { error: null }, 0);
  const second = claimNext(told, rule, 'me', 0, () => 20_000)!;
  const failed = noteOutcome(second.state, second.claimed, 'me', { error: 'refused' }, 0);
  expect(claimNext(failed, rule, 'me', 4999, () => 20_000)).toBeUndefined();
  const again = claimNext(failed, rule, 'me', 5000, () => 20_000)!;
  expect([first, second, again].map(({ claimed }) => claimed.delivery.channel)).toEqual(['a', 'b', 'b']);
});

test('a receiver that asks for patience gets it', () => {
  const rule = rules.get('deep')!;
  const fired = decide(freshState('test'), rule, { value: 11 }, 0);
  const { state, claimed } = claimNext(fired, rule, 'me', 0, () => 20_000)!;
  const failed = noteOutcome(state, claimed, 'me', { error: 'status 429', retryAfterMs: 90_000 }, 0);
  expect(failed.incidents[0]!.owed[0]!.nextMs).toBe(90_000);
});

test('what a process has taken on is taken on by another once its lease is over, and not before', () => {
  const rule = rules.get('deep')!;
  const fired = decide(freshState('test'), rule, { value: 11 }, 0);
  const { state } = claimNext(fired, rule, 'killed', 0, () => 20_000)!;
  expect(claimNext(state, rule, 'other', 19_999, () => 20_000)).toBeUndefined();
  const { claimed } = claimNext(state, rule, 'other', 20_000, () => 20_000)!;
  expect(claimed.delivery).toMatchObject({ kind: 'firing', attempts: 2 });
});

test('of an incident that is over nobody is told that it fires, whoever missed that', () => {
  const rule = rules.get('deep')!;
  const fired = decide(freshState('test'), rule, { value: 11 }, 0);
  const [failed] = sendAll(fired, rule, 0, true);
  expect(sendAll(decide(failed, rule, { value: 1 }, MINUTE), rule, MINUTE)[1]).toEqual(['resolved']);
  // A process that was killed on the way counts as having told them.
  const { state } = claimNext(fired, rule, 'killed', 0, () => 20_000)!;
  expect(sendAll(decide(state, rule, { value: 1 }, MINUTE), rule, MINUTE)[1]).toEqual(['resolved']);
});

test('what this host has told while Redis was away is not told again once it is back', () => {
  const rule = rules.get('deep')!;
  const fired = decide(freshState('test'), rule, { value: 11 }, 0);
  const [told] = sendAll(fired, rule, 0);
  expect(sendAll(mergeStates(fired, told), rule, MINUTE)[1]).toEqual([]);
  const [over] = sendAll(decide(told, rule, { value: 1 }, MINUTE), rule, MINUTE);
  const merged = mergeStates(told, over);
  expect(sendAll(decide(merged, rule, { value: 1 }, 2 * MINUTE), rule, 2 * MINUTE)[1]).toEqual([]);
  // Another host has begun an incident of its own: one of them is left.
  const other = decide(freshState('test'), rule, { value: 12 }, 7);
  expect(mergeStates(told, other).incidents).toHaveLength(1);
  // Redis has lost it.
  expect(mergeStates(null, told).incidents).toEqual(told.incidents);
});

test('a clock that was set back, as after a failover, puts off neither measuring nor telling', () => {
  const rule = rules.get('slow')!;
  const hour = 60 * MINUTE;
  const taken = takeOn(freshState('test'), rule, 'me', hour, false)!;
  expect(takeOn(taken, rule, 'other', hour + 1, false)).toBeUndefined();
  expect(takeOn(taken, rule, 'other', 0, false)).toBeDefined();
  let state = decide(taken, rule, { value: 11 }, hour);
  expect(takeOn(state, rule, 'other', hour + MINUTE - 1, false)).toBeUndefined();
  expect(takeOn(state, rule, 'other', 0, false)).toBeDefined();
  state = decide(state, rule, { value: 11 }, 0);
  expect(sendAll(decide(state, rule, { value: 11 }, 5 * MINUTE), rule, 5 * MINUTE)[1]).toEqual(['firing']);
});
