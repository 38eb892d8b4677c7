import type { RedisConnection } from '../backends/redis/index.ts';
import type { DrainEvents } from '../events.ts';
import type { Batch } from '../model/batch.ts';
import { partitionKeys } from '../model/keys.ts';
import { connectionFor, RedisStreamSink } from '../sinks/index.ts';
import { ArchiveSource } from '../sources/archive/index.ts';
import { CelerySource } from '../sources/celery/index.ts';
import { SqsSource } from '../sources/sqs/index.ts';
import { packer } from '../transform/pack.ts';
import { abandonRun, idsElsewhere } from './abandon.ts';
import type { Alarm } from './alarm.ts';
import { closeArchive, openArchive, type RunArchive } from './archive.ts';
import { lockSource } from './attach.ts';
import { TargetClock } from './clock.ts';
import { conclude } from './conclude.ts';
import { keep } from './expiry.ts';
import { Following } from './following.ts';
import { LaneCrew } from './lane-crew.ts';
import type { Manifest } from './manifest.ts';
import { Membership } from './membership.ts';
import { Meter } from './meter.ts';
import { Mover } from './mover.ts';
import { type OpenDrain, refuseBlockers } from './open.ts';
import { outlasting } from './outlast.ts';
import type { DrainReport } from './report.ts';
import { RunStore } from './run-store.ts';
import type { SourceWatch } from './source-watch.ts';
import { makeSqsCrew } from './sqs-crew.ts';
import { Steering } from './steering.ts';
import type { Throttle } from './throttle.ts';
import { readTotals } from './totals.ts';
import { translated } from './translate.ts';
import { type Crew, watch } from './watch.ts';
import { watchSource } from './watch-source.ts';

/** Batches that are read at once, at most, however many partitions share them; a move holds locks on them. */
const PARTS_A_READ = { move: 4, copy: 12 };

/** Runs a drain that has been opened: until the source is empty, or the limit, the time or a signal ends it. */
export async function runDrain(
  drain: OpenDrain,
  events: DrainEvents,
  signal: AbortSignal,
): Promise<DrainReport> {
  refuseBlockers(drain.plan);
  const { redis, request, attachment } = drain;
  const { manifest } = attachment;
  const store = new RunStore(redis.client);
  const meter = new Meter(manifest.run, events, signal);
  const membership = new Membership(redis.client, manifest.run, new Date());
  const steering = new Steering(drain, meter);
  const following = new Following(drain, meter);
  let archive: RunArchive | undefined;
  let crew: Crew | undefined;
  let watcher: SourceWatch | undefined;
  let writing: RedisConnection | undefined;
  try {
    const clock = new TargetClock();
    writing = await outlasting(meter, () => connectionFor(drain.target.durability, redis));
    const sink = sinkFor(drain, writing, meter, clock);
    await outlasting(meter, () => begin(drain, sink, store, meter));
    archive = await openArchive(drain, new Date());
    await outlasting(meter, () => clock.sync(redis.client));
    meter.depth(await outlasting(meter, () => depthAtStart(drain)));
    meter.counted(drain.plan.depth);
    // Before anything is read: what was decided while nobody was at work holds from the first message on.
    const view = await outlasting(meter, () => membership.beat());
    await steering.apply(view, membership.member);
    const { throttle } = steering;
    const holding = (): number => membership.holding() + membership.heldByOthers;
    watcher = await outlasting(meter, () => watchSource(drain, meter, holding));
    crew = await outlasting(meter, () =>
      makeCrew(drain, sink, meter, throttle, membership, clock, following.alarm, archive),
    );
    const mover = new Mover(redis, manifest, clock, meter, request.target.maxLen);
    const ended = await watch({ drain, crew, sink, meter, membership, steering, following, mover, view });
    const late = (await crew.passedOver?.release()) ?? 0;
    const left = await outlasting(meter, () => membership.leave());
    await outlasting(meter, () => store.addActive(manifest.run, meter.elapsedMs));
    const { paused, stopped } = steering;
    return await outlasting(meter, () =>
      conclude(drain, sink, store, meter, {
        ...ended,
        alive: left.alive.size,
        paused,
        stopped,
        archive,
        watcher,
        late,
        passedOver: crew?.passedOver,
      }),
    );
  } catch (error) {
    throw translated(error, request, { source: drain.source.label, target: redis.label });
  } finally {
    meter.stop();
    await Promise.all([steering.close(), following.close()]);
    await closeArchive(archive);
    watcher?.stop();
    await crew?.passedOver?.release();
    await membership.leave().catch(() => undefined);
    if (writing !== redis) await writing?.close();
  }
}

/** How much is still to be drained, as far as it is known. */
async function depthAtStart({ plan, redis, attachment }: OpenDrain): Promise<number | null> {
  const { ready } = plan.depth;
  if (ready === null || plan.mode === 'move') return ready;
  return ready - (await readTotals(redis.client, attachment.manifest)).appended;
}

async function begin(drain: OpenDrain, sink: RedisStreamSink, store: RunStore, meter: Meter): Promise<void> {
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

async function makeCrew(
  drain: OpenDrain,
  sink: RedisStreamSink,
  meter: Meter,
  throttle: Throttle,
  membership: Membership,
  clock: TargetClock,
  alarm: Alarm,
  archive: RunArchive | undefined,
): Promise<Crew> {
  const { source, request, attachment, redis } = drain;
  const { manifest } = attachment;
  const pack = packer({
    fields: manifest.fields ?? undefined,
    maxBodyBytes: request.settings.maxBodyBytes,
    withKeys: manifest.target.partitions > 1,
    targetNow: () => clock.now(),
  });
  const keep = archive && ((batch: Batch) => archive.sink.write(batch.messages()));
  const shared = { sink, meter, throttle, pack, keep, sourceLabel: source.label };
  if (!(source instanceof SqsSource)) {
    const { batch } = request.settings;
    return new LaneCrew({
      ...shared,
      lanes: manifest.lanes,
      settles: manifest.mode === 'move',
      membership,
      targetLabel: redis.label,
      batch,
      alarm,
      reader: (lane, size) => {
        const rows = rowsARead(size, manifest);
        if (source instanceof CelerySource) return source.reader({ run: manifest.run, lane, batch: rows });
        return source instanceof ArchiveSource
          ? source.reader(lane, rows)
          : source.reader({
              run: manifest.run,
              lane,
              lanes: manifest.lanes,
              batch: rows,
              note: (text) => meter.note(text),
              lost: (count) => tellLost(meter, lane, count),
            });
      },
    });
  }
  const crew = makeSqsCrew(drain, source, shared, clock, await idsElsewhere(redis.client, manifest));
  membership.holding = () => crew.holding;
  meter.passedOver = () => crew.passedOver?.size ?? 0;
  meter.unevaluated = () => crew.passedOver?.unevaluated ?? null;
  return {
    balance: () => crew.look(),
    isIdle: () => crew.isIdle(),
    holdsLane: () => true,
    passedOver: crew.passedOver,
    tune: ({ receivers }) => crew.within(receivers),
    stop: () => crew.stop(),
  };
}

/** What a claim kept from all who respect it, and somebody has taken none the less. */
function tellLost(meter: Meter, lane: number, count: number): void {
  meter.vanished += count;
  meter.note(
    `lane ${lane}: ${count} messages had been taken away from this run when it was to let go of them: another consumer may have worked on them as well`,
  );
}

/** Of what is read at once each partition gets a part: more is read, so that appends do not become small. */
function rowsARead(batch: number, { mode, target }: Manifest): number {
  return batch * Math.min(target.partitions, PARTS_A_READ[mode === 'copy' ? 'copy' : 'move']);
}

function sinkFor(
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
