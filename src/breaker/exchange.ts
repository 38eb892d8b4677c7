import { BackgroundConnection } from '../backends/redis/background.ts';
import {
  isRetryable,
  type RedisOptions,
  type RedisScript,
  replyCode,
  runScript,
  toTargetError,
} from '../backends/redis/index.ts';
import { breakerAdmit } from '../backends/redis/scripts/breaker/admit.ts';
import { breakerRestore } from '../backends/redis/scripts/breaker/restore.ts';
import { breakerSettle } from '../backends/redis/scripts/breaker/settle.ts';
import { breakerSync } from '../backends/redis/scripts/breaker/sync.ts';
import type { GivenSettings } from '../model/breaker-settings.ts';
import { BREAKER_INDEX } from '../model/keys.ts';
import { forwardEvents } from './forward-events.ts';
import { scriptKeys } from './keys.ts';
import type { ProbeResult } from './machine.ts';
import { Replica, type SnapshotReply } from './replica.ts';
import type { CallCounts, Transition } from './view.ts';

/** In place of the last number of a reply: Redis has answered with an error that stays. */
const REFUSED = -1;

function isReply(last: number | undefined): boolean {
  return last !== undefined && last !== REFUSED;
}

/** How often a breaker says in the index that it is alive. */
const ANNOUNCE_MS = 60_000;

/** What the exchange with Redis brings about. */
export interface ExchangeEvents {
  /** After each reply: the moves that this process has made, and was not told of before. */
  applied(moves: readonly Transition[]): void;
  /** Redis cannot be reached, or can be again (null). Called when that changes. */
  trouble(reason: string | null): void;
}

/** Calls and probes of one process, as they are told to Redis. */
export interface Told {
  counts: CallCounts;
  error?: string;
  /** Of probes that are under way. */
  leases: readonly string[];
}

/** One process's talk with Redis about one breaker. Nothing here throws because of Redis. */
export class Exchange {
  readonly replica = new Replica();
  /** Why Redis cannot be reached, as a clause; null while it can. */
  reason: string | null = 'not connected yet';
  private tried = false;
  private readonly connection: BackgroundConnection;
  private readonly name: string;
  private readonly instance: string;
  private readonly declared: GivenSettings;
  private readonly events: ExchangeEvents;
  private isDeclared: boolean;
  private announcedAt = Number.NEGATIVE_INFINITY;

  constructor(
    redis: RedisOptions,
    own: { name: string; instance: string; declared: GivenSettings },
    events: ExchangeEvents,
  ) {
    this.name = own.name;
    this.instance = own.instance;
    this.declared = own.declared;
    this.isDeclared = Object.keys(own.declared).length === 0;
    this.connection = BackgroundConnection.acquire(redis, 'qctl-breaker');
    this.events = events;
  }

  /** Settles after the first attempt to connect. */
  ready(): Promise<void> {
    return this.connection.ready();
  }

  close(): Promise<void> {
    return this.connection.release();
  }

  /** True where a command would be sent; notes the trouble where it would not. */
  isUp(): boolean {
    if (this.connection.current()) return true;
    this.lost(this.connection.trouble() ?? 'connection lost');
    return false;
  }

  /** Tells what was counted and learns what stands there. What got no reply is not told again: it may have counted. */
  async sync({ counts: { ok, failed, slow, rejected }, error, leases }: Told): Promise<void> {
    const declared = this.isDeclared ? undefined : this.declared;
    const { version } = this.replica.shared;
    const request = { version, ok, fail: failed, slow, rejected, error, leases, declared };
    if (!isReply(await this.call(breakerSync, request))) return;
    this.isDeclared = true;
    await this.announce();
  }

  /** Asks for a probe; undefined where no reply came, and it may have been granted. */
  async admit(lease: string): Promise<boolean | undefined> {
    const last = await this.call(breakerAdmit, { lease });
    return last === undefined ? undefined : last === 1;
  }

  /** Tells how a probe went. False where that is still to be told; what Redis refuses it would refuse again. */
  async settle(result: Omit<ProbeResult, 'instance' | 'random'> & { error?: string }): Promise<boolean> {
    return (await this.call(breakerSettle, result)) !== undefined;
  }

  private async call(script: RedisScript, request: object): Promise<number | undefined> {
    const redis = this.connection.current();
    if (!redis) return this.lost(this.connection.trouble() ?? 'connection lost');
    const send = (one: RedisScript, more: object) => {
      const { rev } = this.replica.inForce;
      const full = { ...more, instance: this.instance, random: Math.random(), rev };
      const keys = scriptKeys(redis, this.name);
      return runScript(redis.client, one, keys, [this.name, JSON.stringify(full)]) as Promise<SnapshotReply>;
    };
    let reply: SnapshotReply;
    let last: number;
    try {
      reply = await send(script, request);
      last = reply[4];
      if (this.replica.isBehind(reply)) {
        reply = await send(breakerRestore, this.replica.memory());
        this.announcedAt = Number.NEGATIVE_INFINITY;
      }
    } catch (error) {
      this.lost(toTargetError(error, redis.label, `share circuit breaker ${this.name}`).message);
      return replyCode(error) !== '' && isRetryable(error, redis.kind) === undefined ? REFUSED : undefined;
    }
    const moves = this.replica.apply(reply, this.instance);
    this.found();
    this.events.applied(moves);
    if (moves.length > 0) await forwardEvents(redis, this.name);
    return last;
  }

  private async announce(): Promise<void> {
    const redis = this.connection.current();
    if (!redis || performance.now() - this.announcedAt < ANNOUNCE_MS) return;
    this.announcedAt = performance.now();
    try {
      await redis.client.zadd(BREAKER_INDEX, 'GT', Math.floor(this.replica.shared.nowMs), this.name);
      await forwardEvents(redis, this.name);
    } catch {
      // What keeps it from being announced is met by the next call as well, and told there.
      this.announcedAt = Number.NEGATIVE_INFINITY;
    }
  }

  private lost(reason: string): undefined {
    // That the first attempt is still under way is no trouble to tell of: it ends with a reason or without one.
    if (!this.connection.attempted) return;
    const was = this.reason;
    this.reason = reason;
    const known = this.tried && was !== null;
    this.tried = true;
    if (!known) this.events.trouble(reason);
  }

  private found(): void {
    const was = this.reason;
    this.reason = null;
    this.tried = true;
    if (was === null) return;
    // It may be another Redis than before, or one that has lost the index.
    this.announcedAt = Number.NEGATIVE_INFINITY;
    this.events.trouble(null);
  }
}
