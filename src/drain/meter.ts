import { setMaxListeners } from 'node:events';
import type { DrainEvents, DrainSnapshot, DrainState } from '../events.ts';
import type { Patience } from '../model/patience.ts';
import type { Depth, Unevaluated } from '../sources/source.ts';
import type { BrakeReason } from './brakes/probe.ts';
import type { ShownDecision } from './decision.ts';
import { type Published, shortWaits } from './published.ts';

const SNAPSHOT_MS = 250;
const RATE_WINDOW_MS = 5000;

/** What this process has done since it started. */
export interface Counts {
  read: number;
  appended: number;
  duplicatesSuppressed: number;
  settled: number;
  quarantined: number;
  /** Messages that the target had lost, in a failover, before the source was settled. */
  reappended: number;
  /** Put aside because they were not due. */
  scheduled: number;
}

/** What holds a drain, besides servers that are away. */
export interface Holding {
  brakes(): BrakeReason[];
  paused(): ShownDecision | null;
  /** Messages in hand. */
  inHand(): number;
}

const FREE: Holding = { brakes: () => [], paused: () => null, inHand: () => 0 };

/** Counts, tells rate and reason, and hands out snapshots. */
export class Meter implements Patience {
  readonly counts: Counts = {
    read: 0,
    appended: 0,
    duplicatesSuppressed: 0,
    settled: 0,
    quarantined: 0,
    reappended: 0,
    scheduled: 0,
  };
  readonly signal: AbortSignal;
  /** What holds the drain; set once it is known. */
  holding: Holding = FREE;
  /** It follows, and the source gave nothing when it was last asked. */
  following = false;
  /** An operator has told it to stop. */
  stopping = false;
  /** Messages of interrupted batches that were no longer in the source. */
  vanished = 0;
  /** Messages that were deleted because an abandoned run had brought them to another target. */
  deletedElsewhere = 0;
  /** Enqueueing time of the oldest message seen, in ms. */
  oldestMs: number | undefined;
  /** Who receives, where that changes by itself; told with every snapshot. */
  receivers: DrainSnapshot['receivers'] = null;
  /** Messages that were received and stay in the source. */
  passedOver: () => number = () => 0;
  /** Of what stays, messages of which the filter can say nothing. */
  unevaluated: () => Unevaluated | null = () => null;
  /** What the source held when it was last asked; null where unknown. */
  private known: { depth: number; readThen: number } | null = null;
  private readonly reasons = new Map<string, string>();
  private readonly samples: { at: number; read: number }[] = [];
  private readonly startedAt = performance.now();
  private lastReadAt = this.startedAt;
  private readonly timer: NodeJS.Timeout;
  private readonly events: DrainEvents;
  private readonly run: string;

  constructor(run: string, events: DrainEvents, signal: AbortSignal) {
    this.run = run;
    this.events = events;
    this.signal = signal;
    // Everything that waits listens, a few appends a partition, and Node would warn of more than ten.
    setMaxListeners(0, signal);
    this.timer = setInterval(() => this.tell(), SNAPSHOT_MS);
  }

  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /** Time until the last message, without the wait for more. */
  get workMs(): number {
    return Math.max(1, this.lastReadAt - this.startedAt);
  }

  waiting(who: string, reason: string | null): void {
    if (reason === null) this.reasons.delete(who);
    else this.reasons.set(who, reason);
  }

  /** Whether somebody waits, those apart whose name begins so. */
  isWaiting(exceptFor: string[]): boolean {
    return [...this.reasons.keys()].some((who) => !exceptFor.some((name) => who.startsWith(name)));
  }

  note(text: string): void {
    this.events.note?.(text);
  }

  /**
   * The source was asked how much it holds.
   *
   * @param readThen what had been read when the count began
   */
  depth(depth: number | null, readThen = this.counts.read): void {
    this.known = depth === null ? null : { depth, readThen };
  }

  /** A count of a table shows how much of it the filter can say nothing of; that of a queue does not. */
  counted({ unmatched, unevaluated }: Depth): void {
    if (unmatched !== undefined) this.unevaluated = () => unevaluated ?? null;
  }

  get remaining(): number | null {
    return this.known === null
      ? null
      : Math.max(0, this.known.depth - (this.counts.read - this.known.readThen));
  }

  snapshot(): DrainSnapshot {
    const ratePerSecond = this.rate();
    const { remaining, waits } = this;
    return {
      type: 'progress',
      run: this.run,
      state: this.state,
      ...this.counts,
      ratePerSecond,
      remaining,
      etaMs: this.holding.paused() ? null : etaOf(remaining, ratePerSecond),
      receivers: this.receivers,
      passedOver: this.passedOver(),
      waitingFor: waits[0] ?? null,
      waits,
      brakes: this.holding.brakes(),
      paused: this.holding.paused(),
      elapsedMs: Math.round(this.elapsedMs),
    };
  }

  /** What this process says of itself to everybody. */
  published(): Published {
    const { read, appended } = this.counts;
    return {
      state: this.state,
      read,
      appended,
      ratePerSecond: this.rate(),
      remaining: this.remaining,
      inHand: this.holding.inHand(),
      unevaluated: this.unevaluated(),
      brakes: this.holding.brakes(),
      waits: shortWaits(this.waits),
    };
  }

  private get waits(): string[] {
    return [...this.reasons].map(([who, reason]) => `${who}: ${reason}`);
  }

  private get state(): DrainState {
    if (this.signal.aborted || this.stopping) return 'stopping';
    if (this.holding.paused()) return 'paused';
    if (this.holding.brakes().length > 0) return 'braked';
    if (this.reasons.size > 0) return 'waiting';
    return this.following ? 'following' : 'running';
  }

  stop(): void {
    clearInterval(this.timer);
    this.tell();
  }

  private tell(): void {
    const { read } = this.counts;
    if (read !== this.samples.at(-1)?.read) this.lastReadAt = performance.now();
    this.samples.push({ at: performance.now(), read: this.counts.read });
    while (this.samples.length > 2 && this.samples[0]!.at < performance.now() - RATE_WINDOW_MS)
      this.samples.shift();
    this.events.progress?.(this.snapshot());
  }

  private rate(): number {
    const first = this.samples[0];
    if (!first) return 0;
    const seconds = (performance.now() - first.at) / 1000;
    return seconds < 0.05 ? 0 : Math.round((this.counts.read - first.read) / seconds);
  }
}

function etaOf(remaining: number | null, ratePerSecond: number): number | null {
  return remaining === null || ratePerSecond === 0 ? null : Math.round((remaining / ratePerSecond) * 1000);
}
