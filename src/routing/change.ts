import { isQctlError, QctlError } from '../errors.ts';
import type { RouteLook } from './record.ts';
import {
  DEFAULT_RULES,
  type Route,
  type RouteRules,
  rulesOf,
  type Share,
  type Side,
  sameRules,
} from './route.ts';
import { shareText } from './share.ts';
import type { RouteStore } from './store.ts';

/** What of a route is to be different. What is left out stays. */
export interface RouteEdit {
  percent?: number;
  /** Null takes one away. */
  types?: Readonly<Record<string, Share | null>>;
  keys?: Readonly<Record<string, Side | null>>;
  load?: RouteRules['load'];
  time?: RouteRules['time'];
  default?: Side;
}

/** A change that was made, or would be. */
export interface RouteChange {
  name: string;
  prior: Route | null;
  next: Route | null;
  /** False where it was so already: nothing was written. */
  changed: boolean;
  /** Why what stood there could not be read, where it was written over all the same. */
  unreadable?: string;
}

/** Who changes a route, and on what condition. */
export interface RouteOrder {
  /** `user@host`. */
  by: string;
  reason: string | null;
  /** Throws `refused` ROUTE_CHANGED where the route is at another version; 0: where there is one. */
  expectVersion?: number;
  /** Only says what would be. */
  dryRun?: boolean;
  /** What cannot be read in Redis is written over, as if there were no route. */
  overUnreadable?: boolean;
}

/** The rules of a route after an edit. */
export function editRules(prior: RouteRules | null, edit: RouteEdit): RouteRules {
  const { percent, types = {}, keys = {}, load, time, default: side } = edit;
  const base = prior ? rulesOf(prior) : { ...DEFAULT_RULES };
  return {
    percent: percent ?? base.percent,
    types: merged(base.types, types),
    keys: merged(base.keys, keys),
    load: load === undefined ? base.load : load,
    time: time ?? base.time,
    default: side ?? base.default,
  };
}

function merged<T>(base: Record<string, T>, changes: Readonly<Record<string, T | null>>): Record<string, T> {
  const all = [...Object.entries(base), ...Object.entries(changes)];
  const last = new Map(all);
  return Object.fromEntries([...last].filter((entry): entry is [string, T] => entry[1] !== null));
}

/** Somebody who changes a route again and again is not waited for for ever. */
const MOST_TRIES = 20;

/**
 * Changes a route in one step; where somebody else changes it at the same time, theirs is the base of another try.
 *
 * @param nextOf what is to stand there; null: the route is removed
 */
export async function changeRoute(
  store: RouteStore,
  name: string,
  nextOf: (prior: Route | null) => RouteRules | null,
  order: RouteOrder,
): Promise<RouteChange> {
  const { by, reason, expectVersion, dryRun } = order;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const { seen, unreadable } = await lookAt(store, name, order);
    if (expectVersion !== undefined) requireVersion(name, seen, expectVersion);
    const rules = nextOf(seen.route);
    const prior = seen.route;
    if (sameRules(prior, rules) && !unreadable) return { name, prior, next: prior, changed: false };
    if (dryRun) return { name, prior, next: foreseen(name, seen, rules, order), changed: true };
    const written = await store.write(name, { seen, rules, by, reason });
    if (written)
      return { name, prior, next: written.route, changed: true, ...(unreadable && { unreadable }) };
  }
  throw new QctlError('refused', `route ${name} is changed by others all the time; it was not changed`, {
    code: 'ROUTE_BUSY',
    hint: [`qctl route history ${name} shows who does it`],
  });
}

async function lookAt(
  store: RouteStore,
  name: string,
  { overUnreadable }: RouteOrder,
): Promise<{ seen: RouteLook; unreadable?: string }> {
  try {
    return { seen: await store.look(name) };
  } catch (error) {
    if (!overUnreadable || !isQctlError(error) || error.code !== 'BAD_ROUTE') throw error;
    const version = Number(error.details.version ?? 0);
    return { seen: { route: null, version, removed: false }, unreadable: error.message };
  }
}

function foreseen(
  name: string,
  seen: RouteLook,
  rules: RouteRules | null,
  { by, reason }: RouteOrder,
): Route | null {
  return rules && { name, ...rules, version: seen.version + 1, changedBy: by, changedAt: null, reason };
}

function requireVersion(name: string, { route, version }: RouteLook, expected: number): void {
  const is = route ? version : 0;
  if (is === expected) return;
  const what = route
    ? `route ${name} is at version ${version}, not ${expected}: ${whoText(route)}`
    : `there is no route ${name}, version ${expected} was expected`;
  throw new QctlError('refused', what, {
    code: 'ROUTE_CHANGED',
    hint: [`look at it with 'qctl route show ${name}', then decide again`],
    details: { route: name, version: is, expected },
  });
}

/** Who has changed it last: `set to 25% by ann@desk: incident 7`. */
export function whoText({ percent, changedBy, reason }: Route): string {
  const by = changedBy === null ? '' : ` by ${changedBy}`;
  return `set to ${shareText(percent)}${by}${reason === null ? '' : `: ${reason}`}`;
}
