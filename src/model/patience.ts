/** Waits that say why. One per drain; the progress line shows the reason. */
export interface Patience {
  /** Something to wait for came up; null when it is over. */
  waiting(who: string, reason: string | null): void;
  /** Aborted by the first signal: whoever waits gives up what it holds instead. */
  signal: AbortSignal;
}

/** Thrown out of a wait when the operator wants to stop. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    // As Node names what an AbortSignal has ended: no failure, whoever catches it.
    this.name = 'AbortError';
  }
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/**
 * Runs `action`, and again for as long as `reasonOf` calls its error one worth waiting out.
 * Throws {@link Interrupted} where the operator stops it meanwhile, else the error itself.
 */
export async function patiently<T>(
  patience: Patience,
  who: string,
  reasonOf: (error: unknown) => string | undefined,
  action: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const result = await action();
      if (attempt > 0) patience.waiting(who, null);
      return result;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      patience.waiting(who, reason);
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS), patience.signal);
      if (patience.signal.aborted) throw new Interrupted();
    }
  }
}

/** Sleeps, but not past an abort. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
