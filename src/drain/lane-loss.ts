import { plural } from '../model/plural.ts';
import { type Loss, type RedisStreamSink, SettledLost } from '../sinks/index.ts';
import type { LaneReader } from '../sources/source.ts';
import type { Meter } from './meter.ts';

/** Throws {@link SettledLost} where the source has let go of what the target has lost: it is on neither side. */
export function refuseGone(reader: LaneReader, { gone, goneIds }: Loss): void {
  if (gone > 0 && !reader.keepsAll) throw new SettledLost(gone, goneIds);
}

/** Asks the source, once it is connected, what became of units whose settling it had never answered. */
export async function askSource(reader: LaneReader, loss: Loss): Promise<Loss> {
  const judged: Loss = { ...loss, goneIds: [...loss.goneIds], doubtful: [] };
  for (const { unit, count, ids } of loss.doubtful) {
    if ((await reader.hasLetGo?.(unit)) ?? true) {
      judged.gone += count;
      judged.goneIds.push(...ids);
    } else judged.again += count;
  }
  return judged;
}

/** Tells of messages that the target has lost and that are appended again, since the source still has them. */
export async function noteAgain(
  { lane, sink, meter }: { lane: number; sink: RedisStreamSink; meter: Meter },
  { again, gone }: Loss,
): Promise<void> {
  // What a source has that keeps everything is not gone.
  const lost = again + gone;
  if (lost === 0) return;
  await sink.countAgain({ lane, count: lost });
  // They are read once more, and would count twice.
  meter.counts.read -= Math.min(lost, meter.counts.read);
  meter.counts.appended -= Math.min(lost, meter.counts.appended);
  meter.counts.reappended += lost;
  meter.note(
    `lane ${lane}: ${lost} ${plural(lost, 'message')} that the target had confirmed ${lost === 1 ? 'was' : 'were'} lost there, in a failover or a restart; the source still has ${lost === 1 ? 'it' : 'them'}: appended again`,
  );
}
