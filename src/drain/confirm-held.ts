import type { Batch } from '../model/batch.ts';
import { plural } from '../model/plural.ts';
import type { Appended, RedisStreamSink } from '../sinks/index.ts';
import type { HeldBatch } from '../sources/sqs/index.ts';
import type { Entries } from '../transform/pack.ts';
import type { Meter } from './meter.ts';

/** Nobody else can hold what has been deleted: no such append comes too late. */
const NEVER_LATE = { kind: 'ledger', deadlineMs: Number.MAX_SAFE_INTEGER, rescue: true } as const;

/**
 * Tells the ledger what the queue has deleted. What the target has lost meanwhile, in a failover between
 * append and delete, is on neither side and still at hand: it is appended again at once.
 */
export async function confirmHeld(
  { sink, meter, pack }: { sink: RedisStreamSink; meter: Meter; pack(batch: Batch): Entries },
  batch: HeldBatch,
  held: Appended['held'],
  deleted: Set<string>,
): Promise<void> {
  const { counts } = meter;
  let { settled, unknown } = await sink.confirm(held, deleted);
  counts.settled += settled;
  while (unknown.length > 0) {
    const lost = new Set(unknown);
    batch.drop(
      batch
        .messages()
        .map(({ id }) => id)
        .filter((id) => !lost.has(id)),
    );
    const again = await sink.append(pack(batch), NEVER_LATE);
    counts.reappended += lost.size;
    await sink.countAgain(again.held);
    meter.note(noteOf(lost.size, batch));
    ({ settled, unknown } = await sink.confirm(again.held, lost));
    counts.settled += settled;
  }
}

function noteOf(count: number, batch: HeldBatch): string {
  const order = batch.messages().some(({ key }) => key !== undefined)
    ? ', perhaps behind later ones of their group'
    : '';
  return `${count} ${plural(count, 'message')} that the target had confirmed ${count === 1 ? 'was' : 'were'} lost there, in a failover or a restart, while the queue deleted ${count === 1 ? 'it' : 'them'}: appended again${order}`;
}
