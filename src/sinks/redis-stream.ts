import type { LaneMark, LedgerMark } from '../model/batch.ts';
import type { StreamKeys } from '../model/keys.ts';
import type { Entries } from '../transform/pack.ts';
import { settledLost } from './data-lost.ts';
import { delayedCount } from './delayed-rows.ts';
import type { Loss } from './lane-memory.ts';
import { LaneWriter, type OpenedLane } from './lane-writer.ts';
import { type Confirmed, FIRST_STEP, LedgerWriter } from './ledger-writer.ts';
import { type Part, partitioned } from './partition.ts';
import { type Appended, NOTHING_APPENDED, type Sink } from './sink.ts';
import { type StreamSinkOptions, TargetWriter } from './target-writer.ts';

/** Writes to one Redis stream, or to its partitions. */
export class RedisStreamSink implements Sink {
  readonly streams: StreamKeys[];
  private readonly options: StreamSinkOptions;
  private readonly lanes: LaneWriter;
  private readonly ledger: LedgerWriter;

  private readonly writer: TargetWriter;

  constructor(options: StreamSinkOptions) {
    const writer = new TargetWriter(options);
    this.writer = writer;
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

  /** Counts, in the target, messages that were lost there and are appended again: of a lane, or by partition. */
  async countAgain(what: { lane: number; count: number } | Appended['held']): Promise<void> {
    const { client, run } = this.options;
    const counts = Array.isArray(what)
      ? what.map(({ partition, ids }) => [this.streams[partition]!.stats(run), ids.length] as const)
      : [[this.streams[0]!.checkpoint(run, what.lane), what.count] as const];
    for (const [key, count] of counts)
      await this.writer.patiently(() => client.hincrby(key, 'reappended', count));
  }

  /** Looks whether the ledger has gone back while nothing was written to it. Throws {@link SettledLost}. */
  lookAtLedger(): Promise<void> {
    return this.ledger.look();
  }

  /** Messages settled by this process that the ledger does not know any more. Changes nothing. */
  missing(): Promise<string[]> {
    return this.ledger.missing();
  }

  /** What the target lacks now of all that it had confirmed to this process. Changes nothing. */
  losses(): Promise<Loss> {
    return this.lanes.losses();
  }

  /** Throws RolledBack where the target stands behind what it had confirmed of a lane. Changes nothing. */
  refuseBehind(lane: number): Promise<void> {
    return this.lanes.refuseBehind(lane);
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

  /** Takes note of what the source has deleted, and tells what of it the target does not know any more. */
  confirm(held: Appended['held'], deleted: Set<string>): Promise<Confirmed> {
    return this.ledger.confirm(held, deleted);
  }

  /** Notes that the source holds nothing any more: whatever the ledger has open has been deleted. */
  confirmAll(): Promise<void> {
    return this.ledger.confirmAll();
  }
}

/** What a partition had already before it fell behind the others no longer than they. */
function passedOver({ entries }: Part): Appended {
  const suppressed = entries.count + entries.quarantinedIds.length + delayedCount(entries);
  return { ...NOTHING_APPENDED, suppressed };
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
