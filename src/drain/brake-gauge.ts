import { pause } from '../model/patience.ts';
import type { BrakeReason, Probe, Reading } from './brakes/probe.ts';
import type { InHand } from './in-hand.ts';

/** How often a probe looks; less often where that takes long, so that it costs a tenth of the time at most. */
const LOOK_MS = 1000;
const COST_FACTOR = 10;
/** Where all room is used up it looks again sooner. */
const STARVED_MS = 100;
/** No answer within this counts as not measured. */
const ANSWER_MS = 5000;
const TICK_MS = 50;

/** What a gauge must know of the processes at work on the run. */
export interface Company {
  /** Living processes, this one among them. */
  processes(): number;
  /** Messages that the others have in hand: read, or about to be read, and not appended yet. */
  heldByOthers(): number;
}

/** One brake: looks again and again, and knows how many messages may still come until the next look. */
export class BrakeGauge {
  readonly probe: Probe;
  private readonly hand: InHand;
  private readonly company: Company;
  private reading: Reading | undefined;
  private finishedThen = 0;
  private current: BrakeReason | undefined;
  private starved = false;
  private looking: Promise<void> | undefined;
  private readonly stopped = new AbortController();

  constructor(probe: Probe, hand: InHand, company: Company) {
    this.probe = probe;
    this.hand = hand;
    this.company = company;
    this.engage('not measured yet', null);
  }

  /** Why it brakes; undefined where it does not. */
  get reason(): BrakeReason | undefined {
    return this.current;
  }

  /** Messages that may be read before the next look. */
  get room(): number {
    if (this.current || !this.reading) return 0;
    const { room, roomBytes } = this.reading;
    const both = Math.min(room, roomBytes === undefined ? room : roomBytes / this.hand.averageBytes);
    if (both === Number.POSITIVE_INFINITY) return both;
    const share = (both - this.company.heldByOthers()) / Math.max(1, this.company.processes());
    return Math.max(0, Math.floor(share - (this.hand.finished - this.finishedThen) - this.hand.count));
  }

  /** Somebody wanted to read and there was no room: it looks again soon. */
  starve(): void {
    this.starved = true;
  }

  /** Looks once; what fails brakes, and nothing is thrown. */
  async look(): Promise<void> {
    const finished = this.hand.finished;
    try {
      this.judge(await within(this.begin(), ANSWER_MS), finished);
    } catch (error) {
      this.engage(`could not be measured: ${(error as Error).message}`, null);
    }
  }

  /** Looks until it is stopped. */
  async watch(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      const from = performance.now();
      await this.look();
      const took = performance.now() - from;
      const due = (): boolean => {
        const since = performance.now() - from - took;
        return (
          since >= Math.max(LOOK_MS, took * COST_FACTOR) ||
          (this.starved && since >= Math.max(STARVED_MS, took * 3))
        );
      };
      while (!signal.aborted && !due()) await pause(TICK_MS, signal);
    }
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.probe.close?.().catch(() => undefined);
  }

  /** Never two looks at once: one that was given up on is waited for again. */
  private async begin(): Promise<Reading> {
    if (this.looking) {
      await this.looking;
      this.looking = undefined;
    }
    const look = this.probe.look();
    this.looking = look.then(
      () => undefined,
      () => undefined,
    );
    const reading = await look;
    this.looking = undefined;
    return reading;
  }

  private judge(reading: Reading, finishedThen: number): void {
    const braked = this.current !== undefined && this.current.value !== null;
    // What nearly fills the room brakes as well, else the drain would creep on entry by entry.
    const engaged = reading.over || (!reading.calm && (braked || this.starved));
    this.starved = false;
    this.reading = reading;
    this.finishedThen = finishedThen;
    if (engaged) this.engage(reading.reason, reading.value);
    else this.current = undefined;
  }

  private engage(reason: string, value: number | null): void {
    const { brake, limit } = this.probe;
    this.current = { brake, reason, limit, value, since: this.current?.since ?? new Date().toISOString() };
  }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
