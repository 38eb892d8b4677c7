import { setMaxListeners } from 'node:events';
import type { Rate } from '../model/limits.ts';
import type { Brake } from './brake.ts';
import { Flow } from './flow.ts';
import type { InHand } from './in-hand.ts';

/** Room of a brake that is not worth being divided among the workers. */
const SMALL_ROOM = 100;
/** Long polls that a pause finds under way may end by themselves, which costs no receive. */
const POLLS_END_MS = 300;

/** Shares limit, rate, brakes and pauses among the workers of a process. Nobody holds anything while it stands. */
export class Throttle {
  private left: number;
  /** Reserved by workers that do not know yet how much of it they will use. */
  private reserved = 0;
  private readonly flow = new Flow();
  private readonly hand: InHand;
  private readonly brake: Brake | undefined;
  private readonly workers: number;
  /** Set while paused. */
  private hold: NodeJS.Timeout | undefined;
  private polls = forMany();

  /** @param workers that share the room of a brake */
  constructor(limit: number | undefined, rate: Rate, hand: InHand, brake?: Brake, workers = 1) {
    this.left = limit ?? Number.POSITIVE_INFINITY;
    this.flow.set(rate);
    this.hand = hand;
    this.brake = brake;
    this.workers = workers;
  }

  /** Whether the limit is used up; what is only reserved may yet be given back. */
  get exhausted(): boolean {
    return this.left <= 0 && this.reserved === 0;
  }

  /** Whether an operator or a brake holds the drain: {@link reserve} gives nothing. */
  get held(): boolean {
    return this.paused || (this.brake?.reasons.length ?? 0) > 0;
  }

  get paused(): boolean {
    return this.hold !== undefined;
  }

  /** Aborted soon after a pause began: a long poll that is still under way then ends. */
  get pollsEnd(): AbortSignal {
    return this.polls.signal;
  }

  set rate(rate: Rate) {
    this.flow.set(rate);
  }

  /** Holds everything, or lets it go on. */
  pause(paused: boolean): void {
    if (paused === this.paused) return;
    if (paused) {
      const { polls } = this;
      this.hold = setTimeout(() => polls.abort(), POLLS_END_MS);
      return;
    }
    clearTimeout(this.hold);
    this.hold = undefined;
    if (this.polls.signal.aborted) this.polls = forMany();
  }

  /**
   * Reserves up to `wanted` messages, to be ended by {@link use}; 0 where nothing may be read at the
   * moment. A rate makes the share small enough to be smooth, a brake no larger than its room.
   */
  reserve(wanted: number): number {
    if (this.paused) return 0;
    const granted = Math.min(this.flow.share(wanted, this.hand.averageBytes), this.left, this.roomShare());
    if (granted === 0) return 0;
    this.left -= granted;
    this.reserved += granted;
    this.hand.take(granted);
    return granted;
  }

  /** Ends a reservation: `used` of it count, the rest is given back. */
  use(granted: number, used: number): void {
    this.reserved -= granted;
    this.left += Math.max(0, granted - used);
    this.hand.done(granted, used);
  }

  /** Waits until `count` more messages of `bytes` together fit the rate. */
  pace(count: number, signal: AbortSignal, bytes = 0): Promise<void> {
    this.hand.weigh(count, bytes);
    return this.flow.pace(count, bytes, signal);
  }

  /** Ends what it has under way. */
  close(): void {
    clearTimeout(this.hold);
  }

  /** A part for every worker, as long as the parts are not tiny. */
  private roomShare(): number {
    const room = this.brake?.room ?? Number.POSITIVE_INFINITY;
    if (room < 1) {
      this.brake?.starve();
      return 0;
    }
    return Math.max(Math.ceil(room / this.workers), Math.min(room, SMALL_ROOM));
  }
}

/** Every receiver listens, and Node would warn of more than ten. */
function forMany(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
