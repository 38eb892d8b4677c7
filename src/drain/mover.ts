import { isRetryable, type RedisConnection } from '../backends/redis/index.ts';
import { isQctlError } from '../errors.ts';
import { partitionKeys } from '../model/keys.ts';
import { Interrupted } from '../model/patience.ts';
import { plural } from '../model/plural.ts';
import { DueMover, moreIsDue } from '../streams/index.ts';
import type { TargetClock } from './clock.ts';
import type { Manifest } from './manifest.ts';
import type { Meter } from './meter.ts';

/** Another process may put something aside at any time, so that nobody sleeps longer than this. */
const LOOK_MS = 1000;
/** A clock that steps, or another server after a failover, is noticed within this. */
const SYNC_MS = 60_000;

/**
 * Moves what has become due into the streams of a run while it is at work. Every process of a run does it:
 * a step is one script, so that nothing is moved twice, and what one of them leaves at its end the others
 * move, or `qctl maintain`.
 */
export class Mover {
  private readonly movers: DueMover[];
  private readonly redis: RedisConnection;
  private readonly clock: TargetClock;
  private readonly meter: Meter;
  private readonly told = new Set<string>();
  private dueAt = 0;
  private syncedAt = performance.now();
  private moving: Promise<void> | undefined;
  private stopped = false;
  private failure: { error: unknown } | undefined;

  constructor(
    redis: RedisConnection,
    { target }: Manifest,
    clock: TargetClock,
    meter: Meter,
    maxLen?: number,
  ) {
    this.redis = redis;
    this.clock = clock;
    this.meter = meter;
    const streams = partitionKeys(target.stream, target.partitions);
    this.movers = streams.map((stream) => new DueMover(redis, stream, maxLen));
  }

  /** To be called often; returns at once. Throws what is no trouble of the server's. */
  tick(): void {
    if (this.failure) throw this.failure.error;
    if (this.moving || this.stopped || performance.now() < this.dueAt) return;
    this.moving = this.moveAll()
      .catch((error: unknown) => {
        this.failure = { error };
      })
      .finally(() => {
        this.moving = undefined;
      });
  }

  /** Ends with the step that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.moving;
    await Promise.all(this.movers.map((mover) => mover.close()));
  }

  private async moveAll(): Promise<void> {
    const waits = await Promise.all(this.movers.map((mover) => this.move(mover)));
    this.dueAt = performance.now() + Math.min(LOOK_MS, ...waits);
    if (performance.now() - this.syncedAt < SYNC_MS) return;
    this.syncedAt = performance.now();
    await this.clock.sync(this.redis.client).catch(() => undefined);
  }

  /** Returns after how many ms the next one is due. */
  private async move(mover: DueMover): Promise<number> {
    // Whoever appends waits for the server and says so; here the next look comes anyway.
    const work = { signal: this.meter.signal, waiting: () => undefined, patienceMs: 0 };
    try {
      for (;;) {
        const page = await mover.step(work);
        this.tellLost(mover.stream, page.lost);
        if (this.stopped || !moreIsDue(page))
          return page.nextDueMs === null ? LOOK_MS : Math.max(0, page.nextDueMs - page.nowMs);
      }
    } catch (error) {
      if (error instanceof Interrupted) return LOOK_MS;
      if (!isQctlError(error)) throw error;
      // Who may not look at what waits need not hear of it before something does.
      const matters = error.kind !== 'auth' || this.meter.counts.scheduled > 0;
      if (matters && isRetryable(error, this.redis.kind) === undefined) this.tell(error.message);
      return LOOK_MS;
    }
  }

  private tellLost(stream: string, lost: number): void {
    if (lost > 0)
      this.meter.note(
        `${lost} ${plural(lost, 'message')} that waited for stream ${stream} lost the content in Redis`,
      );
  }

  private tell(text: string): void {
    if (this.told.has(text)) return;
    this.told.add(text);
    this.meter.note(`scheduled messages wait on: ${text}`);
  }
}
