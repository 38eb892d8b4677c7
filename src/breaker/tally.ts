import type { CallCounts } from './view.ts';

const KINDS = ['ok', 'failed', 'slow', 'rejected'] as const;

function nothing(): CallCounts {
  return { ok: 0, failed: 0, slow: 0, rejected: 0 };
}

/**
 * What a process has counted. Two read it, each in his own time: the local machine, and whoever brings it to
 * Redis.
 */
export class Tally implements CallCounts {
  ok = 0;
  failed = 0;
  slow = 0;
  rejected = 0;
  private seen = nothing();
  private sent = nothing();

  /** What the local machine has not seen yet; from now on it has. */
  takeUnseen(): CallCounts {
    const unseen = this.since(this.seen);
    this.seen = this.now();
    return unseen;
  }

  /** What Redis was not told yet; from now on it was. At most `most`. */
  takeUnsent(most?: CallCounts): CallCounts {
    const unsent = this.since(this.sent);
    this.sent = this.now();
    if (!most) return unsent;
    const { ok, failed, slow, rejected } = most;
    return {
      ok: Math.min(unsent.ok, ok),
      failed: Math.min(unsent.failed, failed),
      slow: Math.min(unsent.slow, slow),
      rejected: Math.min(unsent.rejected, rejected),
    };
  }

  /** What was counted before a move of the breaker is not told after it. */
  forgetUnsent(): void {
    this.sent = { ...this.now(), rejected: this.sent.rejected };
  }

  private since(mark: CallCounts): CallCounts {
    const counts = nothing();
    for (const kind of KINDS) counts[kind] = this[kind] - mark[kind];
    return counts;
  }

  private now(): CallCounts {
    const { ok, failed, slow, rejected } = this;
    return { ok, failed, slow, rejected };
  }
}
