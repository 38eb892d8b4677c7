import type { RedisOptions } from '../backends/redis/options.ts';
import type { RouterClient } from './load.ts';
import type { Route, Side } from './route.ts';

/** Options of `Router.open`: the route, and exactly one of `redis` and `file`. */
export interface RouterOptions {
  /** Name of the route. */
  route: string;
  /** URL or options of a connection of its own, or a client of the program's (ioredis), which stays open. */
  redis?: string | RedisOptions | RouterClient;
  /** Path of a YAML file with `routes:`. */
  file?: string;
  /** The side as long as nothing is known of the route. Default `old`. */
  fallback?: Side;
  /** How often it looks for changes, in ms. Default 1000, from 100. Of most changes it is told at once. */
  pollIntervalMs?: number;
  /** The number of the route's load rule, where the program knows it; in place of what qctl measures. */
  load?: () => number | null;
}

/** One message, as far as a route is concerned. */
export interface RouterQuestion {
  /** Ordering key; without one only 0 % and 100 % are clear. */
  key?: string | number | bigint | null;
  type?: string | null;
}

/** How much a router knows. */
export interface RouterStatus {
  route: string;
  /** Null: nothing is known, or the route was removed. The fallback answers then. */
  version: number | null;
  percent: number | null;
  fallback: Side;
  /** RFC 3339: when what is known was last seen in its place; null: never. */
  seenAt: string | null;
  /** How long ago that was, in ms; null: never. */
  ageMs: number | null;
  /** Why nothing newer can be read, as a clause; null while it can. */
  trouble: string | null;
  /** The number of the load rule; null where there is no rule, or nobody knows it. */
  load: number | null;
}

/** The events of a router. */
export interface RouterEvents {
  /** Another route is in force; null: it was removed. */
  change: [next: Route | null, prior: Route | null];
  /** Nothing newer can be read (the reason), or it can again (null). Once for each reason. */
  trouble: [reason: string | null];
}
