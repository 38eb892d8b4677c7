import { setMaxListeners } from 'node:events';
import type { Receivers } from '../events.ts';
import type { Batch } from '../model/batch.ts';
import { Interrupted } from '../model/patience.ts';
import { type RedisStreamSink, SettledLost } from '../sinks/index.ts';
import type { PassedOver, ReceiverOptions } from '../sources/sqs/index.ts';
import type { Entries } from '../transform/pack.ts';
import type { Meter } from './meter.ts';
import { Receiver } from './receiver.ts';
import { ReceiverGauge } from './receiver-gauge.ts';
import { type ReceiverBounds, ReceiverTuner, type Tuning } from './receiver-tuner.ts';
import type { Throttle } from './throttle.ts';

/** Bodies held by all receivers together; above it the next receive waits. */
const HELD_BYTES = 64 * 1024 * 1024;
const LOOK_MS = 100;
/** How often the tuner is asked. */
const STRETCH_MS = 1000;
/** While it still climbs it is asked as soon as every receiver has been answered twice. */
const SHORT_STRETCH_MS = 250;
const ANSWERS_EACH = 2;

export interface ReceiverCrewOptions {
  bounds: ReceiverBounds;
  source: ReceiverOptions;
  sourceLabel: string;
  sink: RedisStreamSink;
  meter: Meter;
  throttle: Throttle;
  pack(batch: Batch): Entries;
  /** Keeps a batch elsewhere before anything of it is deleted. */
  keep?(batch: Batch): Promise<void>;
  /** Ids that an abandoned run has brought to its own target already: deleted, not appended. */
  elsewhere: Set<string>;
  /** How long a queue that is gone is waited for. */
  goneMs: number;
  /** Told the bounds whenever they change, so that there are sockets enough. */
  resized?(max: number): void;
}

/** How much the receivers hold together. */
export interface CrewState {
  heldBytes: number;
  /** Messages received and neither deleted nor given back. */
  heldMessages: number;
}

interface Member {
  receiver: Receiver;
  ended: Promise<void>;
}

/** Receivers that work side by side, as many as help; each receives, appends, deletes, and then receives again. */
export class ReceiverCrew {
  readonly state: CrewState = { heldBytes: 0, heldMessages: 0 };
  private readonly options: ReceiverCrewOptions;
  private readonly members = new Map<number, Member>();
  private readonly stopped = new AbortController();
  private readonly gauge = new ReceiverGauge();
  private readonly tuner: ReceiverTuner;
  private readonly timer: NodeJS.Timeout;
  private bounds: ReceiverBounds;
  private failure: { error: unknown } | undefined;

  constructor(options: ReceiverCrewOptions) {
    this.options = options;
    this.bounds = options.bounds;
    this.tuner = new ReceiverTuner(options.bounds);
    // Every receiver listens, and Node would warn of more than ten.
    setMaxListeners(0, this.stopped.signal, options.meter.signal);
    options.meter.signal.addEventListener('abort', () => this.stopped.abort(), { once: true });
    if (options.meter.signal.aborted) this.stopped.abort();
    options.resized?.(options.bounds.max);
    this.apply(this.tuner.now);
    this.timer = setInterval(() => this.tune(), LOOK_MS);
  }

  /** Whether every receiver's last answer held nothing for it. Throws what a receiver has failed with. */
  isIdle(): boolean {
    if (this.failure) throw this.failure.error;
    return [...this.members.values()].every(({ receiver }) => receiver.foundNothing);
  }

  /** Messages in flight because of this process. */
  get holding(): number {
    return this.state.heldMessages + (this.passedOver?.size ?? 0);
  }

  get passedOver(): PassedOver | undefined {
    return this.options.source.passedOver;
  }

  /** Takes other bounds from now on. A receiver that is to stop finishes its batch. */
  rebound(bounds: ReceiverBounds): void {
    this.bounds = bounds;
    this.options.resized?.(bounds.max);
    this.apply(this.tuner.rebound(bounds));
  }

  /** What an operator has set for the whole run; undefined: as this process was told. */
  within(range: ReceiverBounds | undefined): void {
    const { min, max } = range ?? this.options.bounds;
    if (min !== this.bounds.min || max !== this.bounds.max) this.rebound({ min, max });
  }

  /** SQS has asked to slow down. */
  throttled(): void {
    this.gauge.throttle();
  }

  /** Looks whether the target has gone back while nothing was written. Throws what a receiver has failed with. */
  async look(): Promise<void> {
    if (this.failure) throw this.failure.error;
    await this.options.sink.lookAtLedger();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort();
    await Promise.all([...this.members.values()].map(({ ended }) => ended));
    if (this.failure && !(this.failure.error instanceof SettledLost)) throw this.failure.error;
    // Only now is all of it known, and the last of it would not be noticed otherwise.
    const { sink } = this.options;
    const lost = await sink.missing().catch((error) => {
      if (error instanceof Interrupted) return [];
      throw error;
    });
    if (lost.length > 0) throw sink.lostForGood(lost.length, lost);
  }

  private tune(): void {
    const { gauge, tuner, members } = this;
    const early = tuner.eager && gauge.answers >= ANSWERS_EACH * members.size;
    if (gauge.elapsedMs < (early ? SHORT_STRETCH_MS : STRETCH_MS)) return;
    const receivers = [...members.values()].map(({ receiver }) => receiver);
    const { meter } = this.options;
    const sample = gauge.take({
      waiting: receivers.filter(
        ({ pollingSince }) => pollingSince !== undefined && gauge.isLong(pollingSince),
      ).length,
      held: this.state.heldBytes / HELD_BYTES,
      blocked: meter.isWaiting(['receiver', 'queue']),
    });
    this.apply(tuner.next(sample));
  }

  /** Starts what is missing and lets go what is too much. */
  private apply({ wanted, why }: Tuning): void {
    const { throttle } = this.options;
    if (!this.stopped.signal.aborted && !throttle.exhausted) {
      const members = [...this.members.entries()].sort(([a], [b]) => a - b);
      for (const [index, { receiver }] of members) receiver.retiring = index >= wanted;
      for (let index = 0; index < wanted; index += 1) if (!this.members.has(index)) this.start(index);
    }
    const receivers: Receivers = { active: wanted, ...this.bounds, why };
    this.options.meter.receivers = receivers;
  }

  private start(index: number): void {
    const receiver = new Receiver(index, {
      ...this.options,
      state: this.state,
      gauge: this.gauge,
      stopped: this.stopped.signal,
      isFull: () => this.state.heldBytes > HELD_BYTES,
    });
    this.members.set(index, { receiver, ended: this.guard(index, receiver) });
  }

  private async guard(index: number, receiver: Receiver): Promise<void> {
    try {
      await receiver.work();
    } catch (error) {
      if (error instanceof Interrupted) return;
      this.failure ??= { error };
      this.stopped.abort();
    } finally {
      this.options.meter.waiting(receiver.name, null);
      if (receiver.retiring) this.members.delete(index);
    }
  }
}
