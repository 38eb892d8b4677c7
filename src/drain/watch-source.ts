import { ArchiveSource } from '../sources/archive/index.ts';
import { CelerySource } from '../sources/celery/index.ts';
import type { PostgresSource } from '../sources/postgres/index.ts';
import { SqsSource } from '../sources/sqs/index.ts';
import { ListWatch } from './list-watch.ts';
import type { Meter } from './meter.ts';
import type { OpenDrain } from './open.ts';
import { QueueWatch } from './queue-watch.ts';
import type { SourceWatch } from './source-watch.ts';
import { TableWatch } from './table-watch.ts';
import { readTotals } from './totals.ts';

/** Older than this, the plan's count says nothing of the start any more. */
const FRESH_MS = 3000;

/**
 * Starts to look after the source, before the first message is taken. A copy needs none: both sides
 * are compared. `holding`: messages in flight because of the processes of this run.
 */
export async function watchSource(
  drain: OpenDrain,
  meter: Meter,
  holding: () => number,
): Promise<SourceWatch | undefined> {
  const { source, plan, redis, attachment } = drain;
  if (plan.mode === 'copy' || source instanceof ArchiveSource) return undefined;
  const totals = () => readTotals(redis.client, attachment.manifest);
  if (source instanceof SqsSource) return QueueWatch.start({ source, meter, totals, holding });
  if (source instanceof CelerySource)
    return ListWatch.start({ source, run: attachment.manifest.run, totals });
  const { settled } = await totals();
  const ready = await readyNow(drain, source);
  return TableWatch.start({ source, meter, totals, ready, settled });
}

/** Counting a large table takes a while, so that a plan just made is believed where nobody else is at work. */
async function readyNow({ plan, openedAt, attachment }: OpenDrain, source: PostgresSource): Promise<number> {
  const alone = plan.kind !== 'join' && !attachment.abandon;
  const fresh = alone && performance.now() - openedAt < FRESH_MS;
  return (fresh ? plan.depth.ready : (await source.depth()).ready) ?? 0;
}
