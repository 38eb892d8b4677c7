import type { DrainEvents, DrainSnapshot } from '../events.ts';
import type { Patience } from '../model/patience.ts';

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
  /** What the source held when it was last asked; null where unknown. */
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

  /** The source was asked how much it holds. */
  depth(depth: number | null): void {
    this.known = depth === null ? null : { depth, readThen: this.counts.read };
  }

  get remaining(): number | null {
    return this.known === null
      ? null
      : Math.max(0, this.known.depth - (this.counts.read - this.known.readThen));
  }

  snapshot(): DrainSnapshot {
    const ratePerSecond = this.rate();
    const { remaining } = this;
    const [reason] = this.reasons.entries();
    return {
      type: 'progress',
      run: this.run,
      state: this.signal.aborted ? 'stopping' : reason ? 'waiting' : 'running',
      ...this.counts,
      ratePerSecond,
      remaining,
      etaMs:
        remaining === null || ratePerSecond === 0 ? null : Math.round((remaining / ratePerSecond) * 1000),
      receivers: this.receivers,
      passedOver: this.passedOver(),
      waitingFor: reason ? `${reason[0]}: ${reason[1]}` : null,
      elapsedMs: Math.round(this.elapsedMs),
    };
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
