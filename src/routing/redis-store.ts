import {
  isRetryable,
  type RedisConnection,
  replyCode,
  runScript,
  toTargetError,
} from '../backends/redis/index.ts';
import { writeRoute } from '../backends/redis/scripts/route/write.ts';
import { ROUTE_CHANGES, ROUTE_INDEX, routeKeys } from '../model/keys.ts';
import { checkRouteName } from './name.ts';
import { fromHash, type RouteChangeRecord, type RouteLook, stampOf, toFields } from './record.ts';
import type { RouteStore, RouteWrite } from './store.ts';

/** So many changes of a route are kept. */
export const KEPT_CHANGES = 100;

/** Routes that are kept in Redis: `qctl:{route:NAME}`, its history beside it, and the index `qctl:routes`. */
export class RedisRouteStore implements RouteStore {
  readonly label: string;
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
    this.label = redis.label;
  }

  async look(name: string): Promise<RouteLook> {
    checkRouteName(name);
    const hash = await this.#ask(`read route ${name}`, () =>
      this.#redis.client.hgetall(routeKeys(name).route),
    );
    return fromHash(name, hash);
  }

  async list(): Promise<string[]> {
    const names = await this.#ask('list the routes', () => this.#redis.client.zrange(ROUTE_INDEX, '0', '-1'));
    return names.sort();
  }

  async write(name: string, { seen, rules, by, reason }: RouteWrite): Promise<RouteLook | undefined> {
    checkRouteName(name);
    const { client } = this.#redis;
    const { route, history } = routeKeys(name);
    const fields = rules ? toFields(rules) : undefined;
    const request = JSON.stringify({ seen: seen.version, fields, by, reason: reason ?? '' });
    const doing = `${rules ? 'set' : 'remove'} route ${name}`;
    const [written, flat] = (await this.#ask(doing, async () => {
      // First: a route that nobody finds would be worse than a name without a route.
      if (rules) await client.zadd(ROUTE_INDEX, 0, name);
      return runScript(client, writeRoute, [route, history], [request, KEPT_CHANGES, ROUTE_CHANGES, name]);
    })) as [number, string[]];
    if (written !== 1) return undefined;
    if (!rules) await this.#ask(doing, () => client.zrem(ROUTE_INDEX, name));
    return fromHash(name, toHash(flat));
  }

  async history(name: string, limit: number): Promise<RouteChangeRecord[]> {
    checkRouteName(name);
    const texts = await this.#ask(`read the history of route ${name}`, () =>
      this.#redis.client.lrange(routeKeys(name).history, 0, limit - 1),
    );
    return texts.flatMap((text) => {
      const hash = parseEntry(text);
      return hash ? [{ ...stampOf(hash), route: fromHash(name, hash).route }] : [];
    });
  }

  /** An error of Redis comes out as one that can be shown; a bug stays one. */
  async #ask<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (replyCode(error) === '' && isRetryable(error, this.#redis.kind) === undefined) throw error;
      throw toTargetError(error, this.label, doing);
    }
  }
}

function parseEntry(text: string): Record<string, string> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}

function toHash(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!]),
  );
}
