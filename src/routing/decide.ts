import { BUCKETS, bucketOf, bucketsBelow } from './bucket.ts';
import type { Route, RouteRules, Share, Side } from './route.ts';
import { shareText } from './share.ts';
import { isInForce } from './time-window.ts';

/** Which part of a route has decided. */
export type RouteRule = 'key' | 'type' | 'time' | 'load' | 'percent' | 'default';

/** What is known of a message, and of the world. */
export interface RouteQuestion {
  /** Ordering key; absent or empty: the message has none. */
  key?: string | null;
  type?: string | null;
  /** Ms since 1970. */
  now: number;
  /** The number of the route's load rule; null: nobody knows it, and the rule does not apply. */
  load?: number | null;
}

/** Where a message goes, and why. */
export interface RouteDecision {
  side: Side;
  rule: RouteRule;
  /** From 0 to 9999; null without a key. */
  bucket: number | null;
  /** As a clause: `bucket 1234 of 10000 is below 2500 (25%)`. */
  why: string;
}

/** A decision that nobody has asked the reason of. */
export interface RouteVerdict {
  side: Side;
  rule: RouteRule;
  /** Of the rule; null where it names a side by itself. */
  share: Share | null;
}

type Named = Pick<Route, 'name'> & RouteRules;

/**
 * Where a message goes. A pure function: the same route and question give the same answer in every process and
 * language. The first of these decides:
 *
 * 1. `key`: the key stands in `keys`.
 * 2. `type`: the type stands in `types`, with a side or a percentage of its own.
 * 3. `time`: the first entry of `time` whose window is now, with its percentage.
 * 4. `load`: the number of `load` is known and above its bound.
 * 5. `percent`.
 *
 * A percentage is decided by the bucket of the key, always the same one, so that a key that is on the new side at 5 %
 * is there at 25 % too. Without a key 0 % and 100 % are clear, and between them it is the side of `default`.
 */
export function decide(route: Named, question: RouteQuestion): RouteDecision {
  const verdict = judge(route, question);
  const key = question.key || undefined;
  const bucket = key === undefined ? null : bucketOf(route.name, key);
  return { side: verdict.side, rule: verdict.rule, bucket, why: whyOf(route, question, verdict, bucket) };
}

/** Like {@link decide} without bucket and reason: for whoever asks a hundred thousand times a second. */
export function judge(route: Named, { key, type, now, load }: RouteQuestion): RouteVerdict {
  if (key && Object.hasOwn(route.keys, key)) return { side: route.keys[key]!, rule: 'key', share: null };
  if (type && Object.hasOwn(route.types, type)) return byShare(route, key, 'type', route.types[type]!);
  const time = route.time.find((rule) => isInForce(rule, now));
  if (time) return byShare(route, key, 'time', time.percent);
  const isLoaded = route.load !== null && load !== null && load !== undefined && load > route.load.above;
  if (isLoaded) return byShare(route, key, 'load', route.load!.to);
  return byShare(route, key, 'percent', route.percent);
}

function byShare(route: Named, key: string | null | undefined, rule: RouteRule, share: Share): RouteVerdict {
  const below = bucketsBelow(share);
  if (below <= 0) return { side: 'old', rule, share };
  if (below >= BUCKETS) return { side: 'new', rule, share };
  if (!key) return { side: route.default, rule: 'default', share };
  return { side: bucketOf(route.name, key) < below ? 'new' : 'old', rule, share };
}

function whyOf(route: Named, question: RouteQuestion, verdict: RouteVerdict, bucket: number | null): string {
  const { side, rule, share } = verdict;
  if (rule === 'key') return `key ${question.key} is pinned to ${side}`;
  if (rule === 'default')
    return `without a key ${shareText(share!)} cannot be shared out: default is ${side}`;
  const head = headOf(route, question, rule);
  const below = bucketsBelow(share!);
  if (below <= 0 || below >= BUCKETS) return `${head}${shareText(share!)}`;
  const is = bucket! < below ? 'is below' : 'is not below';
  return `${head}bucket ${bucket} of ${BUCKETS} ${is} ${below} (${shareText(share!)})`;
}

function headOf({ load, time }: Named, { type, now, load: value }: RouteQuestion, rule: RouteRule): string {
  if (rule === 'type') return `type ${type}: `;
  if (rule === 'load') return `load ${value} is above ${load!.above}: `;
  if (rule !== 'time') return '';
  const { from, to } = time.find((one) => isInForce(one, now))!;
  return `from ${from} to ${to}: `;
}
