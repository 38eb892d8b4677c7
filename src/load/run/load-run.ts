import { setTimeout as sleep } from 'node:timers/promises';
import { plural } from '../../model/plural.ts';
import type { Arrivals } from '../arrivals/arrivals.ts';
import type { PayloadMaker } from '../payload/payload.ts';
import type { LoadProfile } from '../profile/profile.ts';
import type { LoadCounts } from '../result.ts';
import { Tally } from '../tally/tally.ts';
import type { LoadTarget, Producer, ProducerEvents } from '../targets/target.ts';
import { Crew } from './crew.ts';
import { Emptiness } from './emptiness.ts';
import { Faults } from './faults.ts';
import { Feeder } from './feeder.ts';
import { GeneratorWatch } from './generator-watch.ts';
import { Meter } from './meter.ts';
import type { Observer } from './observer.ts';
import { Timeline } from './timeline.ts';

const LOOK_MS = 50;
/** What is unconfirmed when everything is sent may take so long. */
const CONFIRM_MS = 30_000;
/** So long what is in hand may take where the run was stopped. */
const STOPPED_DRAIN_MS = 5000;

/** What one run is made of. */
export interface LoadRunParts {
  run: string;
  profile: LoadProfile;
  target: LoadTarget;
  payload: PayloadMaker;
  /** Null: as fast as the target confirms. */
  arrivals: Arrivals | null;
}

/** The counts of one moment, in ms from the start. */
export interface Mark {
  atMs: number;
  counts: LoadCounts;
}

/** One run, from the first connection to the last: what happens in it is in its books afterwards. */
export class LoadRun {
  readonly parts: LoadRunParts;
  readonly tally: Tally;
  readonly watch = new GeneratorWatch();
  readonly stopping = new AbortController();
  readonly errors = new Set<string>();
  meter: Meter;
  timeline!: Timeline;
  faults!: Faults;
  crew: Crew;
  /** `performance.now()` of the start of the schedule, and of the end of sending. */
  startMs = 0;
  sendingMs = 0;
  phase: 'send' | 'drain' | 'over' = 'send';
  /** When the warm-up was over, when the schedule had ended, and when all was confirmed. */
  readonly marks: { warm?: Mark; scheduled?: number; sent?: Mark } = {};
  lastConfirmedMs = 0;
  /** Nothing more is to be got. */
  emptied = false;
  #producers: Producer[] = [];

  constructor(parts: LoadRunParts) {
    this.parts = parts;
    const { run, profile, target } = parts;
    this.tally = new Tally(run, this.consumed ? target.groups : 0, profile.keys?.count ?? 0);
    this.meter = new Meter();
    this.crew = this.#newCrew();
  }

  /** Whether anything consumes. */
  get consumed(): boolean {
    return this.parts.target.groups > 0 && this.parts.profile.consumers.count > 0;
  }

  get elapsedMs(): number {
    return performance.now() - this.startMs;
  }

  /** Rejects where connections cannot be opened. */
  async open(): Promise<void> {
    const { profile, target } = this.parts;
    if (this.consumed) await this.crew.open();
    for (let at = 0; at < profile.producers.count; at += 1)
      this.#producers.push(await target.producer(at, this.#events()));
  }

  /** Sends and drains. Ends early where `stopping` is aborted: nothing more is sent then. */
  async go(observer: Observer): Promise<void> {
    const { profile, target } = this.parts;
    this.#begin(await target.sample().catch(() => null));
    observer.start();
    try {
      if (profile.consumers.after === 'start') this.crew.start();
      await this.#send();
      this.watch.sendingEnded();
      this.marks.scheduled = this.elapsedMs;
      await this.#confirm();
      this.marks.sent = this.#mark();
      this.sendingMs = this.elapsedMs;
      this.phase = 'drain';
      if (profile.consumers.after === 'production') this.crew.start();
      if (this.consumed) await this.#drain(observer);
      else this.emptied = true;
    } finally {
      await observer.stop();
      this.faults.look(this.elapsedMs);
      this.faults.end();
      this.phase = 'over';
    }
  }

  /** Called often: the warm-up may be over. */
  look(): void {
    if (this.marks.warm || this.elapsedMs < this.parts.profile.warmupMs) return;
    this.marks.warm = this.#mark();
    this.watch.begin();
  }

  async close(): Promise<void> {
    this.watch.close();
    await this.crew.close();
    await Promise.allSettled(this.#producers.map((producer) => producer.close()));
  }

  #mark(): Mark {
    return { atMs: this.elapsedMs, counts: this.tally.counts(false) };
  }

  #begin(sample: Awaited<ReturnType<LoadTarget['sample']>> | null): void {
    const { profile, target, arrivals } = this.parts;
    this.startMs = performance.now();
    this.meter.measureFrom(this.startMs + profile.warmupMs);
    const { tally, meter, watch, crew } = this;
    this.timeline = new Timeline({
      tally,
      meter,
      watch,
      warmupMs: profile.warmupMs,
      wantedBefore: (ms) => arrivals?.dueBefore(ms) ?? null,
    });
    this.timeline.begin(sample);
    this.faults = new Faults(profile.faults, { target, tally, crew, producers: this.#producers });
    this.look();
  }

  async #send(): Promise<void> {
    const { profile, arrivals, payload } = this.parts;
    const { tally, meter, watch, startMs } = this;
    const feeder = new Feeder({
      ...{ tally, meter, watch, payload, startMs },
      producers: this.#producers,
      backlog: profile.producers.backlog,
    });
    if (arrivals) return feeder.keep(arrivals, this.stopping.signal);
    const { count, durationMs, producers } = profile;
    const window = producers.count * producers.inFlight;
    return feeder.push({ count, durationMs, window }, this.stopping.signal);
  }

  /** Every message is confirmed, or has failed. */
  async #confirm(): Promise<void> {
    const deadline = performance.now() + CONFIRM_MS;
    while (this.#producers.some(({ open }) => open > 0) && performance.now() < deadline) await sleep(LOOK_MS);
    const open = this.tally.endConfirming();
    if (open > 0)
      this.errors.add(`${open} ${plural(open, 'message was')} not confirmed within ${CONFIRM_MS / 1000} s`);
  }

  async #drain(observer: Observer): Promise<void> {
    const { profile } = this.parts;
    const emptiness = new Emptiness(profile, this.crew, this.tally);
    const from = performance.now();
    const mostMs = () =>
      this.stopping.signal.aborted ? STOPPED_DRAIN_MS : (profile.drainMs ?? Number.POSITIVE_INFINITY);
    while (performance.now() < from + mostMs()) {
      this.emptied = emptiness.look(performance.now(), observer.sample);
      if (this.emptied) break;
      await sleep(LOOK_MS);
    }
    if (this.emptied) this.tally.resolveDoubts();
  }

  #newCrew(): Crew {
    const { profile, target } = this.parts;
    return new Crew({
      profile,
      target,
      tally: this.tally,
      meter: this.meter,
      onError: (error) => this.#note(error),
    });
  }

  #events(): ProducerEvents {
    const { tally, meter } = this;
    return {
      sent: (seq, atMs) => {
        tally.sent(seq, atMs);
      },
      confirmed: (seq, atMs) => {
        this.lastConfirmedMs = atMs - this.startMs;
        const trip = tally.confirmed(seq, atMs);
        if (trip) meter.confirmed(trip);
      },
      failed: (seq, why) => {
        tally.failed(seq);
        this.#note(why);
      },
    };
  }

  #note(error: unknown): void {
    if (this.errors.size < 20) this.errors.add((error as Error).message);
  }
}
