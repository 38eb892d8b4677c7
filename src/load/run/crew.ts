import { seededRandom } from '../../model/random.ts';
import type { LoadProfile } from '../profile/profile.ts';
import type { Tally } from '../tally/tally.ts';
import type { Consumer, LoadTarget } from '../targets/target.ts';
import type { Meter } from './meter.ts';
import { Worker, type WorkerParts } from './worker.ts';

/** So many connections are opened at once. */
const OPEN_AT_ONCE = 20;

/** What the consumers of a run work with. */
export interface CrewParts {
  profile: LoadProfile;
  target: LoadTarget;
  tally: Tally;
  meter: Meter;
  /** Given once to each kind of error. */
  onError: (error: unknown) => void;
}

/** The consumers of a run: they take, work and acknowledge until it is over; who dies is replaced. */
export class Crew {
  readonly #parts: CrewParts;
  readonly #random: () => number;
  readonly #workers = new Set<Worker>();
  readonly #loops = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #names = 0;
  #over = false;

  constructor(parts: CrewParts) {
    this.#parts = parts;
    this.#random = seededRandom(parts.profile.seed);
  }

  /** Opens all consumers; rejects as the target does. */
  async open(): Promise<void> {
    const { profile, target } = this.#parts;
    const groups = Array.from(
      { length: profile.consumers.count * target.groups },
      (_, at) => at % target.groups,
    );
    for (let from = 0; from < groups.length && !this.#over; from += OPEN_AT_ONCE) {
      const some = groups.slice(from, from + OPEN_AT_ONCE).map((group) => this.#open(group));
      for (const one of await Promise.allSettled(some)) if (one.status === 'rejected') throw one.reason;
    }
  }

  /** Puts them to work. */
  start(): void {
    for (const worker of this.#workers) this.#run(worker);
  }

  /** Nothing in hand, and the last look of each consumer found nothing. */
  get idle(): boolean {
    return this.#timers.size === 0 && [...this.#workers].every(({ idle }) => idle);
  }

  /** Ends consumers as if they were killed, those with most in hand first. @returns messages that they held */
  kill(count: number, restartMs: number | 'never'): number {
    const victims = [...this.#workers].sort((a, b) => b.inHand - a.inHand).slice(0, count);
    const held = victims.reduce((sum, { inHand }) => sum + inHand, 0);
    for (const victim of victims) this.#end(victim, restartMs);
    return held;
  }

  get size(): number {
    return this.#workers.size;
  }

  cut(): void {
    for (const { consumer } of this.#workers) consumer.cut();
  }

  async close(): Promise<void> {
    this.#over = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.allSettled([...this.#workers].map((worker) => worker.close()));
    await Promise.allSettled([...this.#loops]);
  }

  async #open(group: number): Promise<Worker> {
    this.#names += 1;
    const consumer: Consumer = await this.#parts.target.consumer(group, `c${this.#names}`);
    const { target } = this.#parts;
    // Groups of a stream are the run's own; a queue has all its messages once.
    const leaveForeign = target.kind === 'sqs' && !target.own;
    const parts: WorkerParts = { ...this.#parts, group, consumer, leaveForeign, random: this.#random };
    const worker = new Worker(parts);
    this.#workers.add(worker);
    return worker;
  }

  #run(worker: Worker): void {
    const loop = worker.work(() => this.#end(worker, 0)).finally(() => this.#loops.delete(loop));
    this.#loops.add(loop);
  }

  #end(worker: Worker, restartMs: number | 'never'): void {
    if (!this.#workers.delete(worker)) return;
    worker.kill();
    if (restartMs === 'never' || this.#over) return;
    const timer = setTimeout(() => void this.#restart(worker.group, timer), restartMs);
    this.#timers.add(timer);
  }

  async #restart(group: number, timer: NodeJS.Timeout): Promise<void> {
    try {
      const worker = await this.#open(group);
      if (this.#over) return await worker.close();
      this.#run(worker);
    } catch (error) {
      this.#parts.onError(error);
    } finally {
      this.#timers.delete(timer);
    }
  }
}
