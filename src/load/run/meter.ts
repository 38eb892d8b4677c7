import { Histogram } from '../histogram.ts';
import { type Latency, STAGES, type Stage } from '../result.ts';
import type { Trip } from '../tally/trip.ts';

/** Stages of which each second is kept. */
const BY_SECOND = ['enqueue', 'endToEnd'] as const;

/** The times of a run by stage: of the second in hand, and of all measured seconds. */
export class Meter {
  #measuredFromMs = 0;
  readonly #second = byStage();
  readonly #total = byStage();

  /** Messages that are due before it are the warm-up, and are not measured. */
  measureFrom(measuredFromMs: number): void {
    this.#measuredFromMs = measuredFromMs;
  }

  handedOver(dueMs: number, atMs: number): void {
    if (dueMs >= this.#measuredFromMs) this.#second.schedule.record(atMs - dueMs);
  }

  confirmed({ dueMs, sentMs, storedMs }: Trip): void {
    if (dueMs < this.#measuredFromMs) return;
    this.#second.enqueue.record(storedMs - dueMs);
    this.#second.enqueueSent.record(storedMs - sentMs);
  }

  processed({ dueMs, sentMs, storedMs }: Trip, deliveredMs: number, atMs: number): void {
    if (dueMs < this.#measuredFromMs) return;
    const second = this.#second;
    second.endToEnd.record(atMs - dueMs);
    second.endToEndSent.record(atMs - sentMs);
    second.processing.record(atMs - deliveredMs);
    // What is delivered before its confirmation is read here has not waited.
    second.wait.record(storedMs === 0 ? 0 : deliveredMs - storedMs);
  }

  /** Ends the second: what was recorded in it goes to the whole. */
  closeSecond(): Record<(typeof BY_SECOND)[number], Latency | null> {
    const closed = { enqueue: this.#second.enqueue.latency(), endToEnd: this.#second.endToEnd.latency() };
    for (const stage of STAGES) {
      if (this.#second[stage].count === 0) continue;
      this.#total[stage].add(this.#second[stage]);
      this.#second[stage].reset();
    }
    return closed;
  }

  /** Of all closed seconds. */
  latencies(): Record<Stage, Latency | null> {
    const entries = STAGES.map((stage) => [stage, this.#total[stage].latency()]);
    return Object.fromEntries(entries) as Record<Stage, Latency | null>;
  }

  /** Without the cost of the whole: for a look in between. */
  soFar(stage: Stage): { p50: number; p99: number; max: number } | null {
    const total = this.#total[stage];
    if (total.count === 0) return null;
    return { p50: total.at(50)!, p99: total.at(99)!, max: total.at(100)! };
  }
}

function byStage(): Record<Stage, Histogram> {
  return Object.fromEntries(STAGES.map((stage) => [stage, new Histogram()])) as Record<Stage, Histogram>;
}
