import { isRetryable } from '../backends/redis/errors.ts';
import type { Batch } from '../model/batch.ts';
import { Interrupted, patiently } from '../model/patience.ts';
import { LaneFenced, type RedisStreamSink, SettledLost } from '../sinks/index.ts';
import type { LaneReader } from '../sources/source.ts';
import type { Entries } from '../transform/pack.ts';
import type { Alarm } from './alarm.ts';
import { LaneHands, type LaneInHand } from './lane-hands.ts';
import { workLane } from './lane-worker.ts';
import type { Membership, RunView } from './membership.ts';
import type { Meter } from './meter.ts';
import type { Throttle } from './throttle.ts';
import type { Tuned } from './tunable.ts';

/** What every lane of this process shares. */
export interface CrewOptions {
  lanes: number;
  /** Whether the source lets go of what has been appended. */
  settles: boolean;
  membership: Membership;
  sink: RedisStreamSink;
  meter: Meter;
  throttle: Throttle;
  batch: number;
  sourceLabel: string;
  targetLabel: string;
  pack(batch: Batch): Entries;
  /** Keeps a batch elsewhere before it is appended, so that it is kept before it is settled. */
  keep?(batch: Batch): Promise<void>;
  /** @param batch messages that one append writes */
  reader(lane: number, batch: number): LaneReader;
  alarm: Alarm;
}

/** Drains the lanes that this process holds. */
export class LaneCrew {
  private readonly options: CrewOptions;
  private readonly hands: LaneHands;
  /** What the lanes have found to be on neither side. */
  private lost = { count: 0, ids: [] as string[] };
  private batch: number;

  constructor(options: CrewOptions) {
    const { lanes, membership, alarm, meter, throttle } = options;
    this.options = options;
    this.batch = options.batch;
    this.hands = new LaneHands({
      lanes,
      membership,
      work: (lane, hand) => this.work(lane, hand),
      wake: () => alarm.ring(),
      signal: meter.signal,
      exhausted: () => throttle.exhausted,
    });
  }

  /** From the next unit on every append writes so many; the lanes are given up and taken again. */
  tune({ batch }: Tuned): void {
    if (batch === this.batch) return;
    this.batch = batch;
    this.hands.giveUpAll();
  }

  /** See {@link LaneHands.balance}. */
  balance(view: RunView): Promise<void> {
    return this.hands.balance(view);
  }

  /** See {@link LaneHands.isIdle}. */
  isIdle(view: RunView, held = false): boolean {
    return this.hands.isIdle(view, held);
  }

  holdsLane(): boolean {
    return this.hands.holdsLane();
  }

  async stop(): Promise<void> {
    await this.hands.stop().catch((error: unknown) => {
      if (!(error instanceof SettledLost)) throw error;
    });
    await this.refuseLost();
  }

  /** The lanes lose together: what some have met the others may not have looked at yet, nor the last of them ever. */
  private async refuseLost(): Promise<void> {
    const { sink, settles } = this.options;
    if (!settles) return;
    const others = await sink.losses().catch((error) => {
      if (error instanceof Interrupted) return { gone: 0, goneIds: [] };
      throw error;
    });
    const count = this.lost.count + others.gone;
    if (count > 0) throw sink.lostForGood(count, [...this.lost.ids, ...others.goneIds]);
  }

  private async work(lane: number, hand: LaneInHand): Promise<void> {
    const { sink, meter, throttle, sourceLabel, pack, keep, alarm, membership } = this.options;
    const { batch } = this;
    try {
      await workLane({
        ...hand,
        lane,
        reader: this.options.reader(lane, batch),
        sink,
        pack,
        keep,
        meter,
        throttle,
        batch,
        sourceLabel,
        reclaim: async () => {
          hand.fence = await this.reclaim(lane, hand.fence);
          return hand.fence;
        },
        fenced: (by) => membership.sawFence(by),
        alarm,
      });
    } catch (error) {
      if (error instanceof SettledLost)
        this.lost = { count: this.lost.count + error.count, ids: [...this.lost.ids, ...error.ids] };
      throw error;
    }
  }

  private async reclaim(lane: number, fence: string): Promise<string> {
    const { membership, meter, targetLabel } = this.options;
    const again = await patiently(meter, targetLabel, isRetryable, () => membership.claim(lane, []));
    if (again === undefined) throw new LaneFenced(lane, fence);
    return again;
  }
}
