import { runScript } from '../backends/redis/index.ts';
import { beatCutoverLock } from '../backends/redis/scripts/cutover/beat-lock.ts';
import { cutoverLockKey } from '../model/keys.ts';
import { askRedis } from './door.ts';
import { fenced, isFenced } from './fence.ts';
import type { CutoverHost } from './host.ts';
import { isAway } from './journal.ts';
import type { HeldLock } from './lock.ts';

/**
 * Keeps a lock that was taken: says every third of the lease that this process lives, and whether it may
 * still change anything.
 *
 * Only Redis gives the lock to somebody else, and never before the lease is over. So nobody has it while the
 * lease runs by this process's own clocks (both of them: one stands still while a machine sleeps, the other
 * may be set back), counted from before the last beat was sent. Once it is over, still nobody has it where at
 * every look since nothing listened at the address of Redis at all. A server that is silent, or out of
 * reach, may have answered others.
 */
export class Lease {
  /** Told once where the lock is another's by now. */
  onFenced: (error: unknown) => void = () => undefined;
  private readonly host: CutoverHost;
  private readonly held: HeldLock;
  private sent: { monotonic: number; wall: number };
  private looked = performance.now();
  private doubt = false;
  private unanswered = false;
  private lost: unknown;
  private timer: NodeJS.Timeout | undefined;

  constructor(host: CutoverHost, held: HeldLock) {
    this.host = host;
    this.held = held;
    this.sent = clocks();
  }

  /** Begins to beat. */
  start(): void {
    this.timer = setInterval(() => {
      this.confirm().catch(() => undefined);
    }, this.held.claim.leaseMs / 3);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** True where nobody can have taken the run over, as far as this process can tell without Redis. */
  get unchallenged(): boolean {
    if (this.lost) return false;
    return !this.isOver || !this.doubt;
  }

  /** True since a beat had no answer: asking again costs time, and the beats go on by themselves. */
  get silent(): boolean {
    return this.unanswered;
  }

  /** Beats now. Throws FENCED where the lock is another's, RedisAway where Redis does not answer. */
  async confirm(): Promise<void> {
    if (this.lost) throw this.lost;
    const at = clocks();
    try {
      await this.beat();
      this.sent = at;
      this.doubt = false;
      this.unanswered = false;
    } catch (error) {
      this.unanswered = isAway(error);
      if (isFenced(error) && !this.lost) {
        this.lost = error;
        this.onFenced(error);
      }
      // A look that was missed, because this process stood still, is no look.
      const missed = at.monotonic - this.looked >= this.held.claim.leaseMs;
      if (isAway(error) && this.isOver && (missed || !error.refused)) this.doubt = true;
      throw error;
    } finally {
      this.looked = at.monotonic;
    }
  }

  private get isOver(): boolean {
    const now = clocks();
    const passed = Math.max(now.monotonic - this.sent.monotonic, Math.abs(now.wall - this.sent.wall));
    return passed >= this.held.claim.leaseMs;
  }

  private async beat(): Promise<void> {
    const { name, token, fence, sinceMs, place, claim } = this.held;
    const { run, leaseMs, host, by, reason } = claim;
    const args = [run, token, fence, leaseMs, host, by, reason, sinceMs, JSON.stringify(place)];
    const [mine, holder, where, who] = (await askRedis(this.host, 'keep the lock', ({ client }) =>
      runScript(client, beatCutoverLock, [cutoverLockKey(name)], args),
    )) as [number, string, string, string];
    if (mine === 1) return;
    throw fenced(run, holder ? `${holder === run ? who : `run ${holder}`} on ${where}` : '');
  }
}

function clocks(): { monotonic: number; wall: number } {
  return { monotonic: performance.now(), wall: Date.now() };
}
