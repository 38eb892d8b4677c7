import type { Cluster, Redis } from 'ioredis';
import type { RedisConnection } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import { partitionKeys, streamKeys } from '../model/keys.ts';
import { RedisStreamSink } from '../sinks/index.ts';
import { CelerySource, type CelerySpec } from '../sources/celery/index.ts';
import { PostgresSource, type PostgresSpec } from '../sources/postgres/index.ts';
import type { LaneReader } from '../sources/source.ts';
import { letExpire } from './expiry.ts';
import type { Manifest } from './manifest.ts';
import { Membership } from './membership.ts';
import type { Meter } from './meter.ts';
import type { OpenDrain } from './open.ts';
import type { DrainSource } from './request.ts';
import { type RunRecord, RunStore } from './run-store.ts';
import { readTotals } from './totals.ts';

/**
 * Closes an unfinished run for good. What it had appended and not settled is settled now, so that the
 * next run does not find it in the source again; what it had claimed and not appended is given back.
 */
export async function abandonRun(drain: OpenDrain, record: RunRecord, meter: Meter): Promise<void> {
  const { redis, request } = drain;
  const { manifest } = record;
  if (manifest.lanes > 0 && manifest.mode === 'move') await settleLanes(drain, manifest, meter);
  await new RunStore(redis.client).finish(manifest.run, 'abandoned', new Date());
  const { open } = await readTotals(redis.client, manifest);
  await letExpire(redis.client, manifest, open, request.settings.checkpointTtlMs);
}

async function settleLanes(drain: OpenDrain, manifest: Manifest, meter: Meter): Promise<void> {
  const { redis, request } = drain;
  const source = await openAgain(request.source, manifest);
  if (!source) return;
  const sink = sinkOf(redis, manifest, meter);
  const membership = new Membership(redis.client, manifest.run, new Date());
  try {
    const view = await membership.beat();
    for (let lane = 0; lane < manifest.lanes; lane += 1) {
      const fence = await membership.claim(lane, view.gone);
      if (fence === undefined) throw laneHeld(lane, manifest.run);
      try {
        const released = await settleLane(source, sink, manifest, lane, fence);
        if (released > 0)
          meter.note(
            `lane ${lane}: ${released} ${source instanceof CelerySource ? 'messages' : 'rows'} that run ${manifest.run} had claimed and not appended are ready again`,
          );
      } finally {
        await membership.release(lane, fence);
      }
    }
    await source.endRun(manifest.run);
  } finally {
    await membership.leave().catch(() => undefined);
    await source.close();
  }
}

/** Returns how much the run had claimed and not appended: it is given back. */
async function settleLane(
  source: LaneSource,
  sink: RedisStreamSink,
  manifest: Manifest,
  lane: number,
  fence: string,
): Promise<number> {
  const reader = readerOf(source, manifest, lane);
  try {
    const { states } = await sink.openLane(lane, fence);
    for (const { partition, suppressed } of await reader.recover(states, fence))
      await sink.settled(lane, fence, partition, suppressed);
    return (await reader.release?.()) ?? 0;
  } finally {
    await reader.close();
  }
}

/** Nothing is appended through it. */
function sinkOf(redis: RedisConnection, manifest: Manifest, meter: Meter): RedisStreamSink {
  const { stream, partitions } = manifest.target;
  return new RedisStreamSink({
    client: redis.client,
    label: redis.label,
    stream,
    partitions,
    run: manifest.run,
    ledgerRun: manifest.run,
    constants: [],
    durability: { kind: 'memory' },
    windowMs: 1,
    patience: meter,
    targetNow: () => 0,
  });
}

function laneHeld(lane: number, run: string): QctlError {
  return new QctlError('locked', `lane ${lane} of run ${run} is held by a living process`, {
    code: 'SOURCE_LOCKED',
    hint: [`stop it first: qctl drain stop ${run}`],
  });
}

/** Those whose runs leave something behind in lanes. */
type LaneSource = PostgresSource | CelerySource;

/** With what the run itself was after, whatever this call is. */
async function openAgain(source: DrainSource, { spec }: Manifest): Promise<LaneSource | undefined> {
  if (source.kind === 'postgres') return PostgresSource.open(source.connection, spec as PostgresSpec);
  return source.kind === 'celery' ? CelerySource.open(source.connection, spec as CelerySpec) : undefined;
}

function readerOf(source: LaneSource, { run, lanes }: Manifest, lane: number): LaneReader {
  if (source instanceof CelerySource) return source.reader({ run, lane, batch: 1, lenient: true });
  return source.reader({ run, lane, lanes, batch: 1 });
}

/** Ids that abandoned runs of this source have brought to other streams and not settled. */
export async function idsElsewhere(client: Redis | Cluster, manifest: Manifest): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const { stream, partitions, ledgerRun } of manifest.elsewhere ?? []) {
    for (const key of partitionKeys(stream, partitions)) {
      for (const id of await client.hkeys(streamKeys(key).ledger(ledgerRun))) ids.add(id);
    }
  }
  return ids;
}
