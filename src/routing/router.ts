import { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import { resolveOptions } from '../backends/redis/options.ts';
import { QctlError } from '../errors.ts';
import { Pulse } from '../model/pulse.ts';
import { decide, judge, type RouteDecision } from './decide.ts';
import { FileSource } from './file-source.ts';
import type { RouterClient } from './load.ts';
import { checkRouteName } from './name.ts';
import type { RouteLook } from './record.ts';
import { ClientSource, RedisSource } from './redis-source.ts';
import { type Route, type Side, sameRules } from './route.ts';
import type { RouterEvents, RouterOptions, RouterQuestion, RouterStatus } from './router-types.ts';
import type { RouteSource } from './source.ts';

const LEAST_POLL_MS = 100;
const MOST_POLL_MS = 60_000;
/** A number that is older than so many looks says nothing of the load any more. */
const LOAD_LOOKS = 5;
const LEAST_LOAD_MS = 10_000;

/**
 * Answers where a message goes, from a copy of the route in this process: at once, without a round trip, and without
 * ever throwing. While Redis is away, the file is broken, or Redis has lost the route, the last known one stays in
 * force. Nothing is printed: listen to its events. A connection to Redis keeps the process alive until
 * {@link Router.close}.
 */
export class Router extends EventEmitter<RouterEvents> {
  readonly name: string;
  readonly fallback: Side;
  readonly #source: RouteSource;
  readonly #options: RouterOptions;
  readonly #pollMs: number;
  #pulse: Pulse | undefined;
  #route: Route | null = null;
  #seenAt: number | undefined;
  #trouble: string | null = 'nothing was read yet';
  #load: number | null = null;
  #loadAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  private constructor(options: RouterOptions) {
    super();
    this.#options = options;
    this.#pollMs = pollIntervalOf(options);
    this.name = options.route;
    this.fallback = options.fallback ?? 'old';
    this.#source = sourceOf(options, () => this.#pulse?.hurry());
  }

  /**
   * Opens a router, and settles once the route was read or could not be: a Redis that is away keeps nobody from
   * starting. Throws `usage` for a name that no route can have, `config` for options that cannot be meant.
   */
  static async open(options: RouterOptions): Promise<Router> {
    checkRouteName(options.route);
    const router = new Router(options);
    await router.#source.ready();
    const pulse = new Pulse(router.#pollMs, () => router.#look());
    router.#pulse = pulse;
    await pulse.beat();
    return router;
  }

  /** The side of a message. */
  side(question: RouterQuestion): Side {
    try {
      if (!this.#route) return this.fallback;
      return judge(this.#route, this.#questionOf(question)).side;
    } catch {
      // A key that cannot even be made a text.
      return this.fallback;
    }
  }

  /** The side of a message, and why. Costs more than {@link Router.side}; throws as little. */
  decide(question: RouterQuestion): RouteDecision {
    try {
      if (this.#route) return decide(this.#route, this.#questionOf(question));
    } catch {
      // As in `side`.
    }
    const why = `nothing is known of route ${this.name}: the fallback is ${this.fallback}`;
    return { side: this.fallback, rule: 'default', bucket: null, why };
  }

  /** The route that is in force; null where the fallback is. */
  get route(): Route | null {
    return this.#route;
  }

  /** How much is known, and how old it is. */
  get status(): RouterStatus {
    const seen = this.#seenAt;
    return {
      route: this.name,
      version: this.#route?.version ?? null,
      percent: this.#route?.percent ?? null,
      fallback: this.fallback,
      seenAt: seen === undefined ? null : new Date(seen).toISOString(),
      ageMs: seen === undefined ? null : Math.max(0, Date.now() - seen),
      trouble: this.#trouble,
      load: this.#currentLoad(),
    };
  }

  /** Looks for a change now, or waits for the look that is under way. Never throws. */
  async refresh(): Promise<void> {
    await this.#pulse?.beat();
  }

  /** Lets go of the connection. It goes on to answer with what it knows. May be called twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pulse?.stop();
    await this.#source.close();
  }

  #questionOf({ key, type }: RouterQuestion) {
    const text = key === null || key === undefined ? undefined : String(key);
    return { key: text, type, now: Date.now(), load: this.#route?.load ? this.#currentLoad() : null };
  }

  #currentLoad(): number | null {
    if (!this.#route?.load) return null;
    if (this.#options.load) return tried(this.#options.load);
    const most = Math.max(LEAST_LOAD_MS, LOAD_LOOKS * this.#pollMs);
    return performance.now() - this.#loadAt <= most ? this.#load : null;
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    try {
      this.#take(await this.#source.look());
    } catch (error) {
      this.#tellTrouble((error as Error).message);
      return;
    }
    if (this.#route?.load && !this.#options.load) await this.#lookAtLoad();
  }

  #take({ route, removed }: RouteLook): void {
    if (!route && !removed) {
      const which = `there is no route ${this.name} in ${this.#source.label}`;
      const still = this.#route ? `${which} any more: the last known one stays in force` : which;
      this.#tellTrouble(still);
      return;
    }
    const prior = this.#route;
    this.#route = route;
    this.#seenAt = Date.now();
    this.#tellTrouble(null);
    const isNews = route?.version !== prior?.version || !sameRules(route, prior);
    if (isNews) this.#tell('change', route, prior);
  }

  async #lookAtLoad(): Promise<void> {
    try {
      this.#load = await this.#source.load(this.#route!.load!);
      this.#loadAt = performance.now();
    } catch {
      // It grows old, and does not count then; whether Redis is away is said of the route itself.
    }
  }

  #tellTrouble(reason: string | null): void {
    const was = this.#trouble;
    this.#trouble = reason;
    const isFirstGood = this.#seenAt !== undefined && reason === null && was === 'nothing was read yet';
    if (was !== reason && !isFirstGood) this.#tell('trouble', reason);
  }

  /** A listener that throws must not keep the router from its work. */
  #tell<E extends keyof RouterEvents>(event: E, ...args: RouterEvents[E]): void {
    queueMicrotask(() => this.emit(event as keyof RouterEvents, ...(args as never)));
  }
}

function tried(load: () => number | null): number | null {
  try {
    return load();
  } catch {
    return null;
  }
}

function pollIntervalOf({ route, pollIntervalMs = 1000 }: RouterOptions): number {
  if (pollIntervalMs >= LEAST_POLL_MS && pollIntervalMs <= MOST_POLL_MS) return pollIntervalMs;
  throw badOption(
    route,
    `pollIntervalMs: expected ms from ${LEAST_POLL_MS} to ${MOST_POLL_MS}, got ${pollIntervalMs}`,
  );
}

function sourceOf({ route, redis, file, fallback = 'old' }: RouterOptions, hint: () => void): RouteSource {
  if (fallback !== 'old' && fallback !== 'new')
    throw badOption(route, `fallback: expected old or new, got ${JSON.stringify(fallback)}`);
  if ((redis === undefined) === (file === undefined))
    throw badOption(route, 'give either redis or file: that is where the route stands');
  if (file !== undefined) return new FileSource(resolve(file), route, hint);
  if (isClient(redis)) return new ClientSource(redis, route);
  const options = typeof redis === 'string' ? { url: redis } : redis!;
  resolveOptions(options);
  return new RedisSource(options, route, hint);
}

function isClient(redis: unknown): redis is RouterClient {
  return typeof (redis as Partial<RouterClient> | undefined)?.hgetall === 'function';
}

function badOption(route: string, problem: string): QctlError {
  return new QctlError('config', `router of ${route}: ${problem}`, {
    code: 'BAD_ROUTER_OPTION',
    hint: ['correct the option of Router.open(…)'],
  });
}
