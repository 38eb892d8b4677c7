import { setMaxListeners } from 'node:events';
import { eitherSignal } from '../model/either-signal.ts';
import type { Membership, RunView } from './membership.ts';

/** A lane in hand, as whoever works on it sees it. */
export interface LaneInHand {
  /** Set anew where the lane was claimed once more: with this one it is released. */
  fence: string;
  /** Ends a pause at once when the lane is to be given up. */
  signal: AbortSignal;
  /** Whether the lane should be given up after the unit at hand. */
  shouldStop(): boolean;
  /** Told whether the lane found nothing to do. */
  idle(nothing: boolean): void;
  /** Told whether a brake or an operator holds the lane. */
  held(standing: boolean): void;
}

export interface HandsOptions {
  lanes: number;
  membership: Membership;
  /** Works on a lane until it should stop. An error ends the whole crew. */
  work(lane: number, hand: LaneInHand): Promise<void>;
  /** Ends a lane's pause where it is to be given up and the crew goes on. */
  wake?(): void;
  /** Aborted when the run has to end. */
  signal: AbortSignal;
  /** Whether the run has taken all that it was allowed to. */
  exhausted(): boolean;
}

interface Worker {
  stopping: boolean;
  idle: boolean;
  held: boolean;
  ended: Promise<void>;
}

/** The lanes that this process holds: takes what is free, gives back what is more than its share. */
export class LaneHands {
  private readonly options: HandsOptions;
  private readonly workers = new Map<number, Worker>();
  private readonly stopped = new AbortController();
  private stopping = false;
  private failure: { error: unknown } | undefined;

  constructor(options: HandsOptions) {
    this.options = options;
    // Every lane listens, and Node would warn of more than ten.
    setMaxListeners(0, this.stopped.signal);
  }

  /** Takes and gives back lanes, by who is alive. Throws what a worker has failed with. */
  async balance(view: RunView): Promise<void> {
    this.throwFailure();
    if (this.stopping) return;
    const share = Math.ceil(this.options.lanes / Math.max(1, view.alive.size));
    this.giveUp([...this.workers.values()].slice(share));
    for (let lane = 0; lane < this.options.lanes && this.workers.size < share; lane += 1) {
      if (!this.workers.has(lane) && !view.lanes.has(lane)) await this.take(lane, view.gone);
    }
  }

  /** Gives up what it holds, once each unit at hand has ended; the next balance takes lanes again. */
  giveUpAll(): void {
    this.giveUp([...this.workers.values()]);
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

  /** Returns when every lane has been given up. Throws what a worker has failed with. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.stopped.abort();
    await Promise.all([...this.workers.values()].map((worker) => worker.ended));
    this.throwFailure();
  }

  private giveUp(workers: Worker[]): void {
    for (const worker of workers) worker.stopping = true;
    if (workers.length > 0) this.options.wake?.();
  }

  private async take(lane: number, gone: string[]): Promise<void> {
    const fence = await this.options.membership.claim(lane, gone);
    if (fence === undefined) return;
    const worker: Worker = { stopping: false, idle: false, held: false, ended: Promise.resolve() };
    this.workers.set(lane, worker);
    worker.ended = this.work(lane, fence, worker);
  }

  private async work(lane: number, fence: string, worker: Worker): Promise<void> {
    const { signal, exhausted } = this.options;
    const stopping = eitherSignal(this.stopped.signal, signal);
    const hand: LaneInHand = {
      fence,
      signal: stopping.signal,
      shouldStop: () => this.stopping || worker.stopping || signal.aborted || exhausted(),
      idle: (nothing) => {
        worker.idle = nothing;
      },
      held: (standing) => {
        worker.held = standing;
      },
    };
    try {
      await this.options.work(lane, hand);
    } catch (error) {
      this.failure ??= { error };
      this.stopping = true;
    } finally {
      stopping.dispose();
      await this.options.membership.release(lane, hand.fence).catch(() => undefined);
      this.workers.delete(lane);
    }
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }
}
