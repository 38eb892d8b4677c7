import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import { resolveOptions } from '../backends/redis/options.ts';
import { errorText } from './error-text.ts';
import { checkBreakerName } from './keys.ts';
import type { BreakerEvents, BreakerStatus, CallDetails, ExecuteOptions, Permit } from './library-types.ts';
import { Member } from './member.ts';
import { type BreakerOptions, flushIntervalOf, givenSettings } from './options.ts';
import type { Probe } from './probes.ts';
import { rejection } from './rejection.ts';

let made = 0;

/**
 * A circuit breaker that all processes share through Redis, and that operators can see and steer with
 * `qctl breaker`. Calls are counted here and brought to Redis once a second, so that a call costs no round trip.
 * Without Redis it goes on with the last known override and what this process has seen itself. Nothing is printed:
 * listen to its events. Redis keeps the process alive until {@link CircuitBreaker.close}.
 */
export class CircuitBreaker extends EventEmitter<BreakerEvents> {
  readonly name: string;
  private readonly member: Member;
  private readonly options: BreakerOptions;
  private seen = 'closed';

  /** Throws `usage` for a name that no breaker can have, `config` for an option that cannot be meant. */
  constructor(name: string, options: BreakerOptions = {}) {
    super();
    checkBreakerName(name);
    this.name = name;
    this.options = options;
    const redis = typeof options.redis === 'string' ? { url: options.redis } : options.redis;
    if (redis) resolveOptions(redis);
    made += 1;
    const parts = {
      ...{ name, redis, declared: givenSettings(name, options) },
      instance: `${hostname().replace(/\s/g, '')}:${process.pid}:${made}:${randomUUID().slice(0, 8)}`,
      flushIntervalMs: flushIntervalOf(name, options),
    };
    this.member = new Member(parts, {
      moved: (moves) => {
        for (const move of moves) this.tell('transition', { name, ...move });
      },
      changed: () => this.tellOfChange(),
      trouble: (reason) => this.tell('redis', reason),
    });
  }

  /** Settles once Redis was asked for the first time, or could not be: before that nothing is known of overrides. */
  ready(): Promise<void> {
    return this.member.ready();
  }

  /**
   * Runs a call, and counts how it went. Throws what the call throws, or {@link CircuitOpenError} where it was not
   * let through; with a `fallback` its result is given in place of either.
   */
  async execute<T, F = T>(call: () => T | Promise<T>, options?: ExecuteOptions<F>): Promise<T | F> {
    const { member } = this;
    if (member.gate !== 'pass') return this.executeGuarded(call, options);
    const { epoch } = member;
    const startedAt = member.slowCallMs > 0 ? performance.now() : 0;
    try {
      const result = await call();
      const failed = this.isFailed(result);
      if (failed || startedAt > 0) this.count(epoch, failed ? 'fail' : 'ok', startedAt);
      else if (epoch === member.epoch) member.tally.ok += 1;
      return result;
    } catch (error) {
      this.count(epoch, this.outcomeOf(error), startedAt, error);
      if (options?.fallback) return options.fallback(error);
      throw error;
    }
  }

  private async executeGuarded<T, F>(
    call: () => T | Promise<T>,
    options: ExecuteOptions<F> | undefined,
  ): Promise<T | F> {
    const permit = await this.allow();
    try {
      if (!permit.allowed) throw permit.error;
      const result = await call();
      this.record(permit, this.isFailed(result) ? 'fail' : 'ok');
      return result;
    } catch (error) {
      if (permit.allowed) this.record(permit, this.outcomeOf(error), { error });
      if (options?.fallback) return options.fallback(error);
      throw error;
    }
  }

  /** Asks whether a call may go, for whoever cannot use {@link CircuitBreaker.execute}. */
  async allow(): Promise<Permit> {
    const gate = this.member.refresh();
    if (gate === 'pass') return this.permit();
    const probe = gate === 'reject' ? undefined : await this.member.lease();
    if (probe || this.member.gate === 'pass') return this.permit(probe);
    this.member.tally.rejected += 1;
    return { allowed: false, error: rejection(this.status(), this.member) };
  }

  private permit(probe?: Probe): Permit {
    return { allowed: true, startedAt: performance.now(), epoch: this.member.epoch, probe };
  }

  /** Tells how a call went that {@link CircuitBreaker.allow} has let through; `none` says nothing about it. Counts once. */
  record(permit: Permit, outcome: 'ok' | 'fail' | 'none', details: CallDetails = {}): void {
    if (!permit.allowed || permit.recorded) return;
    permit.recorded = true;
    const { durationMs = performance.now() - permit.startedAt, error } = details;
    if (!permit.probe) {
      if (outcome !== 'none') this.countOne(permit.epoch, outcome, this.isSlow(durationMs), error);
      return;
    }
    const end = { outcome, slow: outcome !== 'none' && this.isSlow(durationMs), error: errorText(error) };
    void this.member.settle(permit.probe, end);
  }

  /** What it is for this process, right now. */
  status(): BreakerStatus {
    const { member } = this;
    const { away, replica, machine, gate, mode: override, settings } = member;
    const local = gate === 'probe-local' || away !== null || !replica;
    const state = local ? machine.state : replica.shared.state;
    return { name: this.name, state, override, local, redisTrouble: away, settings };
  }

  /** Brings what was counted to Redis now, and reads what stands there. */
  flush(): Promise<void> {
    return this.member.flush();
  }

  /** Tells Redis what was counted and lets go of the connection. Calls still go, and are not counted by others. */
  close(): Promise<void> {
    return this.member.close();
  }

  private count(epoch: number, outcome: 'ok' | 'fail' | 'none', startedAt: number, error?: unknown): void {
    if (outcome === 'none') return;
    this.countOne(epoch, outcome, startedAt > 0 && this.isSlow(performance.now() - startedAt), error);
  }

  private countOne(epoch: number, outcome: 'ok' | 'fail', slow: boolean, error: unknown): void {
    const { member } = this;
    if (epoch !== member.epoch) return;
    if (outcome === 'ok') member.tally.ok += 1;
    else member.tally.failed += 1;
    if (slow) member.tally.slow += 1;
    if (outcome === 'fail') member.error = errorText(error);
    if (slow || outcome === 'fail') member.hurry();
  }

  private isSlow(durationMs: number): boolean {
    const { slowCallMs } = this.member;
    return slowCallMs > 0 && durationMs > slowCallMs;
  }

  private outcomeOf(error: unknown): 'fail' | 'none' {
    try {
      return this.options.isFailure && !this.options.isFailure(error) ? 'none' : 'fail';
    } catch {
      // It cannot make anything of this error: then it is one.
      return 'fail';
    }
  }

  private isFailed(result: unknown): boolean {
    try {
      return this.options.isFailedResult?.(result) === true;
    } catch {
      return false;
    }
  }

  /** A listener that throws must not keep the breaker from its work, nor a call from its result. */
  private tell<E extends keyof BreakerEvents>(event: E, ...args: BreakerEvents[E]): void {
    queueMicrotask(() => this.emit(event as keyof BreakerEvents, ...(args as never)));
  }

  private tellOfChange(): void {
    const status = this.status();
    const now = [status.state, status.override, status.local].join(' ');
    if (now === this.seen) return;
    this.seen = now;
    this.tell('change', status);
  }
}
