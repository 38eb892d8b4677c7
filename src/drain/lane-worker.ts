import { isRetryablePostgres } from '../backends/postgres/index.ts';
import type { Batch } from '../model/batch.ts';
import { Interrupted, patiently, pause } from '../model/patience.ts';
import { LaneFenced, type RedisStreamSink, RolledBack } from '../sinks/index.ts';
import { isPause, type LaneReader, SourceAway } from '../sources/source.ts';
import type { Entries } from '../transform/pack.ts';
import type { Alarm } from './alarm.ts';
import { Flight } from './flight.ts';
import { askSource, noteAgain, refuseGone } from './lane-loss.ts';
import type { Meter } from './meter.ts';
import type { Throttle } from './throttle.ts';

const IDLE_MS = 200;
const LOOK_MS = 1000;
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
  /** Keeps a batch elsewhere before it is appended, so that it is kept before it is settled. */
  keep?(batch: Batch): Promise<void>;
  meter: Meter;
  throttle: Throttle;
  batch: number;
  sourceLabel: string;
  /** Takes the lane once more, with a higher fence: the record of the one it has may be lost. Throws LaneFenced. */
  reclaim(): Promise<string>;
  /** Told the fence of whoever has taken the lane over. */
  fenced(by: string): void;
  /** Ends a pause at once when the lane is to be given up. */
  signal: AbortSignal;
  /** Whether the lane should be given up after the unit at hand. */
  shouldStop(): boolean;
  /** Told whether the lane found nothing to do. */
  idle(nothing: boolean): void;
  /** Told whether a brake or an operator holds the lane. */
  held(standing: boolean): void;
  /** When to look again after nothing was found. */
  alarm: Alarm;
}

/**
 * Drains one lane until it is told to stop: recovers what a predecessor left, then reads, appends and
 * settles. A lost connection of the source gives everything unsettled back and recovers again, the
 * same way as after a crash; so does a target that has gone back behind what it had confirmed. Ends
 * quietly when another process has taken the lane over.
 */
export async function workLane(work: LaneWork): Promise<void> {
  const who = `lane ${work.lane}`;
  try {
    while (!work.shouldStop()) {
      try {
        await recover(work);
        await drainUnits(work);
      } catch (error) {
        if (error instanceof RolledBack) await openAgain(work);
        else {
          const reason = whyLost(work, error);
          if (reason === undefined) throw error;
          work.meter.waiting(who, reason);
          await work.reader.rollback();
          await pause(IDLE_MS, work.meter.signal);
        }
      }
    }
  } catch (error) {
    if (error instanceof LaneFenced) {
      work.fenced(error.fence);
      work.sink.forget(work.lane);
    } else if (!(error instanceof Interrupted)) throw error;
  } finally {
    work.meter.waiting(who, null);
    await work.reader.rollback();
  }
}

/** The source takes back what is not settled, and the lane gets a fence that no lost record can give out again. */
async function openAgain(work: LaneWork): Promise<void> {
  await work.reader.rollback();
  work.fence = await work.reclaim();
}

/** Which server is away and why; undefined where waiting is of no use. */
function whyLost({ sourceLabel }: LaneWork, error: unknown): string | undefined {
  const reason = error instanceof SourceAway ? error.message : isRetryablePostgres(error);
  return reason === undefined ? undefined : `${sourceLabel}: ${reason}`;
}

async function recover(work: LaneWork): Promise<void> {
  const { lane, fence, sink, reader, meter } = work;
  const { states, loss } = await sink.openLane(lane, fence);
  if (loss.doubtful.length === 0) refuseGone(reader, loss);
  let attempts = 0;
  const { found, judged } = await patiently(
    meter,
    `lane ${lane}`,
    (error) => whyLost(work, error),
    async () => {
      attempts += 1;
      try {
        return { found: await reader.recover(states, fence), judged: await askSource(reader, loss) };
      } catch (error) {
        await reader.rollback();
        throw error;
      }
    },
  );
  // Whatever stands there was settled before or has been settled just now; should the target lose it from
  // here on, it is on neither side.
  sink.remember(lane, 'settled');
  refuseGone(reader, judged);
  await noteAgain(work, judged);
  for (const { partition, settledHere } of states)
    if (settledHere) await sink.settled(lane, fence, partition, 0);
  for (const { partition, suppressed, vanished } of found) {
    await sink.settled(lane, fence, partition, suppressed);
    meter.counts.duplicatesSuppressed += suppressed;
    meter.counts.settled += suppressed;
    // An earlier attempt, of this process or another, may have settled them before it could be noted.
    const first = attempts === 1 && !states.find((state) => state.partition === partition)?.openedBefore;
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
  let looked = performance.now();
  const idle = async (): Promise<void> => {
    await noteSettled();
    // Nothing is written now that would show a target that has gone back.
    if (performance.now() - looked > LOOK_MS) {
      await sink.refuseBehind(lane);
      looked = performance.now();
    }
  };
  let unpaced = { count: 0, bytes: 0 };
  try {
    while (!work.shouldStop() || used > 0) {
      if (used === 0) granted = throttle.reserve(work.batch * UNIT_BATCHES);
      if (granted === 0) {
        // Held, or others have reserved what is left of limit and room, and may give some of it back.
        if (throttle.held) work.idle(false);
        work.held(throttle.held);
        await idle();
        await pause(IDLE_MS, work.signal);
        continue;
      }
      work.held(false);
      const heard = work.alarm.rings;
      const batch = await reader.read(granted);
      if (isPause(batch)) {
        endUnit();
        work.idle(batch.done);
        meter.waiting(`lane ${lane}`, batch.done ? null : batch.reason);
        await idle();
        if (batch.done) await work.alarm.rest(heard, work.signal);
        else await pause(IDLE_MS, work.signal);
        continue;
      }
      work.idle(false);
      meter.waiting(`lane ${lane}`, null);
      await work.keep?.(batch);
      used += batch.count;
      const append = appendBatch(work, batch).then((count) => {
        taken += count;
      });
      await flight.add(append, IN_FLIGHT);
      unpaced = { count: unpaced.count + batch.count, bytes: unpaced.bytes + batch.bytes };
      if (await reader.unitEnds()) {
        await flight.land();
        if (taken !== used) throw unaccounted(lane, used, taken);
        sink.remember(lane, 'settling');
        await reader.settle();
        sink.remember(lane, 'settled');
        meter.counts.settled += used;
        endUnit();
        noted = false;
        // Only here: nothing of the source is held while the lane waits for its turn.
        await throttle.pace(unpaced.count, work.signal, unpaced.bytes);
        unpaced = { count: 0, bytes: 0 };
      }
    }
    await noteSettled();
  } finally {
    await flight.ended();
    endUnit();
  }
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
  const taken = result.appended + result.quarantined + result.scheduled;
  counts.read += taken;
  counts.appended += result.appended;
  counts.quarantined += result.quarantined;
  counts.scheduled += result.scheduled;
  return taken + result.suppressed;
}
