import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Arrivals } from '../arrivals/arrivals.ts';
import type { PayloadMaker } from '../payload/payload.ts';
import type { Tally } from '../tally/tally.ts';
import type { Outgoing, Producer } from '../targets/target.ts';
import type { GeneratorWatch } from './generator-watch.ts';
import type { Meter } from './meter.ts';

/** So many are handed over before the rest of the process gets its turn. */
const TURN = 2000;
/** Bodies that wait are bounded, too. */
const MOST_WAITING_BYTES = 256 * 1024 * 1024;
/** The longest sleep: signals and the end are seen. */
const LONGEST_SLEEP_MS = 100;

/** What a {@link Feeder} works with. */
export interface FeederParts {
  tally: Tally;
  meter: Meter;
  watch: GeneratorWatch;
  payload: PayloadMaker;
  producers: readonly Producer[];
  /** Messages that may wait before further ones are dropped. */
  backlog: number;
  /** `performance.now()` of the start. */
  startMs: number;
}

/** Hands messages over to producers: at their time, whatever the target does, or as fast as the target confirms. */
export class Feeder {
  readonly #parts: FeederParts;
  readonly #batches: Outgoing[][];
  readonly #most: number;
  #seq = 0;

  constructor(parts: FeederParts) {
    this.#parts = parts;
    this.#batches = parts.producers.map(() => []);
    const fitting = Math.floor(MOST_WAITING_BYTES / Math.max(1, parts.payload.meanBytes));
    this.#most = Math.max(1, Math.min(parts.backlog, fitting));
  }

  /** An open loop: keeps the schedule until its end, or until the signal. */
  async keep(arrivals: Arrivals, signal: AbortSignal): Promise<void> {
    const { total } = arrivals;
    while (this.#seq < total && !signal.aborted) {
      const now = performance.now() - this.#parts.startMs;
      let nextMs = arrivals.dueMs(this.#seq);
      let room = this.#room();
      const end = Math.min(total, this.#seq + TURN);
      while (this.#seq < end && nextMs <= now) {
        this.#hand(nextMs, now, room > 0);
        room -= 1;
        nextMs = this.#seq < total ? arrivals.dueMs(this.#seq) : Number.POSITIVE_INFINITY;
      }
      this.#sendAll();
      const leftMs = nextMs - (performance.now() - this.#parts.startMs);
      if (leftMs <= 0) await setImmediate();
      else await sleep(Math.max(1, Math.min(leftMs, LONGEST_SLEEP_MS)));
    }
    // The schedule may end a while after its last message.
    for (;;) {
      const leftMs = arrivals.durationMs - (performance.now() - this.#parts.startMs);
      if (leftMs <= 0 || signal.aborted) return;
      await sleep(Math.min(leftMs, LONGEST_SLEEP_MS));
    }
  }

  /** A closed loop: as many under way as the producers take at once. */
  async push(
    limits: { durationMs: number | null; count: number | null; window: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { durationMs, count, window } = limits;
    while (!signal.aborted && (count === null || this.#seq < count)) {
      const now = performance.now() - this.#parts.startMs;
      if (durationMs !== null && now >= durationMs) return;
      const open = this.#open();
      const end = Math.min(count ?? Number.POSITIVE_INFINITY, this.#seq + Math.min(TURN, window - open));
      while (this.#seq < end) this.#hand(now, now, true);
      this.#sendAll();
      await setImmediate();
    }
  }

  get handed(): number {
    return this.#seq;
  }

  #hand(dueMs: number, nowMs: number, fits: boolean): void {
    const { tally, meter, watch, payload, startMs, producers } = this.#parts;
    const seq = this.#seq;
    this.#seq += 1;
    const { body, crc, key, keyIndex } = payload.next(seq);
    tally.plan(seq, dueMs + startMs, crc, keyIndex);
    watch.handedOver(nowMs - dueMs);
    meter.handedOver(dueMs + startMs, nowMs + startMs);
    if (!fits) {
      tally.drop(seq);
      return;
    }
    const at = (keyIndex >= 0 ? keyIndex : seq) % producers.length;
    this.#batches[at]!.push({ seq, id: tally.idOf(seq), key, body });
  }

  #sendAll(): void {
    for (const [at, batch] of this.#batches.entries()) {
      if (batch.length === 0) continue;
      this.#parts.producers[at]!.send(batch);
      this.#batches[at] = [];
    }
  }

  #room(): number {
    return this.#most - this.#open();
  }

  #open(): number {
    let open = 0;
    for (const producer of this.#parts.producers) open += producer.open;
    return open;
  }
}
