import { QctlError } from '../errors.ts';

/** The clock of a step; it may be stopped while the step waits for something that is not its own. */
export class StepClock {
  private leftMs: number;
  private since = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private stops = 0;
  private readonly over: () => void;

  constructor(ms: number, over: () => void) {
    this.leftMs = ms;
    this.over = over;
    this.run();
  }

  pause(): void {
    if (this.stops++ > 0) return;
    clearTimeout(this.timer);
    this.leftMs -= performance.now() - this.since;
  }

  go(): void {
    if (--this.stops === 0) this.run();
  }

  end(): void {
    clearTimeout(this.timer);
    this.stops = Number.POSITIVE_INFINITY;
  }

  private run(): void {
    this.since = performance.now();
    // A timer holds 24 days; what takes longer than that is looked at again.
    const ms = Math.min(Math.max(0, this.leftMs), 2_000_000_000);
    this.timer = setTimeout(() => {
      this.leftMs -= ms;
      if (this.leftMs <= 0) this.over();
      else this.run();
    }, ms);
  }
}

/** How long something may take, and what ends it before. */
export interface Limits {
  timeoutMs: number;
  /** What it gets to clean up after its signal; then it is given up. */
  graceMs: number;
  signal: AbortSignal;
  /** For the error: `step live/25`. */
  what: string;
}

/**
 * Does something with a signal that is aborted when its time is over, or the given one is. Rejects with
 * `failed` TIMED_OUT in the first case; also where it does not listen.
 */
export async function timed<T>(
  { timeoutMs, graceMs, signal, what }: Limits,
  act: (signal: AbortSignal, clock: StepClock) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  let late: QctlError | undefined;
  let giveUp: (error: unknown) => void = () => undefined;
  let grace: NodeJS.Timeout | undefined;
  const abandoned = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const end = (reason: unknown): void => {
    if (own.signal.aborted) return;
    grace = setTimeout(() => giveUp(late ?? reason), graceMs);
    own.abort(reason);
  };
  const clock = new StepClock(timeoutMs, () => {
    late = timedOut(what, timeoutMs);
    end(late);
  });
  const forward = (): void => end(signal.reason);
  signal.addEventListener('abort', forward);
  if (signal.aborted) forward();
  try {
    const acting = act(own.signal, clock);
    // Given up or not: its end must not become an unhandled rejection.
    acting.catch(() => undefined);
    return await Promise.race([acting, abandoned]);
  } catch (error) {
    throw late ?? error;
  } finally {
    clock.end();
    clearTimeout(grace);
    signal.removeEventListener('abort', forward);
    abandoned.catch(() => undefined);
  }
}

function timedOut(what: string, ms: number): QctlError {
  return new QctlError('failed', `${what} was not done within ${ms / 1000} s`, {
    code: 'TIMED_OUT',
    hint: ['find out what holds it up, or give the step a longer timeout:'],
  });
}
