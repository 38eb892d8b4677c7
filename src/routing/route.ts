/** The two sides that traffic is shared between. */
export type Side = 'old' | 'new';

/** How much goes to the new side: percent with two decimals, or all of it to one side. */
export type Share = Side | number;

/** Names of the days of a week, Sunday first. */
export const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
/** See {@link DAYS}. */
export type Day = (typeof DAYS)[number];

/**
 * Another share while a queue is long: `stream` alone is its length, with `group` the lag of that group,
 * `published` the number that a string key of Redis holds. Exactly one of `stream` and `published` is given.
 */
export interface LoadRule {
  stream?: string;
  group?: string;
  published?: string;
  /** In force while the number is greater. */
  above: number;
  to: Share;
}

/** Another share for a time: `from` (included) and `to` (excluded) are both `HH:MM`, or both RFC 3339. */
export interface TimeRule {
  from: string;
  to: string;
  /** IANA name, for times of day; default UTC, so that all hosts agree. */
  timezone?: string;
  /** Days on which a window begins; default every day. */
  days?: Day[];
  percent: Share;
}

/** What decides about a message, without who wrote it and when. */
export interface RouteRules {
  /** From 0 to 100, two decimals: so many of 10,000 buckets go to the new side. */
  percent: number;
  types: Record<string, Share>;
  /** Keys that stay on one side whatever else is said. */
  keys: Record<string, Side>;
  load: LoadRule | null;
  /** The first that fits is in force. */
  time: TimeRule[];
  /** The side of what has no key, where only a part of all goes to the new side. */
  default: Side;
}

/** Rules and their origin. */
export interface Route extends RouteRules {
  name: string;
  /** Goes up by one with each change; 0 where somebody has written it by hand. */
  version: number;
  /** `user@host`; null where nobody has said so. */
  changedBy: string | null;
  /** RFC 3339, by the clock of Redis. */
  changedAt: string | null;
  reason: string | null;
}

/** What a route is where nothing is said of it: all on the old side. */
export const DEFAULT_RULES: Readonly<RouteRules> = {
  percent: 0,
  types: {},
  keys: {},
  load: null,
  time: [],
  default: 'old',
};

/** The rules of a route alone. */
export function rulesOf({ percent, types, keys, load, time, default: side }: RouteRules): RouteRules {
  return { percent, types, keys, load, time, default: side };
}

/** The same rules, in whatever order they are written. */
export function sameRules(a: RouteRules | null, b: RouteRules | null): boolean {
  if (!a || !b) return a === b;
  return canonical(rulesOf(a)) === canonical(rulesOf(b));
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join()}}`;
}
