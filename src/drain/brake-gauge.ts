import { pause } from '../model/patience.ts';
import type { BrakeName, BrakeReason, Probe, Reading } from './brakes/probe.ts';
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
  /**
   * Says how many messages this process may bring beside what a brake measures from now on; resolves with
   * what the other living processes have said.
   */
  claim(brake: BrakeName, messages: number): Promise<number>;
}

/**
 * One brake: looks again and again, and knows how many messages may still come until the next look. Several
 * processes keep to one limit: each claims its part first, measures then, and leaves room for the claims of
 * the others.
 */
export class BrakeGauge {
  readonly probe: Probe;
  private readonly hand: InHand;
  private readonly company: Company;
  private reading: Reading | undefined;
  private finishedThen = 0;
  /** Messages that this process and the others have claimed. */
  private claimed = 0;
  private finishedAtClaim = 0;
  private claimedByOthers = 0;
  private claiming = false;
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
    if (this.current || !this.reading || this.claiming) return 0;
    const room = this.roomOf(this.reading);
    if (room === Number.POSITIVE_INFINITY) return room;
    const { count, finished } = this.hand;
    // A claim is for all that comes after it, also for what is finished before the reading behind it.
    const ofClaim = this.claimed - (finished - this.finishedAtClaim);
    const ofRoom = room - this.claimedByOthers - (finished - this.finishedThen);
    return Math.max(0, Math.floor(Math.min(ofClaim, ofRoom) - count));
  }

  /** Somebody wanted to read and there was no room: it looks again soon. */
  starve(): void {
    if (!this.claiming) this.starved = true;
  }

  /** Looks once; what fails brakes, and nothing is thrown. */
  async look(): Promise<void> {
    try {
      const known = this.current ? undefined : this.reading;
      const first = known ?? (await this.measure());
      const room = this.roomOf(first);
      await this.claim(room);
      if (known || (room >= 1 && room < Number.POSITIVE_INFINITY)) await this.measure();
      this.judge();
    } catch (error) {
      this.engage(`could not be measured: ${(error as Error).message}`, null);
    } finally {
      this.claiming = false;
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

  /** Until the next reading nothing is taken: a claim is for what comes after it. */
  private async claim(room: number): Promise<void> {
    if (room === Number.POSITIVE_INFINITY) return;
    this.claiming = true;
    const share = Math.floor(room / Math.max(1, this.company.processes()));
    this.claimed = Math.max(share, this.hand.count);
    this.finishedAtClaim = this.hand.finished;
    const claimed = this.company.claim(this.probe.brake, this.claimed);
    this.claimedByOthers = await within(claimed, ANSWER_MS);
  }

  private async measure(): Promise<Reading> {
    const { finished } = this.hand;
    this.reading = await within(this.begin(), ANSWER_MS);
    this.finishedThen = finished;
    return this.reading;
  }

  /** Messages that fit below the limit, whoever brings them. */
  private roomOf({ room, roomBytes }: Reading): number {
    return Math.min(room, roomBytes === undefined ? room : roomBytes / this.hand.averageBytes);
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

  private judge(): void {
    const reading = this.reading!;
    const braked = this.current !== undefined && this.current.value !== null;
    // What nearly fills the room brakes as well, else the drain would creep on entry by entry.
    const engaged = reading.over || (!reading.calm && (braked || this.starved));
    this.starved = false;
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
