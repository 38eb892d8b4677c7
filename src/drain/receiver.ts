import { isGone, isRetryableSqs, isThrottle } from '../backends/sqs/index.ts';
import { eitherSignal } from '../model/either-signal.ts';
import { patiently, pause } from '../model/patience.ts';
import { type HeldBatch, receive } from '../sources/sqs/index.ts';
import { confirmHeld } from './confirm-held.ts';
import type { CrewState, ReceiverCrewOptions } from './receiver-crew.ts';
import type { ReceiverGauge } from './receiver-gauge.ts';

const SQS_BATCH = 10;
const CALM_MS = 20;
const HELD_MS = 100;
/** A receive that is about to be answered is waited for: what it brings would stay invisible until its time is over. */
const GRACE_MS = 1000;

export interface ReceiverWork extends ReceiverCrewOptions {
  state: CrewState;
  gauge: ReceiverGauge;
  stopped: AbortSignal;
  /** Whether as much is held as may be. */
  isFull(): boolean;
}

/** One loop that receives, appends and deletes. */
export class Receiver {
  /** Set from outside: to end after the batch at hand. */
  retiring = false;
  /** Whether the last answer held nothing to be appended. */
  foundNothing = false;
  /** When the long poll under way began. */
  pollingSince: number | undefined;
  readonly name: string;
  private readonly of: ReceiverWork;
  /** Whether the last answer brought nothing at all. */
  private quiet = false;

  constructor(index: number, work: ReceiverWork) {
    this.name = `receiver ${index + 1}`;
    this.of = work;
  }

  /** Works until it is told to stop, or the limit is reached. */
  async work(): Promise<void> {
    const { throttle, stopped, isFull } = this.of;
    while (!stopped.aborted && !this.retiring && !throttle.exhausted) {
      if (isFull()) {
        await pause(CALM_MS, stopped);
        continue;
      }
      const granted = throttle.reserve(SQS_BATCH);
      if (granted === 0) {
        // Others have reserved what is left of the limit; it is theirs to find the queue empty.
        this.foundNothing = true;
        await pause(throttle.held ? HELD_MS : CALM_MS, stopped);
        continue;
      }
      let used = 0;
      let bytes = 0;
      try {
        const batch = await this.receive(granted);
        used = batch?.count ?? 0;
        bytes = batch?.bytes ?? 0;
        if (batch) await this.carry(batch);
      } finally {
        throttle.use(granted, used);
      }
      await throttle.pace(used, stopped, bytes);
    }
  }

  private async receive(limit: number): Promise<HeldBatch | undefined> {
    const { source, meter, stopped, throttle } = this.of;
    // A pause ends a long poll that is still under way: what came in it would be taken in spite of the pause.
    const until = this.untilStopped();
    const polling = eitherSignal(until.signal, throttle.pollsEnd);
    try {
      const batch = await patiently(
        { waiting: (_, why) => meter.waiting(this.name, why), signal: stopped },
        this.name,
        this.whyWait(polling.signal),
        () => this.poll(() => receive(source, limit, polling.signal)),
      );
      this.foundNothing = batch === undefined || batch.count === 0;
      this.quiet = batch === undefined;
      if (!stopped.aborted) return batch;
      await batch?.release();
      return undefined;
    } catch (error) {
      if (polling.signal.aborted) {
        meter.waiting(this.name, null);
        return undefined;
      }
      if (stopped.aborted || (this.retiring && isRetryableSqs(error) !== undefined)) return undefined;
      throw error;
    } finally {
      polling.dispose();
      until.end();
    }
  }

  /**
   * Aborted with the crew where nothing is to be expected, else a moment later. SQS may go on with a
   * long poll that nobody listens to, and what is given back to the queue would go there: then all end by themselves.
   */
  private untilStopped(): { signal: AbortSignal; end(): void } {
    const { stopped, source } = this.of;
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      const whole =
        source.passedOver && source.passedOver.size > 0 ? source.waitSeconds * 1000 + GRACE_MS : 0;
      timer = setTimeout(() => controller.abort(), whole || (this.quiet ? 0 : GRACE_MS));
    };
    if (stopped.aborted) stop();
    else stopped.addEventListener('abort', stop, { once: true });
    return {
      signal: controller.signal,
      end: () => {
        clearTimeout(timer);
        stopped.removeEventListener('abort', stop);
      },
    };
  }

  private async poll(action: () => Promise<HeldBatch | undefined>): Promise<HeldBatch | undefined> {
    const since = performance.now();
    this.pollingSince = since;
    try {
      const batch = await action();
      this.of.gauge.polled(since, batch === undefined);
      return batch;
    } finally {
      this.pollingSince = undefined;
    }
  }

  /** Judges errors; a queue that is gone is waited for, since it may be made anew, but not for ever. */
  private whyWait(ended: AbortSignal): (error: unknown) => string | undefined {
    const { sourceLabel, goneMs, stopped } = this.of;
    let goneSince: number | undefined;
    return (error) => {
      if (ended.aborted || stopped.aborted) return undefined;
      this.foundNothing = false;
      if (this.retiring) return undefined;
      if (isGone(error)) {
        goneSince ??= performance.now();
        if (performance.now() - goneSince >= goneMs) return undefined;
        return `${sourceLabel}: the queue does not exist any more`;
      }
      goneSince = undefined;
      const why = isThrottle(error) ? 'SQS asks to slow down' : isRetryableSqs(error);
      return why === undefined ? undefined : `${sourceLabel}: ${why}`;
    };
  }

  private async carry(batch: HeldBatch): Promise<void> {
    const { sink, meter, pack, keep, elsewhere, state, gauge } = this.of;
    const { counts } = meter;
    const { bytes, count } = batch;
    state.heldBytes += bytes;
    state.heldMessages += count;
    this.noteAge(batch);
    try {
      await keep?.(batch);
      if (elsewhere.size > 0) await this.deleteElsewhere(batch, elsewhere);
      if (batch.count === 0) return;
      const result = await sink.append(pack(batch), batch.mark);
      counts.read += batch.count;
      counts.appended += result.appended;
      counts.duplicatesSuppressed += result.suppressed;
      counts.quarantined += result.quarantined;
      counts.scheduled += result.scheduled;
      const deleted = new Set(await batch.delete(result.held.flatMap(({ ids }) => ids)));
      await confirmHeld(this.of, batch, result.held, deleted);
      gauge.settle(deleted.size);
    } catch (error) {
      // Interrupted or failed before it stood in the target: others may have it at once.
      await batch.release();
      throw error;
    } finally {
      batch.letGo();
      state.heldBytes -= bytes;
      state.heldMessages -= count;
    }
  }

  private noteAge(batch: HeldBatch): void {
    const { meter } = this.of;
    for (const { enqueuedAt } of batch.messages()) {
      if (enqueuedAt === undefined) continue;
      meter.oldestMs = Math.min(meter.oldestMs ?? Number.POSITIVE_INFINITY, Date.parse(enqueuedAt));
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
    this.of.meter.deletedElsewhere += known.length;
    this.of.meter.counts.duplicatesSuppressed += known.length;
  }
}
