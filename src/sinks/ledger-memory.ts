/** Ids of settled messages that are remembered, a partition: replicas lag by seconds at most. */
const REMEMBERED = 20_000;
/** Calls whose followers are remembered. */
const CALLS = 1000;

/** Messages that the target's ledger has confirmed as settled, with the window they stand in. */
export interface SettledIds {
  window: number;
  atMs: number;
  ids: string[];
}

/**
 * What this process has told the ledger of one partition, so that it notices when that has gone back.
 * Its calls form a chain, since the ledger answers each with the one before: where one that already has
 * a follower comes up again, all that followed has been lost.
 */
export class LedgerMemory {
  private readonly followers = new Map<string, string>();
  private readonly settled: SettledIds[] = [];
  private count = 0;
  /** Deleted from the source and not known to the ledger: their holder appends them again. */
  private readonly rescued = new Set<string>();

  /** Whether the ledger, which knows `last` as the call before `call`, has forgotten what came between. */
  hasForgotten(call: string, last: string): boolean {
    if (last === call) return false;
    const forgotten = this.followers.has(last) || this.isTooOld(last);
    this.followers.set(last, call);
    if (this.followers.size > CALLS) this.followers.delete(this.followers.keys().next().value!);
    return forgotten;
  }

  private isTooOld(last: string): boolean {
    const oldest = this.followers.keys().next().value;
    return this.followers.size === CALLS && Number(last) < Number(oldest);
  }

  remember(entry: SettledIds): void {
    this.settled.push(entry);
    this.count += entry.ids.length;
    while (this.count - this.settled[0]!.ids.length >= REMEMBERED)
      this.count -= this.settled.shift()!.ids.length;
  }

  /** Of ids just confirmed, those the ledger did not know have yet to be appended again. */
  awaitRescue(confirmed: string[], unknown: string[]): void {
    for (const id of confirmed) this.rescued.delete(id);
    for (const id of unknown) this.rescued.add(id);
  }

  isBeingRescued(id: string): boolean {
    return this.rescued.has(id);
  }

  /** What was settled after `sinceMs`; before that the ledger may have forgotten it rightly. */
  settledSince(sinceMs: number): SettledIds[] {
    return this.settled.filter(({ atMs }) => atMs >= sinceMs);
  }
}
