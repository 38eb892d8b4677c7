import { setMaxListeners } from 'node:events';
import type { Membership, RunView } from '../membership.ts';
import { type BackLane, workBackLane } from './lane.ts';

/** What the crew needs to make a lane's work. */
export interface BackCrewOptions {
  lanes: number;
  membership: Membership;
  /** Everything of a lane but what the crew knows itself. */
  lane(lane: number, fence: string): Omit<BackLane, 'signal' | 'shouldStop' | 'idle' | 'fenced'>;
  signal: AbortSignal;
  exhausted(): boolean;
}

interface Worker {
  fence: string;
  stopping: boolean;
  idle: boolean;
  ended: Promise<void>;
}

/**
 * The lanes that this process holds, one a stream: takes what is free, gives back what is more than its
 * share. A second process on a single stream stands by.
 */
export class BackCrew {
  private readonly options: BackCrewOptions;
  private readonly workers = new Map<number, Worker>();
  private readonly stopped = new AbortController();
  private stopping = false;
  private failure: { error: unknown } | undefined;

  constructor(options: BackCrewOptions) {
    this.options = options;
    // Every lane listens, and Node would warn of more than ten.
    setMaxListeners(0, this.stopped.signal);
  }

  /** Takes and gives back lanes, by who is alive. Throws what a worker has failed with. */
  async balance(view: RunView): Promise<void> {
    this.throwFailure();
    if (this.stopping) return;
    const share = Math.ceil(this.options.lanes / Math.max(1, view.alive.size));
    for (const [, worker] of [...this.workers].slice(share)) worker.stopping = true;
    for (let lane = 0; lane < this.options.lanes && this.workers.size < share; lane += 1) {
      if (this.workers.has(lane) || view.lanes.has(lane)) continue;
      const fence = await this.options.membership.claim(lane, view.gone);
      if (fence !== undefined) this.take(lane, fence);
    }
  }

  /** Whether no lane of this process has anything to do, and none waits for somebody to take it. */
  isIdle(view: RunView): boolean {
    this.throwFailure();
    const lanes = Array.from({ length: this.options.lanes }, (_, lane) => lane);
    const free = lanes.some((lane) => !this.workers.has(lane) && !view.lanes.has(lane));
    return !free && [...this.workers.values()].every((worker) => worker.idle);
  }

  holdsLane(): boolean {
    return this.workers.size > 0;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.stopped.abort();
    await Promise.all([...this.workers.values()].map((worker) => worker.ended));
    this.throwFailure();
  }

  private take(lane: number, fence: string): void {
    const worker: Worker = { fence, stopping: false, idle: false, ended: Promise.resolve() };
    this.workers.set(lane, worker);
    worker.ended = this.work(lane, worker);
  }

  private async work(lane: number, worker: Worker): Promise<void> {
    const { signal, exhausted } = this.options;
    try {
      await workBackLane({
        ...this.options.lane(lane, worker.fence),
        fenced: (by) => by !== '' && this.options.membership.sawFence(by),
        signal: AbortSignal.any([this.stopped.signal, signal]),
        shouldStop: () => this.stopping || worker.stopping || signal.aborted || exhausted(),
        idle: (nothing) => {
          worker.idle = nothing;
        },
      });
    } catch (error) {
      this.failure ??= { error };
      this.stopping = true;
    } finally {
      await this.options.membership.release(lane, worker.fence).catch(() => undefined);
      this.workers.delete(lane);
    }
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }
}
