import { isRetryablePostgres } from '../backends/postgres/index.ts';
import type { Batch } from '../model/batch.ts';
import { Interrupted, patiently, pause } from '../model/patience.ts';
import { LaneFenced, type RedisStreamSink } from '../sinks/index.ts';
import { isPause, type LaneReader } from '../sources/source.ts';
import type { Entries } from '../transform/pack.ts';
import type { Meter } from './meter.ts';
import type { Throttle } from './throttle.ts';

const IDLE_MS = 200;
/** Appends of a lane on their way at once: the target need not wait for the next one. */
const IN_FLIGHT = 3;
/** Batches that the limit is asked for at once: as many as a reader puts into one unit. */
const UNIT_BATCHES = 100;

export interface LaneWork {
  lane: number;
  fence: string;
  reader: LaneReader;
  sink: RedisStreamSink;
  pack(batch: Batch): Entries;
  meter: Meter;
  throttle: Throttle;
  batch: number;
  sourceLabel: string;
  /** Ends a pause at once when the lane is to be given up. */
  signal: AbortSignal;
  /** Whether the lane should be given up after the unit at hand. */
  shouldStop(): boolean;
  /** Told whether the lane found nothing to do. */
  idle(nothing: boolean): void;
}

/**
 * Drains one lane until it is told to stop: recovers what a predecessor left, then reads, appends and
 * settles. A lost connection of the source gives everything unsettled back and recovers again, the
 * same way as after a crash. Ends quietly when another process has taken the lane over.
 */
export async function workLane(work: LaneWork): Promise<void> {
  const who = `lane ${work.lane}`;
  try {
    while (!work.shouldStop()) {
      try {
        await recover(work);
        await drainUnits(work);
      } catch (error) {
        const reason = whyLost(work, error);
        if (reason === undefined) throw error;
        work.meter.waiting(who, reason);
        await work.reader.rollback();
        await pause(IDLE_MS, work.meter.signal);
      }
    }
  } catch (error) {
    if (!(error instanceof LaneFenced) && !(error instanceof Interrupted)) throw error;
  } finally {
    work.meter.waiting(who, null);
    await work.reader.rollback();
  }
}

/** Which server is away and why; undefined where waiting is of no use. */
function whyLost({ sourceLabel }: LaneWork, error: unknown): string | undefined {
  const reason = isRetryablePostgres(error);
  return reason === undefined ? undefined : `${sourceLabel}: ${reason}`;
}

async function recover(work: LaneWork): Promise<void> {
  const { lane, fence, sink, reader, meter } = work;
  const records = await sink.openLane(lane, fence);
  let attempts = 0;
  const found = await patiently(
    meter,
    `lane ${lane}`,
    (error) => whyLost(work, error),
    async () => {
      attempts += 1;
      try {
        return await reader.recover(records, fence);
      } catch (error) {
        await reader.rollback();
        throw error;
      }
    },
  );
  for (const { partition, suppressed, vanished } of found) {
    await sink.settled(lane, fence, partition, suppressed);
    meter.counts.duplicatesSuppressed += suppressed;
    meter.counts.settled += suppressed;
    // An earlier attempt, of this process or another, may have settled them before it could be noted.
    const first = attempts === 1 && !records.find((record) => record.partition === partition)?.openedBefore;
    if (first) meter.vanished += vanished;
    if (suppressed > 0)
      meter.note(
        `lane ${lane}: ${suppressed} messages stood in the stream already; settled without appending them again`,
      );
    if (vanished > 0)
      meter.note(
        `lane ${lane}: ${vanished} messages of an interrupted batch are no longer in the source: another consumer may have worked on them as well`,
      );
  }
}

async function drainUnits(work: LaneWork): Promise<void> {
  const { reader, sink, meter, throttle, lane } = work;
  const flight = new Flight();
  let granted = 0;
  let used = 0;
  let taken = 0;
  // The next append notes what was settled before it; where none follows, it has to be said.
  let noted = true;
  const noteSettled = async (): Promise<void> => {
    if (!noted) await sink.noteSettled(lane, work.fence);
    noted = true;
  };
  const endUnit = (): void => {
    throttle.use(granted, used);
    granted = 0;
    used = 0;
    taken = 0;
  };
  const rest = async (): Promise<void> => {
    await noteSettled();
    await pause(IDLE_MS, work.signal);
  };
  try {
    while (!work.shouldStop() || used > 0) {
      if (used === 0) granted = throttle.reserve(work.batch * UNIT_BATCHES);
      if (granted === 0) {
        // Others have reserved what is left of the limit, and may give some of it back.
        await rest();
        continue;
      }
      const batch = await reader.read(granted);
      if (isPause(batch)) {
        endUnit();
        work.idle(batch.done);
        meter.waiting(`lane ${lane}`, batch.done ? null : batch.reason);
        await rest();
        continue;
      }
      work.idle(false);
      meter.waiting(`lane ${lane}`, null);
      used += batch.count;
      const append = appendBatch(work, batch).then((count) => {
        taken += count;
      });
      await flight.add(append, room(work, batch));
      if (await reader.unitEnds()) {
        await flight.land();
        if (taken !== used) throw unaccounted(lane, used, taken);
        await reader.settle();
        meter.counts.settled += used;
        endUnit();
        noted = false;
      }
      await throttle.pace(batch.count, meter.signal);
    }
    await noteSettled();
  } finally {
    await flight.ended();
    endUnit();
  }
}

/**
 * How many appends may be on their way. A copy's position names the last batch only, and partitions
 * may fail one by one: none may be two batches behind another.
 */
function room({ sink }: LaneWork, { mark }: Batch): number {
  return mark.kind === 'lane' && !mark.keepIds && sink.streams.length > 1 ? 1 : IN_FLIGHT;
}

/** The last line of defence before rows are let go of: each of them must have been appended or set aside. */
function unaccounted(lane: number, read: number, taken: number): Error {
  return new Error(
    `lane ${lane} has read ${read} messages and the target has taken ${taken}; nothing was settled`,
  );
}

/** Returns how many messages the target has taken. */
async function appendBatch(work: LaneWork, batch: Batch): Promise<number> {
  const { counts } = work.meter;
  const result = await work.sink.append(work.pack(batch), batch.mark);
  counts.read += batch.count;
  counts.appended += result.appended;
  counts.quarantined += result.quarantined;
  return result.appended + result.quarantined;
}

/** Appends on their way: the next is sent while the target works on the one before. */
class Flight {
  private readonly sent: Promise<void>[] = [];

  /** Takes an append along, and waits until there is room for another. Throws what an earlier one failed with. */
  async add(append: Promise<void>, inFlight: number): Promise<void> {
    append.catch(() => undefined);
    this.sent.push(append);
    await this.land(inFlight - 1);
  }

  /** Waits until at most `keep` are on their way. */
  async land(keep = 0): Promise<void> {
    while (this.sent.length > keep) await this.sent.shift();
  }

  async ended(): Promise<void> {
    await Promise.allSettled(this.sent);
  }
}
