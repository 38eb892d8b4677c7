import type { RedisConnection } from '../backends/redis/index.ts';
import { partitionKeys } from '../model/keys.ts';
import { RedisStreamSink } from '../sinks/index.ts';
import { abandonRun } from './abandon.ts';
import { lockSource } from './attach.ts';
import type { TargetClock } from './clock.ts';
import { keep } from './expiry.ts';
import type { Meter } from './meter.ts';
import type { OpenDrain } from './open.ts';
import type { RunStore } from './run-store.ts';
import { readTotals } from './totals.ts';

/** Locks the source and records the run, or that it goes on. May be repeated. */
export async function begin(
  drain: OpenDrain,
  sink: RedisStreamSink,
  store: RunStore,
  meter: Meter,
): Promise<void> {
  const { redis, request, attachment, boundary } = drain;
  const now = new Date();
  if (attachment.abandon) await abandonRun(drain, attachment.abandon, meter);
  await lockSource(redis.client, attachment, request, now);
  if (attachment.kind === 'new') {
    // The record comes last: where it stands, what it describes has been there.
    await sink.seed(attachment.manifest.lanes);
    // Those of the run before, whose ledger this one may go on with.
    await keep(redis.client, attachment.manifest);
    await store.create(attachment.manifest, now.getTime(), boundary.before);
    await store.prune(now.getTime());
  } else {
    // In this order: see expiry.ts.
    await keep(redis.client, attachment.manifest);
    await store.reopen(attachment.manifest.run, boundary.before);
  }
  if (request.target.createGroup) await createGroups(drain, request.target.createGroup);
}

async function createGroups({ redis, request }: OpenDrain, group: string): Promise<void> {
  for (const key of partitionKeys(request.target.stream, request.target.partitions)) {
    await redis.client.xgroup('CREATE', key, group, '0', 'MKSTREAM').catch((error: Error) => {
      if (!error.message.startsWith('BUSYGROUP')) throw error;
    });
  }
}

/** How much is still to be drained, as far as it is known. */
export async function depthAtStart({ plan, redis, attachment }: OpenDrain): Promise<number | null> {
  const { ready } = plan.depth;
  if (ready === null || plan.mode === 'move') return ready;
  return ready - (await readTotals(redis.client, attachment.manifest)).appended;
}

/** @param redis the connection that the run writes through */
export function sinkFor(
  { attachment, request, target }: OpenDrain,
  redis: RedisConnection,
  meter: Meter,
  clock: TargetClock,
): RedisStreamSink {
  const { manifest } = attachment;
  return new RedisStreamSink({
    client: redis.client,
    label: redis.label,
    stream: manifest.target.stream,
    partitions: manifest.target.partitions,
    run: manifest.run,
    ledgerRun: manifest.ledgerRun,
    constants: manifest.fields ? [] : ['source', manifest.source.name, 'run', manifest.run],
    maxLen: request.target.maxLen,
    durability: target.durability,
    windowMs: request.settings.windowMs,
    seeded: true,
    patience: meter,
    targetNow: () => clock.now(),
  });
}
