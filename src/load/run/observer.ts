import { setTimeout as sleep } from 'node:timers/promises';
import type { MemoryLimit } from '../../model/limits.ts';
import type { BackendSample } from '../targets/target.ts';
import type { LoadRun } from './load-run.ts';

const LOOK_MS = 100;
const SECOND_MS = 1000;
/** Nobody waits longer for a target that keeps silent. */
const LAST_LOOK_MS = 5000;

/** What an {@link Observer} tells, and is told. */
export interface ObserverEvents {
  /** A second is over. */
  second?: () => void;
  /** About four times a second. */
  look?: () => void;
}

/**
 * Looks at a run while it goes on, in its own time: ends its seconds, asks the target how it stands, does the faults,
 * and stops it where the target's memory runs short.
 */
export class Observer {
  readonly #run: LoadRun;
  readonly #events: ObserverEvents;
  #timer: NodeJS.Timeout | undefined;
  #asked: Promise<void> = Promise.resolve();
  #asking = false;
  #secondFromMs = 0;
  /** That of the second in hand; null: the target did not answer. */
  #ofSecond: BackendSample | null = null;
  /** The newest; null: the target does not answer. */
  sample: BackendSample | null = null;
  /** Why it was stopped. */
  readonly stops: string[] = [];

  constructor(run: LoadRun, events: ObserverEvents = {}) {
    this.#run = run;
    this.#events = events;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Ends what is left of the last second. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.race([this.#asked.then(() => this.#ask()), sleep(LAST_LOOK_MS)]);
    this.#closeSecond(this.#run.elapsedMs);
  }

  stopRun(reason: string): void {
    if (this.#run.stopping.signal.aborted) return;
    this.stops.push(reason);
    this.#run.stopping.abort();
  }

  #look(): void {
    const atMs = this.#run.elapsedMs;
    this.#run.look();
    this.#run.faults.look(atMs);
    if (!this.#asking && atMs - this.#secondFromMs >= SECOND_MS - LOOK_MS * 2) this.#asked = this.#ask();
    if (atMs - this.#secondFromMs >= SECOND_MS) {
      this.#closeSecond(this.#secondFromMs + SECOND_MS * Math.floor((atMs - this.#secondFromMs) / SECOND_MS));
    }
    this.#events.look?.();
  }

  #closeSecond(toMs: number): void {
    const sendingMs = this.#run.marks.scheduled ?? Number.POSITIVE_INFINITY;
    this.#run.timeline.close(this.#secondFromMs, toMs, sendingMs, this.#ofSecond);
    this.#ofSecond = null;
    this.#secondFromMs = toMs;
    this.#events.second?.();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    const { target, profile } = this.#run.parts;
    try {
      this.sample = await target.sample();
      this.#ofSecond = this.sample;
      if (isShort(this.sample, profile.memoryLimit)) this.stopRun(shortText(this.sample));
      await target.tend?.();
    } catch {
      this.sample = null;
    } finally {
      this.#asking = false;
    }
  }
}

function isShort({ memoryBytes, memoryShare }: BackendSample, limit: MemoryLimit): boolean {
  if ('bytes' in limit) return memoryBytes !== null && memoryBytes > limit.bytes;
  return memoryShare !== null && memoryShare * 100 > limit.percent;
}

function shortText({ memoryBytes, memoryShare }: BackendSample): string {
  const share = memoryShare === null ? '' : `, ${Math.round(memoryShare * 100)} % of what it has`;
  return `the target's memory runs short: it uses ${Math.round((memoryBytes ?? 0) / 1_000_000)} MB${share}`;
}
