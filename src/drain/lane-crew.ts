import { setMaxListeners } from 'node:events';
import { isRetryable } from '../backends/redis/errors.ts';
import type { Batch } from '../model/batch.ts';
import { eitherSignal } from '../model/either-signal.ts';
import { Interrupted, patiently } from '../model/patience.ts';
import { LaneFenced, type RedisStreamSink, SettledLost } from '../sinks/index.ts';
import type { LaneReader } from '../sources/source.ts';
import type { Entries } from '../transform/pack.ts';
import type { Alarm } from './alarm.ts';
import { type LaneWork, workLane } from './lane-worker.ts';
import type { Membership, RunView } from './membership.ts';
import type { Meter } from './meter.ts';
import type { Throttle } from './throttle.ts';
import type { Tuned } from './tunable.ts';

/** What every lane of this process shares. */
export interface CrewOptions {
  lanes: number;
  /** Whether the source lets go of what has been appended. */
  settles: boolean;
  membership: Membership;
  sink: RedisStreamSink;
  meter: Meter;
  throttle: Throttle;
  batch: number;
  sourceLabel: string;
  targetLabel: string;
  pack(batch: Batch): Entries;
  /** Keeps a batch elsewhere before it is appended, so that it is kept before it is settled. */
  keep?(batch: Batch): Promise<void>;
  /** @param batch messages that one append writes */
  reader(lane: number, batch: number): LaneReader;
  alarm: Alarm;
}

interface Worker {
  fence: string;
  stopping: boolean;
  idle: boolean;
  held: boolean;
  ended: Promise<void>;
}

/** The lanes that this process holds: takes what is free, gives back what is more than its share. */
export class LaneCrew {
  private readonly options: CrewOptions;
  private readonly workers = new Map<number, Worker>();
  private readonly stopped = new AbortController();
  private stopping = false;
  /** What the lanes have found to be on neither side. */
  private lost = { count: 0, ids: [] as string[] };
  private batch: number;
  private failure: { error: unknown } | undefined;

  constructor(options: CrewOptions) {
    this.options = options;
    // Every lane listens, and Node would warn of more than ten.
    setMaxListeners(0, this.stopped.signal);
    this.batch = options.batch;
  }

  /** From the next unit on every append writes so many; the lanes are given up and taken again. */
  tune({ batch }: Tuned): void {
    if (batch === this.batch) return;
    this.batch = batch;
    for (const worker of this.workers.values()) worker.stopping = true;
    this.options.alarm.ring();
  }

  /** Takes and gives back lanes, by who is alive. Throws what a worker has failed with. */
  async balance(view: RunView): Promise<void> {
    this.throwFailure();
    if (this.stopping) return;
    const share = Math.ceil(this.options.lanes / Math.max(1, view.alive.size));
    const surplus = [...this.workers.entries()].slice(share);
    for (const [, worker] of surplus) worker.stopping = true;
    if (surplus.length > 0) this.options.alarm.ring();
    for (let lane = 0; lane < this.options.lanes && this.workers.size < share; lane += 1) {
      if (!this.workers.has(lane) && !view.lanes.has(lane)) await this.take(lane, view.gone);
    }
  }

  /**
   * Whether no lane of this process has anything to do, and none waits for somebody to take it.
   * `held`: those that a brake holds count as well.
   */
  isIdle(view: RunView, held = false): boolean {
    this.throwFailure();
    const free = Array.from({ length: this.options.lanes }, (_, lane) => lane).some(
      (lane) => !this.workers.has(lane) && !view.lanes.has(lane),
    );
    return !free && [...this.workers.values()].every((worker) => worker.idle || (held && worker.held));
  }

  holdsLane(): boolean {
    return this.workers.size > 0;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.stopped.abort();
    await Promise.all([...this.workers.values()].map((worker) => worker.ended));
    if (!(this.failure?.error instanceof SettledLost)) this.throwFailure();
    await this.refuseLost();
  }

  /** The lanes lose together: what some have met the others may not have looked at yet, nor the last of them ever. */
  private async refuseLost(): Promise<void> {
    const { sink, settles } = this.options;
    if (!settles) return;
    const others = await sink.losses().catch((error) => {
      if (error instanceof Interrupted) return { gone: 0, goneIds: [] };
      throw error;
    });
    const count = this.lost.count + others.gone;
    if (count > 0) throw sink.lostForGood(count, [...this.lost.ids, ...others.goneIds]);
  }

  private async take(lane: number, gone: string[]): Promise<void> {
    const fence = await this.options.membership.claim(lane, gone);
    if (fence === undefined) return;
    const worker: Worker = { fence, stopping: false, idle: false, held: false, ended: Promise.resolve() };
    this.workers.set(lane, worker);
    worker.ended = this.work(lane, worker);
  }

  private async work(lane: number, worker: Worker): Promise<void> {
    const { sink, meter, throttle, sourceLabel, pack, keep, alarm } = this.options;
    const { batch } = this;
    const stopping = eitherSignal(this.stopped.signal, meter.signal);
    const job: LaneWork = {
      lane,
      fence: worker.fence,
      reader: this.options.reader(lane, batch),
      sink,
      pack,
      keep,
      meter,
      throttle,
      batch,
      sourceLabel,
      reclaim: async () => {
        worker.fence = await this.reclaim(lane, worker.fence);
        return worker.fence;
      },
      fenced: (by) => this.options.membership.sawFence(by),
      signal: stopping.signal,
      shouldStop: () => this.stopping || worker.stopping || meter.signal.aborted || throttle.exhausted,
      idle: (nothing) => {
        worker.idle = nothing;
      },
      held: (standing) => {
        worker.held = standing;
      },
      alarm,
    };
    try {
      await workLane(job);
    } catch (error) {
      if (error instanceof SettledLost)
        this.lost = { count: this.lost.count + error.count, ids: [...this.lost.ids, ...error.ids] };
      this.failure ??= { error };
      this.stopping = true;
    } finally {
      stopping.dispose();
      await this.options.membership.release(lane, worker.fence).catch(() => undefined);
      this.workers.delete(lane);
    }
  }

  private async reclaim(lane: number, fence: string): Promise<string> {
    const { membership, meter, targetLabel } = this.options;
    const again = await patiently(meter, targetLabel, isRetryable, () => membership.claim(lane, []));
    if (again === undefined) throw new LaneFenced(lane, fence);
    return again;
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }
}
