import type { LaneMark, LedgerMark } from '../model/batch.ts';
import type { StreamKeys } from '../model/keys.ts';
import type { Entries } from '../transform/pack.ts';
import { settledLost } from './data-lost.ts';
import type { Loss } from './lane-memory.ts';
import { LaneWriter, type OpenedLane } from './lane-writer.ts';
import { FIRST_STEP, LedgerWriter } from './ledger-writer.ts';
import { type Part, partitioned } from './partition.ts';
import type { Appended, Sink } from './sink.ts';
import { type StreamSinkOptions, TargetWriter } from './target-writer.ts';

/** Writes to one Redis stream, or to its partitions. */
export class RedisStreamSink implements Sink {
  readonly streams: StreamKeys[];
  private readonly options: StreamSinkOptions;
  private readonly lanes: LaneWriter;
  private readonly ledger: LedgerWriter;

  constructor(options: StreamSinkOptions) {
    const writer = new TargetWriter(options);
    this.options = options;
    this.streams = writer.streams;
    this.lanes = new LaneWriter(writer);
    this.ledger = new LedgerWriter(writer);
  }

  async append(entries: Entries, mark: LaneMark | LedgerMark): Promise<Appended> {
    const parts = partitioned(entries, this.streams.length, mark.kind === 'lane' && !mark.keepIds);
    const write = (part: Part): Promise<Appended> | Appended => {
      if (mark.kind === 'ledger') return this.ledger.append(part, mark);
      const behind = mark.partitions?.includes(part.partition) ?? true;
      return behind ? this.lanes.append(part, mark) : passedOver(part);
    };
    if (parts.length === 1) return write(parts[0]!);
    return sum(await Promise.all(parts.map(write)));
  }

  /** Makes what a run keeps beside its streams, so that it can be missed later. May be repeated. */
  async seed(lanes: number): Promise<void> {
    const { client, run } = this.options;
    for (const keys of this.streams) {
      for (let lane = 0; lane < lanes; lane += 1)
        await client.hsetnx(keys.checkpoint(run, lane), 'token', '');
      if (lanes === 0) await client.hsetnx(keys.stats(run), 'step', FIRST_STEP);
    }
  }

  /** Seals a lane for `fence` and learns where its partitions stand, and what they have lost. */
  openLane(lane: number, fence: string): Promise<OpenedLane> {
    return this.lanes.openLane(lane, fence);
  }

  /** The source is being told to let go of all that a lane has appended, or has done so. */
  remember(lane: number, what: 'settling' | 'settled'): void {
    this.lanes.remember(lane, what);
  }

  /** A lane has passed to another holder. */
  forget(lane: number): void {
    this.lanes.forget(lane);
  }

  /** Counts, in the target, messages of a lane that were lost there and are appended again. */
  countAgain(lane: number, count: number): Promise<void> {
    return this.lanes.countAgain(lane, count);
  }

  /** What the target lacks now of all that it had confirmed to this process, by lane. Changes nothing. */
  losses(): Promise<{ lane: number; loss: Loss }[]> {
    return this.lanes.losses();
  }

  /** TARGET_LOST_DATA about messages that the source has let go of. */
  lostForGood(count: number, ids: string[]): Error {
    const { label, run, stream } = this.options;
    return settledLost(label, { run, stream }, count, ids);
  }

  /** Notes that the source has let go of what a partition's checkpoint names. */
  settled(lane: number, fence: string, partition: number, suppressed: number): Promise<void> {
    return this.lanes.settled(lane, fence, partition, suppressed);
  }

  /** Notes, for every partition of a lane, that the source has let go of all that was appended. */
  noteSettled(lane: number, fence: string): Promise<void> {
    return this.lanes.noteSettled(lane, fence);
  }

  /** Notes what the source has deleted; returns how many of them had been open. */
  confirm(held: Appended['held'], deleted: Set<string>): Promise<number> {
    return this.ledger.confirm(held, deleted);
  }

  /** Notes that the source holds nothing any more: whatever the ledger has open has been deleted. */
  confirmAll(): Promise<void> {
    return this.ledger.confirmAll();
  }
}

/** What a partition had already before it fell behind the others no longer than they. */
function passedOver({ entries }: Part): Appended {
  const suppressed = entries.count + entries.quarantinedIds.length;
  return { held: [], appended: 0, suppressed, quarantined: 0, expired: false };
}

function sum(results: Appended[]): Appended {
  const total: Appended = { held: [], appended: 0, suppressed: 0, quarantined: 0, expired: false };
  for (const result of results) {
    total.held.push(...result.held);
    total.appended += result.appended;
    total.suppressed += result.suppressed;
    total.quarantined += result.quarantined;
    total.expired ||= result.expired;
  }
  return total;
}
