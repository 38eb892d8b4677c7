/** How many receivers there may be. */
export interface ReceiverBounds {
  min: number;
  max: number;
}

/** What one stretch of work looked like: about a second, or less where much was received. */
export interface ReceiverSample {
  /** Length of the stretch. */
  ms: number;
  /** Messages that stand in the target and have left the source. */
  settled: number;
  /** Receives that were answered, and those of them that brought nothing. */
  polls: number;
  emptyPolls: number;
  /** Receivers whose long poll has been waiting for most of the stretch: as good as empty. */
  waiting: number;
  /** Calls that SQS asked to slow down. */
  throttled: number;
  /** Bodies held, as a share of what may be held: 1 is full. */
  held: number;
  /** How busy this process was: 1 is a full core. */
  busy: number;
  /** Whether a server was away meanwhile, so that the rate says nothing. */
  blocked: boolean;
}

/** How many receivers there should be from now on, and why. */
export interface Tuning {
  wanted: number;
  why: string;
}

/** A rate counts as risen from here on. */
const RISE = 1.05;
/** With fewer receivers a rate this good is as good. */
const SAME = 0.98;
const FULL = 0.9;
const NEARLY_EMPTY = 0.5;
/** Stretches without a change before the next try; doubled up to the longest while tries do not help. */
const FIRST_REST = 1;
const LONGEST_REST = 24;
/** Stretches after a throttle in which nothing is added. */
const COOLING = 3;

interface Trial {
  from: number;
  rate: number;
}

/**
 * Finds how many receivers help, by climbing: more while the rate rises by a twentieth, back where it
 * does not, half of them on a throttle, the fewest where the source has nothing. Decides and nothing
 * else: no clock, no receiver.
 */
export class ReceiverTuner {
  private bounds: ReceiverBounds;
  private wanted: number;
  private why: string;
  /** The last change, while it is not known yet whether it helps. */
  private trial: Trial | undefined;
  /** Doubles until it does not help for the first time. */
  private climbing = true;
  private rest = 0;
  private restNext = FIRST_REST;
  private downNext = false;

  constructor(bounds: ReceiverBounds) {
    this.bounds = bounds;
    this.wanted = bounds.min;
    this.why = bounds.min === bounds.max ? 'a fixed number' : 'the start';
  }

  /** Takes other bounds from now on, and starts to look anew. */
  rebound(bounds: ReceiverBounds): Tuning {
    this.bounds = bounds;
    this.climbing = true;
    this.rest = 0;
    return this.set(this.wanted, bounds.min === bounds.max ? 'a fixed number' : 'other bounds');
  }

  /** The decision that stands. */
  get now(): Tuning {
    return { wanted: this.wanted, why: this.why };
  }

  /** Whether it still climbs fast, and an early answer is worth having. */
  get eager(): boolean {
    return this.climbing && this.wanted < this.bounds.max;
  }

  /** The next decision. */
  next(sample: ReceiverSample): Tuning {
    if (this.bounds.min === this.bounds.max) return this.now;
    if (sample.throttled > 0) return this.slowDown();
    if (sample.blocked) return this.trial ? this.set(this.trial.from, 'a server is waited for') : this.now;
    const answers = sample.polls + sample.waiting;
    if (answers === 0) return this.now;
    const empty = (sample.emptyPolls + sample.waiting) / answers;
    if (empty >= NEARLY_EMPTY) return this.shrink(empty);
    if (sample.held >= 1) return this.tooFull();
    const rate = sample.settled / sample.ms;
    const judged = this.trial && this.judge(this.trial, rate);
    if (judged === 'undone') return this.now;
    return this.grow(sample, rate);
  }

  private slowDown(): Tuning {
    this.climbing = false;
    this.rest = COOLING;
    return this.set(Math.floor(this.wanted / 2), 'SQS asks to slow down');
  }

  private shrink(empty: number): Tuning {
    this.climbing = true;
    this.rest = 0;
    this.restNext = FIRST_REST;
    return empty >= 1
      ? this.set(this.bounds.min, 'receives bring nothing')
      : this.set(Math.ceil(this.wanted / 2), 'most receives come back empty');
  }

  private tooFull(): Tuning {
    this.climbing = false;
    this.rest = FIRST_REST;
    return this.set(Math.floor(this.wanted * 0.75), 'as much is held as may be held');
  }

  /** Whether the last change stays. */
  private judge(trial: Trial, rate: number): 'kept' | 'undone' {
    this.trial = undefined;
    const fewer = this.wanted < trial.from;
    const needed = fewer ? SAME : RISE;
    if (rate >= trial.rate * needed) {
      this.restNext = FIRST_REST;
      this.why = fewer ? 'fewer are as fast' : 'the rate rises with them';
      return 'kept';
    }
    this.climbing = false;
    this.rest = this.restNext;
    this.restNext = Math.min(LONGEST_REST, this.restNext * 2);
    this.set(trial.from, fewer ? 'fewer were slower' : 'more did not help');
    return 'undone';
  }

  private grow(sample: ReceiverSample, rate: number): Tuning {
    if (this.rest > 0) {
      this.rest -= 1;
      return this.now;
    }
    const room = sample.held < FULL && sample.busy < FULL;
    const down = !this.climbing && (this.downNext || !room);
    if (!room && this.climbing) {
      this.climbing = false;
      this.rest = FIRST_REST;
      return this.now;
    }
    const step = this.climbing ? 2 : down ? 0.8 : 1.5;
    if (!this.climbing) this.downNext = !down;
    return this.attempt(down ? Math.floor(this.wanted * step) : Math.ceil(this.wanted * step), rate, down);
  }

  private attempt(wanted: number, rate: number, down: boolean): Tuning {
    const within = this.clamp(wanted);
    if (within === this.wanted) {
      this.climbing = false;
      this.rest = this.restNext;
      return this.now;
    }
    const trial = { from: this.wanted, rate };
    this.set(within, down ? 'a try with fewer' : 'a try with more');
    this.trial = trial;
    return this.now;
  }

  private set(wanted: number, why: string): Tuning {
    this.trial = undefined;
    this.wanted = this.clamp(wanted);
    this.why = why;
    return this.now;
  }

  private clamp(wanted: number): number {
    return Math.min(this.bounds.max, Math.max(this.bounds.min, wanted));
  }
}
