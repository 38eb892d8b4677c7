import { setMaxListeners } from 'node:events';
import { isRetryableSqs, isThrottle } from '../backends/sqs/index.ts';
import type { Batch } from '../model/batch.ts';
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
  private heldBytes = 0;
  private failure: { error: unknown } | undefined;

  constructor(options: ReceiverCrewOptions) {
    this.options = options;
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
    const { throttle, meter } = this.options;
    while (!this.stopped.signal.aborted && !throttle.exhausted) {
      if (this.heldBytes > HELD_BYTES) {
        await pause(CALM_MS, this.stopped.signal);
        continue;
      }
      const granted = throttle.reserve(SQS_BATCH);
      if (granted === 0) {
        // Others have reserved what is left of the limit; it is theirs to find the queue empty.
        this.empty[index] = true;
        await pause(CALM_MS, this.stopped.signal);
        continue;
      }
      let used = 0;
      try {
        const batch = await this.receive(index, granted);
        used = batch?.count ?? 0;
        if (batch) await this.carry(batch);
      } finally {
        throttle.use(granted, used);
      }
      await throttle.pace(used, meter.signal);
    }
  }

  private async receive(index: number, limit: number): Promise<HeldBatch | undefined> {
    const { source, sourceLabel, meter } = this.options;
    const who = `receiver ${index + 1}`;
    const reason = (error: unknown): string | undefined => {
      if (this.stopped.signal.aborted) return undefined;
      this.empty[index] = false;
      const why = isThrottle(error) ? 'SQS asks to slow down' : isRetryableSqs(error);
      return why === undefined ? undefined : `${sourceLabel}: ${why}`;
    };
    try {
      const batch = await patiently(
        { waiting: (_, why) => meter.waiting(who, why), signal: this.stopped.signal },
        who,
        reason,
        () => receive(source, limit, this.stopped.signal),
      );
      this.empty[index] = batch === undefined;
      return batch;
    } catch (error) {
      if (this.stopped.signal.aborted) return undefined;
      throw error;
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
