import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadProfile } from '../profile/profile.ts';
import type { Tally } from '../tally/tally.ts';
import type { Seen } from '../tally/trip.ts';
import type { Consumer, Delivery } from '../targets/target.ts';
import type { Meter } from './meter.ts';
import { workMs } from './work.ts';

/** How long a look waits for the first message. */
const WAIT_MS = 500;
/** Pause after a call that failed. */
const PAUSE_MS = 100;

/** What one consumer works with. */
export interface WorkerParts {
  profile: LoadProfile;
  tally: Tally;
  meter: Meter;
  group: number;
  consumer: Consumer;
  /** Messages that are not of this run are not acknowledged: they would be gone. */
  leaveForeign: boolean;
  random: () => number;
  onError: (error: unknown) => void;
}

interface Held extends Seen {
  delivery: Delivery;
  atMs: number;
}

/** One consumer at work: takes, works, acknowledges; some messages fail, and at some it dies, as the profile says. */
export class Worker {
  readonly group: number;
  readonly consumer: Consumer;
  readonly #parts: WorkerParts;
  #over = false;
  #acknowledging: Promise<void> = Promise.resolve();
  idle = false;
  /** Messages that it has got and not acknowledged. */
  inHand = 0;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.group = parts.group;
    this.consumer = parts.consumer;
  }

  /** Works until it is closed or killed. @param onCrash called where it dies of a message */
  async work(onCrash: () => void): Promise<void> {
    const { batch, crash } = this.#parts.profile.consumers;
    // Who works at messages takes no further ones meanwhile.
    const pipelined = this.consumer.pipelined === true && this.#worksInNoTime;
    while (!this.#over) {
      const deliveries = await this.#take(batch);
      if (this.#over || !deliveries) continue;
      await this.#acknowledging;
      this.idle = deliveries.length === 0;
      if (this.idle) continue;
      this.inHand = deliveries.length;
      const held = this.#look(deliveries);
      // Others' messages come back again and again: nothing of this run waits behind them.
      this.idle = this.#parts.leaveForeign && held.every(({ seq }) => seq < 0);
      if (crash > 0 && held.some(() => this.#parts.random() < crash)) return onCrash();
      this.#acknowledging = this.#handle(held);
      if (!pipelined) await this.#acknowledging;
    }
  }

  kill(): void {
    this.#over = true;
    this.consumer.kill();
  }

  async close(): Promise<void> {
    this.#over = true;
    await this.consumer.close();
  }

  get #worksInNoTime(): boolean {
    const { work } = this.#parts.profile.consumers;
    return work.kind === 'fixed' && work.meanMs === 0;
  }

  async #take(count: number): Promise<Delivery[] | undefined> {
    try {
      return await this.consumer.take(count, WAIT_MS);
    } catch (error) {
      if (!this.#over) await this.#failed(error);
      return undefined;
    }
  }

  #look(deliveries: readonly Delivery[]): Held[] {
    const atMs = performance.now();
    return deliveries.map((delivery) => ({
      ...this.#parts.tally.delivered(this.group, delivery),
      delivery,
      atMs,
    }));
  }

  /** Without simulated work all that was taken is acknowledged in one call, else one by one. */
  async #handle(held: readonly Held[]): Promise<void> {
    const { work } = this.#parts.profile.consumers;
    if (this.#worksInNoTime) {
      await this.#finish(held);
      this.inHand = 0;
      return;
    }
    for (const one of held) {
      await sleep(workMs(work, this.#parts.random));
      if (this.#over) return;
      await this.#finish([one]);
      this.inHand -= 1;
    }
  }

  async #finish(held: readonly Held[]): Promise<void> {
    const { failure, maxDeliveries } = this.#parts.profile.consumers;
    const good: Held[] = [];
    const dead: Held[] = [];
    for (const one of held) {
      // Of somebody else: it comes back when this consumer has held it long enough.
      if (one.seq < 0 && this.#parts.leaveForeign) continue;
      if (failure === 0 || this.#parts.random() >= failure) good.push(one);
      else if (one.times >= maxDeliveries) dead.push(one);
    }
    if (good.length > 0) {
      const told = await this.#tell(() => this.consumer.done(good.map(({ delivery }) => delivery)));
      if (told) this.#processed(good);
      else for (const { seq } of good) this.#parts.tally.doubted(this.group, seq);
    }
    if (dead.length > 0 && (await this.#tell(() => this.consumer.bury(dead.map(({ delivery }) => delivery)))))
      for (const { seq } of dead) this.#parts.tally.buried(this.group, seq);
  }

  #processed(held: readonly Held[]): void {
    const now = performance.now();
    for (const { seq, atMs } of held) {
      const trip = this.#parts.tally.processed(this.group, seq);
      if (trip) this.#parts.meter.processed(trip, atMs, now);
    }
  }

  async #tell(telling: () => Promise<void>): Promise<boolean> {
    try {
      await telling();
      return true;
    } catch (error) {
      if (!this.#over) await this.#failed(error);
      return false;
    }
  }

  async #failed(error: unknown): Promise<void> {
    this.idle = false;
    this.#parts.tally.error();
    this.#parts.onError(error);
    await sleep(PAUSE_MS);
  }
}
