import type { Batch } from '../model/batch.ts';
import { pause } from '../model/patience.ts';
import { isPause, type Pause } from '../sources/source.ts';
import { Flight } from './flight.ts';
import type { LaneWork } from './lane-work.ts';

const IDLE_MS = 200;
const LOOK_MS = 1000;
/** Appends of a lane on their way at once: the target need not wait for the next one. */
const IN_FLIGHT = 3;
/** Batches that the limit is asked for at once: as many as a reader puts into one unit. */
const UNIT_BATCHES = 100;

/** Reads, appends and settles, unit by unit, until the lane is told to stop. A unit that has begun is ended first. */
export async function drainUnits(work: LaneWork): Promise<void> {
  const units = new LaneUnits(work);
  try {
    while (!work.shouldStop() || units.begun) await units.next();
    await units.noteSettled();
  } finally {
    await units.close();
  }
}

/** The unit at hand of a lane: what was granted for it, read, and taken by the target. */
class LaneUnits {
  private readonly work: LaneWork;
  private readonly flight = new Flight();
  private granted = 0;
  private used = 0;
  private taken = 0;
  /** Read since the rate was last asked for a turn. */
  private unpaced = 0;
  private unpacedBytes = 0;
  /** The next append notes what was settled before it; where none follows, it has to be said. */
  private noted = true;
  private looked = performance.now();

  constructor(work: LaneWork) {
    this.work = work;
  }

  get begun(): boolean {
    return this.used > 0;
  }

  /** Takes one batch along, or waits a little where none is to be had. */
  async next(): Promise<void> {
    const { throttle, batch: size, alarm, reader } = this.work;
    if (!this.begun) this.granted = throttle.reserve(size * UNIT_BATCHES);
    if (this.granted === 0) return this.standBy();
    this.work.held(false);
    const heard = alarm.rings;
    const batch = await reader.read(this.granted);
    if (isPause(batch)) return this.rest(batch, heard);
    await this.take(batch);
    if (await reader.unitEnds()) await this.settle();
  }

  async noteSettled(): Promise<void> {
    if (!this.noted) await this.work.sink.noteSettled(this.work.lane, this.work.fence);
    this.noted = true;
  }

  /** Waits for what is on its way and gives back what was granted and not used. */
  async close(): Promise<void> {
    await this.flight.ended();
    this.end();
  }

  /** Held, or others have reserved what is left of limit and room, and may give some of it back. */
  private async standBy(): Promise<void> {
    const { throttle, signal } = this.work;
    if (throttle.held) this.work.idle(false);
    this.work.held(throttle.held);
    await this.whileIdle();
    await pause(IDLE_MS, signal);
  }

  /** @param heard rings of the alarm before the source said that it has nothing */
  private async rest(found: Pause, heard: number): Promise<void> {
    const { lane, meter, alarm, signal } = this.work;
    this.end();
    this.work.idle(found.done);
    meter.waiting(`lane ${lane}`, found.done ? null : found.reason);
    await this.whileIdle();
    if (found.done) await alarm.rest(heard, signal);
    else await pause(IDLE_MS, signal);
  }

  private async whileIdle(): Promise<void> {
    await this.noteSettled();
    // Nothing is written now that would show a target that has gone back.
    if (performance.now() - this.looked > LOOK_MS) {
      await this.work.sink.refuseBehind(this.work.lane);
      this.looked = performance.now();
    }
  }

  private async take(batch: Batch): Promise<void> {
    this.work.idle(false);
    this.work.meter.waiting(`lane ${this.work.lane}`, null);
    await this.work.keep?.(batch);
    this.used += batch.count;
    const append = appendBatch(this.work, batch).then((count) => {
      this.taken += count;
    });
    await this.flight.add(append, IN_FLIGHT);
    this.unpaced += batch.count;
    this.unpacedBytes += batch.bytes;
  }

  private async settle(): Promise<void> {
    const { lane, sink, reader, meter, throttle, signal } = this.work;
    await this.flight.land();
    if (this.taken !== this.used) throw unaccounted(lane, this.used, this.taken);
    sink.remember(lane, 'settling');
    await reader.settle();
    sink.remember(lane, 'settled');
    meter.counts.settled += this.used;
    this.end();
    this.noted = false;
    // Only here: nothing of the source is held while the lane waits for its turn.
    await throttle.pace(this.unpaced, signal, this.unpacedBytes);
    this.unpaced = 0;
    this.unpacedBytes = 0;
  }

  private end(): void {
    this.work.throttle.use(this.granted, this.used);
    this.granted = 0;
    this.used = 0;
    this.taken = 0;
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
