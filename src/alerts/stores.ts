import { isQctlError } from '../errors.ts';
import type { FileAlertStore } from './file-store.ts';
import { mergeStates } from './merge.ts';
import type { RedisAlertStore } from './redis-store.ts';
import { type AlertRule, isOwnView } from './rule.ts';
import { newerSilence } from './silence.ts';
import type { RuleState } from './state.ts';
import { type Change, type Changed, StoreAway } from './store.ts';

/** While Redis is away nobody asks it more often than this. */
const ASK_AGAIN_MS = 1000;

/** What is told of Redis. */
export interface StoreListener {
  away(error: StoreAway): void;
  back(): void;
}

/**
 * The two places where states are kept, as one: Redis, and the folder of this host while Redis is away, and for rules
 * that each host judges by itself. What was noted in the folder meanwhile is brought to Redis once it is back.
 */
export class Stores {
  readonly #redis: RedisAlertStore;
  readonly #files: FileAlertStore;
  readonly #host: string;
  readonly #listener: StoreListener;
  /** Rules of which Redis has all that this host has noted. */
  readonly #together = new Set<string>();
  readonly #mirrored = new Map<string, string>();
  #away: { error: StoreAway; askAgain: number } | undefined;

  constructor(redis: RedisAlertStore, files: FileAlertStore, host: string, listener: StoreListener) {
    this.#redis = redis;
    this.#files = files;
    this.#host = host;
    this.#listener = listener;
  }

  /** Why Redis cannot keep anything at present; undefined: it can, as far as is known. */
  get away(): StoreAway | undefined {
    return this.#away?.error;
  }

  /** Changes the state of a rule where it is kept at present. Throws what Redis refuses for good, such as rights. */
  async update<T>(rule: AlertRule, change: Change<T>): Promise<Changed<T> | undefined> {
    if (isOwnView(rule)) return this.#updateOwn(rule.name, change);
    let seen: { state: RuleState; nowMs: number } | undefined;
    const looking: Change<T> = (state, nowMs) => {
      seen = state ? { state, nowMs } : undefined;
      return change(state, nowMs);
    };
    const changed = await this.#ask(async () => {
      await this.#bringTogether(rule.name);
      return this.#redis.update(rule.name, looking, async () => (await this.#files.read(rule.name)).state);
    });
    if (changed === AWAY) return this.#files.update(rule.name, change);
    const newest = changed ?? seen;
    if (newest) await this.#mirror(rule.name, newest);
    return changed;
  }

  async #updateOwn<T>(rule: string, change: Change<T>): Promise<Changed<T> | undefined> {
    const asked = await this.#try(() => this.#redis.read(rule));
    const said = asked === AWAY ? null : (asked.state?.silence ?? null);
    const changed = await this.#files.update(rule, (state, nowMs) => {
      const silence = newerSilence(state?.silence ?? null, said);
      return change(state && { ...state, silence }, nowMs);
    });
    if (changed) await this.#try(() => this.#redis.publish(rule, this.#host, changed.state));
    return changed;
  }

  /** What was noted on this host while Redis was away, or what Redis has lost, is brought to it. */
  async #bringTogether(rule: string): Promise<void> {
    if (this.#together.has(rule)) return;
    const noted = await this.#files.read(rule);
    if (noted.state && noted.dirty) {
      const merged = await this.#redis.update(rule, (kept) => ({
        state: mergeStates(kept, noted.state!),
        result: null,
      }));
      await this.#files.mirror(rule, merged!.state, merged!.nowMs, true);
    }
    this.#together.add(rule);
  }

  /** Only what must not be told twice is of use while Redis is away. */
  async #mirror(rule: string, { state, nowMs }: { state: RuleState; nowMs: number }): Promise<void> {
    const worth = JSON.stringify([state.incidents, state.silence]);
    if (this.#mirrored.get(rule) === worth) return;
    await this.#files.mirror(rule, state, nowMs);
    this.#mirrored.set(rule, worth);
  }

  /** Whether Redis is there is to be told also where it refuses the login. */
  async #try<T>(work: () => Promise<T>): Promise<T | typeof AWAY> {
    try {
      return await this.#ask(work);
    } catch (error) {
      if (isQctlError(error)) return AWAY;
      throw error;
    }
  }

  async #ask<T>(work: () => Promise<T>): Promise<T | typeof AWAY> {
    if (this.#away && performance.now() < this.#away.askAgain) return AWAY;
    try {
      const answer = await work();
      if (this.#away) {
        this.#away = undefined;
        this.#listener.back();
      }
      return answer;
    } catch (error) {
      if (!(error instanceof StoreAway)) throw error;
      if (!this.#away) this.#listener.away(error);
      this.#away = { error, askAgain: performance.now() + ASK_AGAIN_MS };
      this.#together.clear();
      this.#mirrored.clear();
      return AWAY;
    }
  }

  /** Rules that there is a state of, here or in Redis. */
  async names(): Promise<string[]> {
    const there = await this.#ask(() => this.#redis.names());
    return [...new Set([...(there === AWAY ? [] : there), ...(await this.#files.names())])];
  }

  /** Forgets a rule where `unwanted` says so of what is kept of it. True where there was something. */
  async remove(
    rule: string,
    unwanted: (state: RuleState | null, nowMs: number) => boolean,
  ): Promise<boolean> {
    const here = await this.#files.read(rule);
    const there = await this.#ask(() => this.#redis.remove(rule, unwanted));
    const hereToo = here.state !== null && unwanted(here.state, here.nowMs);
    if (hereToo) await this.#files.remove(rule);
    return there === true || hereToo;
  }
}

const AWAY = Symbol('away');
