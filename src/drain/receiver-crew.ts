import { setMaxListeners } from 'node:events';
import { isRetryableSqs, isThrottle } from '../backends/sqs/index.ts';
import type { Batch } from '../model/batch.ts';
import { eitherSignal } from '../model/either-signal.ts';
import type { Range } from '../model/limits.ts';
import { Interrupted, patiently, pause } from '../model/patience.ts';
import type { RedisStreamSink } from '../sinks/index.ts';
import { type HeldBatch, type ReceiverOptions, receive } from '../sources/sqs/index.ts';
import type { Entries } from '../transform/pack.ts';
import type { Meter } from './meter.ts';
import type { Throttle } from './throttle.ts';

const SQS_BATCH = 10;
/** Bodies held by all receivers together; above it the next receive waits. */
const HELD_BYTES = 64 * 1024 * 1024;
const CALM_MS = 20;
/** Held by a brake or an operator, or more than are wanted. */
const HELD_MS = 200;

export interface ReceiverCrewOptions {
  receivers: number;
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
}

/** Receivers that work side by side; each receives, appends, deletes, and then receives again. */
export class ReceiverCrew {
  private readonly options: ReceiverCrewOptions;
  /** Per receiver, whether its last long poll came back empty. */
  private readonly empty: boolean[];
  private readonly stopped = new AbortController();
  private readonly running: Promise<void>[];
  /** How many of the receivers are to work; the others stand by. */
  private wanted: number;
  private heldBytes = 0;
  private failure: { error: unknown } | undefined;

  constructor(options: ReceiverCrewOptions) {
    this.options = options;
    this.wanted = options.receivers;
    this.empty = Array.from({ length: options.receivers }, () => false);
    // Every receiver listens, and Node would warn of more than ten.
    setMaxListeners(0, this.stopped.signal, options.meter.signal);
    options.meter.signal.addEventListener('abort', () => this.stopped.abort(), { once: true });
    if (options.meter.signal.aborted) this.stopped.abort();
    this.running = this.empty.map((_, index) => this.guard(index));
  }

  /** Whether every receiver's last answer was empty. Throws what a receiver has failed with. */
  isIdle(): boolean {
    if (this.failure) throw this.failure.error;
    return this.empty.every(Boolean);
  }

  /** Lets so many receivers work from now on, the most of the range; undefined: as many as it began with. */
  within(range: Range | undefined): void {
    this.wanted = range?.max ?? this.options.receivers;
    while (this.running.length < this.wanted && !this.stopped.signal.aborted) {
      this.empty.push(false);
      this.running.push(this.guard(this.running.length));
    }
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await Promise.all(this.running);
    if (this.failure) throw this.failure.error;
  }

  private async guard(index: number): Promise<void> {
    try {
      await this.work(index);
    } catch (error) {
      if (error instanceof Interrupted) return;
      this.failure ??= { error };
      this.stopped.abort();
    }
  }

  private async work(index: number): Promise<void> {
    const { throttle } = this.options;
    while (!this.stopped.signal.aborted && !throttle.exhausted) {
      if (this.heldBytes > HELD_BYTES) {
        await pause(CALM_MS, this.stopped.signal);
        continue;
      }
      const granted = index < this.wanted ? throttle.reserve(SQS_BATCH) : 0;
      if (granted === 0) {
        // Others have reserved what is left of the limit; it is theirs to find the queue empty.
        this.empty[index] = true;
        await pause(throttle.held || index >= this.wanted ? HELD_MS : CALM_MS, this.stopped.signal);
        continue;
      }
      let used = 0;
      let bytes = 0;
      try {
        const batch = await this.receive(index, granted);
        used = batch?.count ?? 0;
        bytes = batch?.bytes ?? 0;
        if (batch) await this.carry(batch);
      } finally {
        throttle.use(granted, used);
      }
      await throttle.pace(used, this.stopped.signal, bytes);
    }
  }

  private async receive(index: number, limit: number): Promise<HeldBatch | undefined> {
    const { source, sourceLabel, meter } = this.options;
    const who = `receiver ${index + 1}`;
    // A pause ends a long poll that is still under way: what came in it would be taken in spite of the pause.
    const polling = eitherSignal(this.stopped.signal, this.options.throttle.pollsEnd);
    const reason = (error: unknown): string | undefined => {
      if (polling.signal.aborted) return undefined;
      this.empty[index] = false;
      const why = isThrottle(error) ? 'SQS asks to slow down' : isRetryableSqs(error);
      return why === undefined ? undefined : `${sourceLabel}: ${why}`;
    };
    try {
      const batch = await patiently(
        { waiting: (_, why) => meter.waiting(who, why), signal: polling.signal },
        who,
        reason,
        () => receive(source, limit, polling.signal),
      );
      this.empty[index] = batch === undefined;
      return batch;
    } catch (error) {
      if (!polling.signal.aborted) throw error;
      meter.waiting(who, null);
      return undefined;
    } finally {
      polling.dispose();
    }
  }

  private async carry(batch: HeldBatch): Promise<void> {
    const { sink, meter, pack, keep, elsewhere } = this.options;
    const { counts } = meter;
    this.heldBytes += batch.bytes;
    try {
      await keep?.(batch);
      if (elsewhere.size > 0) await this.deleteElsewhere(batch, elsewhere);
      if (batch.count === 0) return;
      const result = await sink.append(pack(batch), batch.mark);
      counts.read += batch.count;
      counts.appended += result.appended;
      counts.duplicatesSuppressed += result.suppressed;
      counts.quarantined += result.quarantined;
      const deleted = new Set(await batch.delete(result.held.flatMap(({ ids }) => ids)));
      counts.settled += await sink.confirm(result.held, deleted);
    } catch (error) {
      // Interrupted or failed before it stood in the target: others may have it at once.
      await batch.release();
      throw error;
    } finally {
      batch.letGo();
      this.heldBytes -= batch.bytes;
    }
  }

  private async deleteElsewhere(batch: HeldBatch, elsewhere: Set<string>): Promise<void> {
    const known = batch
      .messages()
      .filter((message) => elsewhere.has(message.id))
      .map((message) => message.id);
    if (known.length === 0) return;
    await batch.delete(known);
    batch.drop(known);
    this.options.meter.counts.duplicatesSuppressed += known.length;
  }
}
