import type { Cluster, Redis } from 'ioredis';
import { isRetryable, type RedisConnection } from '../../backends/redis/index.ts';
import type { DrainEvents } from '../../events.ts';
import { partitionKeys } from '../../model/keys.ts';
import { pause } from '../../model/patience.ts';
import { durably, learnSlots, nodeFor } from '../../sinks/durability.ts';
import { connectionFor, dataLost } from '../../sinks/index.ts';
import { consumerOf, type HandOptions, LaneHand, seedLane, Taker } from '../../sources/redis-stream/index.ts';
import { lockFor } from '../attach.ts';
import { LaneHands, type LaneInHand } from '../lane-hands.ts';
import type { Manifest } from '../manifest.ts';
import { Membership, type RunView } from '../membership.ts';
import { Meter } from '../meter.ts';
import { WAY_BACK } from '../opposite.ts';
import { outlasting } from '../outlast.ts';
import type { Ending } from '../report.ts';
import { RunStore } from '../run-store.ts';
import type { Throttle } from '../throttle.ts';
import { keptOf, lockGroup } from './attach.ts';
import { concludeBack } from './conclude.ts';
import { type BackLane, workBackLane } from './lane.ts';
import { NOTHING_SEEN, type Seen } from './lane-tools.ts';
import { type OpenBack, refuseBackBlockers } from './open.ts';
import type { BackReport } from './report.ts';
import { BackSteering } from './steering.ts';
import { backError } from './translate.ts';

/** What an operator decides anywhere takes effect within two beats. */
const BEAT_MS = 400;
const LOOK_MS = 20;
/** Beyond the time after which entries of others may be taken. */
const GRACE_MS = 2000;

/** Runs a way back that has been opened: until nothing is left to take, or the limit or a signal ends it. */
export async function runBack(back: OpenBack, events: DrainEvents, signal: AbortSignal): Promise<BackReport> {
  refuseBackBlockers(back.plan);
  const { redis, request, attachment, destination } = back;
  const { manifest } = attachment;
  const store = new RunStore(redis.client);
  const meter = new Meter(manifest.run, events, signal);
  const membership = new Membership(redis.client, manifest.run, new Date());
  const steering = new BackSteering(request.settings, meter);
  const seen = structuredClone(NOTHING_SEEN);
  let writing: RedisConnection | undefined;
  try {
    writing = await outlasting(meter, () => connectionFor(back.durability, redis));
    const { client } = writing;
    await outlasting(meter, () => begin(back, store, meter));
    const { plan } = back;
    meter.depth(plan.undelivered === null ? null : plan.undelivered + plan.pending);
    // Before anything is taken: what was decided while nobody was at work holds from the first entry on.
    steering.apply(await outlasting(meter, () => membership.beat(meter.published())));
    const { throttle } = steering;
    const crew = crewOf(back, client, { meter, throttle, seen }, membership);
    const ending = await watch(back, crew, { meter, steering, membership, seen });
    const left = await outlasting(meter, () => membership.leave());
    await outlasting(meter, () => store.addActive(manifest.run, meter.elapsedMs));
    return await outlasting(meter, () => concludeBack(back, store, meter, seen, ending, left.alive.size));
  } catch (error) {
    throw backError(error, request, { redis: redis.label, destination: destination.label });
  } finally {
    meter.stop();
    steering.close();
    await membership.leave().catch(() => undefined);
    if (writing !== redis) await writing?.close();
  }
}

async function begin(back: OpenBack, store: RunStore, meter: Meter): Promise<void> {
  const { redis, request, attachment, destination } = back;
  const { manifest } = attachment;
  const now = new Date();
  if (attachment.abandons !== undefined) await store.finish(attachment.abandons, 'abandoned', now);
  await lockGroup(redis.client, attachment, request, now);
  await redis.client.hset(lockFor(destination.identity), WAY_BACK, manifest.run);
  await destination.prepare();
  let seeded = 0;
  for (const stream of partitionKeys(manifest.target.stream, manifest.target.partitions))
    if (await seedLane(redis.client, stream, manifest.run)) seeded += 1;
  if (attachment.kind === 'new') {
    // The record comes last: where it stands, what it describes has been there.
    await store.create(manifest as unknown as Manifest, now.getTime());
    return;
  }
  if (seeded > 0) meter.note(forgotten(manifest.run, manifest.back.to));
  // A way back that is done has begun to expire.
  await Promise.all(keptOf(manifest).keys.map((key) => redis.client.persist(key)));
  await store.reopen(manifest.run, null);
}

/** What it means that Redis has lost the record of a lane. */
function forgotten(run: string, to: string): string {
  const then =
    to === 'postgres'
      ? 'the ledger still knows what was given back'
      : 'what was sent by then may be sent again';
  return `Redis has forgotten what run ${run} had counted: ${then}`;
}

interface Shared {
  meter: Meter;
  throttle: Throttle;
  seen: Seen;
}

/** One lane a stream: a second process on a single one stands by. */
function crewOf(back: OpenBack, writer: Redis | Cluster, shared: Shared, membership: Membership): LaneHands {
  const { meter, throttle } = shared;
  return new LaneHands({
    lanes: back.attachment.manifest.lanes,
    membership,
    work: (lane, hand) =>
      workBackLane({
        ...hand,
        ...laneOf(back, writer, { lane, fence: hand.fence }, shared),
        fenced: (by) => by !== '' && membership.sawFence(by),
      }),
    signal: meter.signal,
    exhausted: () => throttle.exhausted,
  });
}

function laneOf(
  { redis, request, attachment, destination, durability }: OpenBack,
  writer: Redis | Cluster,
  { lane, fence }: { lane: number; fence: string },
  shared: Shared,
): Omit<BackLane, keyof LaneInHand | 'fenced'> {
  const { source, settings } = request;
  const { run, target } = attachment.manifest;
  const stream = partitionKeys(target.stream, target.partitions)[lane]!;
  const { client } = redis;
  const place = { client, stream, group: source.group, run };
  const write: HandOptions['durably'] = (key, action) =>
    durability.kind === 'memory'
      ? action(writer, () => undefined)
      : durably(nodeFor(writer, key), durability, action).catch((error) => {
          learnSlots(writer);
          throw error;
        });
  return {
    ...shared,
    lane,
    stream,
    redis,
    withWaiting: source.from === undefined,
    consumer: consumerOf(run),
    from: source.from ?? '-',
    taker: new Taker({ ...place, from: source.from, minIdleMs: settings.minIdleMs }, fence),
    hand: new LaneHand({ ...place, delete: settings.delete, durably: write }, fence),
    courier: destination.courier(run),
    other: settings.other,
    batch: settings.batch,
    maxLeft: settings.maxLeft,
    label: redis.label,
    position: () => positionOf(client, stream, source.group),
  };
}

/** Up to which id a group has been given entries; undefined where there is no such stream yet. */
async function positionOf(
  client: Redis | Cluster,
  stream: string,
  group: string,
): Promise<string | undefined> {
  const rows = (await client.call('XINFO', 'GROUPS', stream).catch((error: Error) => {
    if (/no such key/.test(error.message)) return [];
    throw error;
  })) as unknown[][];
  const row = rows.find((one) => one[one.indexOf('name') + 1] === group);
  return row && String(row[row.indexOf('last-delivered-id') + 1]);
}

interface Watched {
  meter: Meter;
  steering: BackSteering;
  membership: Membership;
  seen: Seen;
}

/** Keeps the lease, obeys, balances the lanes and notices the end. */
async function watch(back: OpenBack, crew: LaneHands, watched: Watched): Promise<Ending> {
  const { meter, steering, membership } = watched;
  const idleness = new Idleness(back.request.settings.minIdleMs, watched.seen);
  let view: RunView | undefined;
  let beatAt = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      if (performance.now() - beatAt >= BEAT_MS) {
        beatAt = performance.now();
        view = (await membership.beat(meter.published()).catch(() => undefined)) ?? view;
        if (view) {
          refuseLostRun(back, view);
          steering.apply(view);
          await crew.balance(view).catch(rethrowUnlessLost);
        }
      }
      const idle = view !== undefined && crew.isIdle(view) && crew.holdsLane() && !steering.paused;
      const ending = endOf(watched) ?? idleness.look(idle);
      if (ending) {
        await crew.stop();
        return ending;
      }
      await pause(LOOK_MS, meter.signal);
    }
  } catch (error) {
    await crew.stop().catch(() => undefined);
    throw error;
  }
}

/** What ends a run whatever there is still to take. */
function endOf({ meter, steering }: Watched): Ending | undefined {
  if (meter.signal.aborted) return 'signal';
  if (steering.stopped) return 'stopped';
  return steering.throttle.exhausted ? 'limit' : undefined;
}

/** Nothing left to take, but perhaps entries that may not be taken yet: these are waited for, not for ever. */
class Idleness {
  private readonly minIdleMs: number;
  private readonly seen: Seen;
  private since: number | undefined;

  constructor(minIdleMs: number, seen: Seen) {
    this.minIdleMs = minIdleMs;
    this.seen = seen;
  }

  look(idle: boolean): Ending | undefined {
    this.since = idle ? (this.since ?? performance.now()) : undefined;
    if (this.since === undefined) return undefined;
    if (this.seen.young === 0) return 'empty';
    return performance.now() - this.since > this.minIdleMs + GRACE_MS ? 'left over' : undefined;
  }
}

/** A run whose record is gone while it is at work: all the rest is gone as well. */
function refuseLostRun({ redis, attachment }: OpenBack, view: RunView): void {
  const { run } = attachment.manifest;
  if (view.state === '') throw dataLost(redis.label, `run ${run} is not recorded any more`, { run });
}

function rethrowUnlessLost(error: unknown): void {
  if (isRetryable(error) === undefined) throw error;
}
