import type { LaneMark, LedgerMark } from '../model/batch.ts';
import type { StreamKeys } from '../model/keys.ts';
import type { Entries } from '../transform/pack.ts';
import type { LaneStates } from './lane-state.ts';
import { LaneWriter } from './lane-writer.ts';
import { FIRST_STEP, LedgerWriter } from './ledger-writer.ts';
import { type Part, partitioned } from './partition.ts';
import { type Appended, NOTHING_APPENDED, type Sink } from './sink.ts';
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
    const write = (part: Part): Promise<Appended> =>
      mark.kind === 'lane' ? this.lanes.append(part, mark) : this.ledger.append(part, mark);
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

  /** Seals a lane for `fence` and learns where its partitions stand. */
  openLane(lane: number, fence: string): Promise<LaneStates> {
    return this.lanes.openLane(lane, fence);
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

function sum(results: Appended[]): Appended {
  const total: Appended = { ...NOTHING_APPENDED, held: [] };
  for (const result of results) {
    total.held.push(...result.held);
    total.appended += result.appended;
    total.suppressed += result.suppressed;
    total.quarantined += result.quarantined;
    total.scheduled += result.scheduled;
    total.expired ||= result.expired;
  }
  return total;
}
