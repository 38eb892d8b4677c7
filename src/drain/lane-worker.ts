import { isRetryablePostgres } from '../backends/postgres/index.ts';
import { Interrupted, patiently, pause } from '../model/patience.ts';
import { plural } from '../model/plural.ts';
import { LaneFenced, type OpenedLane, RolledBack } from '../sinks/index.ts';
import { type Recovery, SourceAway } from '../sources/source.ts';
import { askSource, noteAgain, refuseGone } from './lane-loss.ts';
import { drainUnits } from './lane-units.ts';
import type { LaneWork } from './lane-work.ts';

const IDLE_MS = 200;

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

/** Settles what a holder before has appended and not settled, and tells what has become of it meanwhile. */
async function recover(work: LaneWork): Promise<void> {
  const { lane, fence, sink, reader } = work;
  const opened = await sink.openLane(lane, fence);
  const { states, loss } = opened;
  if (loss.doubtful.length === 0) refuseGone(reader, loss);
  const { found, judged, attempts } = await askPatiently(work, opened);
  // Whatever stands there was settled before or has been settled just now; should the target lose it from
  // here on, it is on neither side.
  sink.remember(lane, 'settled');
  refuseGone(reader, judged);
  await noteAgain(work, judged);
  for (const { partition, settledHere } of states)
    if (settledHere) await sink.settled(lane, fence, partition, 0);
  for (const recovered of found) {
    // An earlier attempt, of this process or another, may have settled them before it could be noted.
    const before = states.find(({ partition }) => partition === recovered.partition)?.openedBefore;
    await noteRecovered(work, recovered, attempts === 1 && !before);
  }
}

/** What the source makes of what stands in the target; asked again for as long as its server is away. */
async function askPatiently(work: LaneWork, { states, loss }: OpenedLane) {
  const { lane, fence, reader, meter } = work;
  let attempts = 0;
  return patiently(
    meter,
    `lane ${lane}`,
    (error) => whyLost(work, error),
    async () => {
      attempts += 1;
      try {
        return {
          found: await reader.recover(states, fence),
          judged: await askSource(reader, loss),
          attempts,
        };
      } catch (error) {
        await reader.rollback();
        throw error;
      }
    },
  );
}

/** @param first whether nobody can have settled them before without noting it */
async function noteRecovered(
  { lane, fence, sink, meter }: LaneWork,
  { partition, suppressed, vanished }: Recovery,
  first: boolean,
): Promise<void> {
  await sink.settled(lane, fence, partition, suppressed);
  meter.counts.duplicatesSuppressed += suppressed;
  meter.counts.settled += suppressed;
  if (first) meter.vanished += vanished;
  if (suppressed > 0)
    meter.note(
      `lane ${lane}: ${suppressed} ${plural(suppressed, 'message')} stood in the stream already; settled without appending them again`,
    );
  if (vanished > 0)
    meter.note(
      `lane ${lane}: ${vanished} ${plural(vanished, 'message')} of an interrupted batch ${plural(vanished, 'is')} no longer in the source: another consumer may have worked on ${plural(vanished, 'it')} as well`,
    );
}
