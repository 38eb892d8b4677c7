import { isRetryable } from '../../backends/redis/index.ts';
import { QctlError } from '../../errors.ts';
import { patiently } from '../../model/patience.ts';
import { plural } from '../../model/plural.ts';
import { NotDurable } from '../../sinks/index.ts';
import type { Outcome, TakenPage } from '../../sources/redis-stream/index.ts';
import type { Hand } from './destination.ts';
import type { BackLane } from './lane.ts';
import { Merged } from './merged.ts';

/** What this process has seen on the way, for the report; the counts that matter stand in Redis. */
export interface Seen {
  young: number;
  gone: string[];
  finishedMeanwhile: string[];
  claimedMeanwhile: string[];
  /** Entries that another run had in hand when it was given up. */
  inherited: string[];
  /** Why the first of those that wait could not go back. */
  whyWaiting: string | undefined;
}

export const NOTHING_SEEN: Seen = {
  young: 0,
  gone: [],
  finishedMeanwhile: [],
  claimedMeanwhile: [],
  inherited: [],
  whyWaiting: undefined,
};

const NAMED = 100;
/** One script holds up the server for no longer than this many take. */
const MOST_MERGED = 500;

/** One entry that is about to be sent. */
interface Beginning {
  id: string;
  unsent: boolean;
  windowMs: number;
}

/** What a destination may do with the entries of a lane: waits while Redis is away, and counts. */
export class LaneTools implements Hand {
  readonly signal: AbortSignal;
  private readonly lane: BackLane;
  private leftNow = 0;
  private calls = 0;
  /** One acknowledgement after the other: one that is sent again must not come behind a later one. */
  private readonly acks = new Merged<readonly [id: string, outcome: Outcome], void>(MOST_MERGED, (outcomes) =>
    this.ackAll(outcomes),
  );
  private readonly begins = new Merged<Beginning, Set<string>>(MOST_MERGED, (all) => this.beginAll(all));

  constructor(lane: BackLane) {
    this.lane = lane;
    this.signal = lane.meter.signal;
  }

  waiting(who: string, reason: string | null): void {
    this.lane.meter.waiting(who === 'destination' ? `lane ${this.lane.lane}` : who, reason);
  }

  begin(ids: readonly string[], unsent: ReadonlySet<string>, windowMs: number): Promise<Set<string>> {
    return this.begins.call(ids.map((id) => ({ id, unsent: unsent.has(id), windowMs })));
  }

  ack(outcomes: readonly (readonly [id: string, outcome: Outcome])[]): Promise<void> {
    return this.acks.call([...outcomes]);
  }

  private beginAll(all: Beginning[]): Promise<Set<string>> {
    const ids = all.map(({ id }) => id);
    const unsent = new Set(all.filter((one) => one.unsent).map(({ id }) => id));
    return this.patiently(() => this.lane.hand.begin(ids, unsent, all[0]!.windowMs));
  }

  private async ackAll(outcomes: (readonly [id: string, outcome: Outcome])[]): Promise<void> {
    const { counts } = this.lane.meter;
    this.calls += 1;
    const acked = await this.patiently(() => this.lane.hand.ack(outcomes, this.calls));
    const forgotten = new Set(acked.forgotten);
    const known = outcomes.filter(([id]) => !forgotten.has(id));
    const returned = known.filter(([, outcome]) => outcome === 'returned').length;
    counts.appended += returned;
    counts.duplicatesSuppressed += known.length - returned;
    counts.settled += known.length - acked.finishedMeanwhile.length;
    remember(this.lane.seen.finishedMeanwhile, acked.finishedMeanwhile);
    remember(this.lane.seen.claimedMeanwhile, acked.claimedMeanwhile);
  }

  async leave(reasons: readonly (readonly [id: string, reason: string])[]): Promise<void> {
    await this.patiently(() => this.lane.hand.leave(reasons));
    this.lane.meter.counts.quarantined += reasons.length;
    this.leftNow += reasons.length;
    if (this.leftNow > this.lane.maxLeft) throw tooManyLeft(this.lane, this.leftNow, reasons.at(-1)![1]);
  }

  /** Remembers what a page tells besides its entries. */
  note({ gone, entries }: TakenPage): void {
    remember(this.lane.seen.gone, gone);
    remember(
      this.lane.seen.inherited,
      entries
        .filter(({ owner }) => owner.startsWith('qctl-back:') && owner !== this.lane.consumer)
        .map(({ id }) => id),
    );
  }

  private patiently<T>(action: () => Promise<T>): Promise<T> {
    const reason = (error: unknown): string | undefined =>
      error instanceof NotDurable ? error.message : isRetryable(error);
    return patiently(this, this.lane.label, reason, action);
  }
}

function remember(list: string[], ids: readonly string[]): void {
  list.push(...ids.slice(0, Math.max(0, NAMED - list.length)));
}

function tooManyLeft({ stream }: BackLane, count: number, reason: string): QctlError {
  return new QctlError(
    'partial',
    `${count} ${plural(count, 'entry')} of ${stream} could not be given back; the run ends here. The last one: ${reason}`,
    {
      code: 'TOO_MANY_LEFT',
      hint: ['repeat the command once the reason is gone; --max-left N lets more of them pass'],
    },
  );
}
