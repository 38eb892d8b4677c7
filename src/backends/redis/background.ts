import { isQctlError } from '../../errors.ts';
import { connectRedis, type RedisConnection } from './connect.ts';
import type { RedisOptions } from './options.ts';

/** A Redis that does not answer for so long is away; calls must not wait for it. */
const SILENCE_MS = 2000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * One connection for all of this process that do not wait for Redis and name the same one. It is opened in the
 * background, and tried again for ever.
 */
export class BackgroundConnection {
  private redis: RedisConnection | undefined;
  private failure: string | undefined = 'not connected yet';
  private timer: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private closed = false;
  private users = 0;
  private readonly options: RedisOptions;
  private first: Promise<void> | undefined;
  /** True once the first attempt has ended, whether it succeeded or not. */
  attempted = false;
  private readonly onClose: () => void;

  private constructor(options: RedisOptions, onClose: () => void) {
    this.options = options;
    this.onClose = onClose;
  }

  /**
   * To be given back with {@link BackgroundConnection.release}.
   *
   * @param connectionName as `CLIENT LIST` shows it, where the options say nothing
   */
  static acquire(options: RedisOptions, connectionName: string): BackgroundConnection {
    const full = { connectionName, ...options };
    const name = JSON.stringify(full);
    const known = OPEN.get(name) ?? new BackgroundConnection(full, () => OPEN.delete(name));
    OPEN.set(name, known);
    known.users += 1;
    void known.ready();
    return known;
  }

  /** Settles after the first attempt, whether it succeeded or not. */
  ready(): Promise<void> {
    this.first ??= this.connect().finally(() => {
      this.attempted = true;
    });
    return this.first;
  }

  /** The connection, if it can be used right now. */
  current(): RedisConnection | undefined {
    return this.redis?.trouble() === undefined ? this.redis : undefined;
  }

  /** Why it cannot be used right now, as a clause; undefined while it can. */
  trouble(): string | undefined {
    return this.redis ? this.redis.trouble() : this.failure;
  }

  /** The last one who gives it back closes it. */
  async release(): Promise<void> {
    this.users -= 1;
    if (this.users > 0) return;
    this.closed = true;
    this.onClose();
    clearTimeout(this.timer);
    await this.redis?.close();
  }

  private async connect(): Promise<void> {
    try {
      const redis = await connectRedis({
        ...{ connectTimeoutMs: SILENCE_MS, silenceTimeoutMs: SILENCE_MS },
        ...this.options,
      });
      if (this.closed) await redis.close();
      else this.redis = redis;
    } catch (error) {
      this.failure = isQctlError(error) ? error.message : String(error);
      if (this.closed) return;
      this.timer = setTimeout(() => void this.connect(), this.pauseMs);
      this.timer.unref();
      this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}

/** By what was asked for. */
const OPEN = new Map<string, BackgroundConnection>();
