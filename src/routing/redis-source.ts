import { BackgroundConnection } from '../backends/redis/background.ts';
import {
  type RedisConnection,
  type RedisOptions,
  replyCode,
  toTargetError,
} from '../backends/redis/index.ts';
import { ROUTE_CHANGES } from '../model/keys.ts';
import { measureLoad, type RouterClient, readHash } from './load.ts';
import { fromHash, type RouteLook } from './record.ts';
import type { LoadRule } from './route.ts';
import { noLongerThan, type RouteSource } from './source.ts';

/** A client that queues while Redis is away is not waited for any longer. */
const SILENCE_MS = 2000;

/** A route in a Redis that this process connects to by itself; who listens there is told of changes at once. */
export class RedisSource implements RouteSource {
  readonly #name: string;
  readonly #connection: BackgroundConnection;
  readonly #hint: () => void;
  #listener: Promise<RedisConnection | undefined> | undefined;
  #closed = false;
  label = 'redis';

  /** @param hint called when something has changed, so that it is worth looking */
  constructor(options: RedisOptions, name: string, hint: () => void) {
    this.#name = name;
    this.#hint = hint;
    this.#connection = BackgroundConnection.acquire(options, 'qctl-router');
  }

  ready(): Promise<void> {
    return this.#connection.ready();
  }

  async look(): Promise<RouteLook> {
    const redis = this.#current();
    this.label = redis.label;
    // A second connection, since one that listens can do nothing else.
    this.#listener ??= this.#listen(redis);
    return fromHash(this.#name, await this.#ask(redis, () => readHash(redis.client, this.#name)));
  }

  load(rule: LoadRule): Promise<number | null> {
    const redis = this.#current();
    return this.#ask(redis, () => measureLoad(redis.client as unknown as RouterClient, rule));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const listener = await this.#listener;
    await Promise.all([listener?.close(), this.#connection.release()]);
  }

  #current(): RedisConnection {
    const redis = this.#connection.current();
    if (!redis) throw new Error(this.#connection.trouble() ?? 'connection lost');
    return redis;
  }

  async #ask<T>(redis: RedisConnection, work: () => Promise<T>): Promise<T> {
    try {
      return await noLongerThan(SILENCE_MS, work(), 'Redis does not answer');
    } catch (error) {
      throw toTargetError(error, redis.label, `read route ${this.#name}`);
    }
  }

  /**
   * Where it fails the looks at an interval must do; the next look tries again, but where this user may never listen:
   * since Redis 7.0 no new user may.
   */
  async #listen(redis: RedisConnection): Promise<RedisConnection | undefined> {
    let own: RedisConnection | undefined;
    try {
      own = await redis.duplicate({ connectionName: 'qctl-router-listener' });
      own.client.on('message', (_channel: string, name: string) => {
        if (name === this.#name) this.#hint();
      });
      if (!this.#closed) await own.client.subscribe(ROUTE_CHANGES);
      return own;
    } catch (error) {
      await own?.close();
      if (replyCode(error) !== 'NOPERM') this.#listener = undefined;
      return undefined;
    }
  }
}

/** A route that is read by a client of the program's own, which stays the program's. */
export class ClientSource implements RouteSource {
  readonly label = 'redis';
  readonly #client: RouterClient;
  readonly #name: string;

  constructor(client: RouterClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async ready(): Promise<void> {}

  async look(): Promise<RouteLook> {
    const hash = await noLongerThan(SILENCE_MS, readHash(this.#client, this.#name), 'Redis does not answer');
    return fromHash(this.#name, hash);
  }

  load(rule: LoadRule): Promise<number | null> {
    return noLongerThan(SILENCE_MS, measureLoad(this.#client, rule), 'Redis does not answer');
  }

  async close(): Promise<void> {}
}
