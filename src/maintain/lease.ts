import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { beatCutoverLock } from '../backends/redis/scripts/cutover/beat-lock.ts';
import { QctlError } from '../errors.ts';
import { MAINTAIN_LOCK } from '../model/keys.ts';
import { type HeldLock, LEASE_MS } from './lock.ts';

/**
 * Keeps the lock that was taken, until it is stopped. Whoever could not say for a whole lease that it lives, as where
 * its machine stood still, counts as one who has lost it: then `signal` is aborted and `lost` says why. What was under
 * way at that moment harms nobody: every page looks and changes in one step.
 */
export class Lease {
  readonly #lost = new AbortController();
  readonly #redis: RedisConnection;
  readonly #held: HeldLock;
  readonly #leaseMs: number;
  readonly #timer: NodeJS.Timeout;
  #sentMs = performance.now();
  lost: QctlError | null = null;

  constructor(redis: RedisConnection, held: HeldLock, leaseMs = LEASE_MS) {
    this.#redis = redis;
    this.#held = held;
    this.#leaseMs = leaseMs;
    this.#timer = setInterval(() => void this.#beat(), leaseMs / 3);
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #beat(): Promise<void> {
    const { holder, token, fence, operator, reason, sinceMs, place } = this.#held;
    const sentMs = performance.now();
    if (sentMs - this.#sentMs >= this.#leaseMs) return this.#lose('it could not be renewed in time');
    const args = [holder, token, fence, this.#leaseMs, operator.host, operator.by, reason, sinceMs];
    try {
      const [mine, , host, by] = (await runScript(
        this.#redis.client,
        beatCutoverLock,
        [MAINTAIN_LOCK],
        [...args, JSON.stringify(place)],
      )) as [number, string, string, string];
      if (mine === 1) this.#sentMs = sentMs;
      else this.#lose(by ? `${by}@${host} holds it now` : 'somebody has released it');
    } catch {
      // The next beat tries again; the work itself says what is wrong with Redis.
    }
  }

  #lose(why: string): void {
    this.stop();
    this.lost ??= new QctlError('locked', `the lock of maintenance is lost: ${why}`, {
      code: 'MAINTAIN_LOCK_LOST',
      hint: ['what was done is done; the next run goes on'],
    });
    this.#lost.abort();
  }
}
