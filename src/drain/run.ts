import { isRetryable } from '../backends/redis/errors.ts';
import { isQctlError } from '../errors.ts';
import type { DrainEvents } from '../events.ts';
import type { Batch } from '../model/batch.ts';
import { partitionKeys } from '../model/keys.ts';
import { pause } from '../model/patience.ts';
import { LaneFenced, RedisStreamSink, SettledLost } from '../sinks/index.ts';
import { ArchiveSource } from '../sources/archive/index.ts';
import { PostgresSource } from '../sources/postgres/index.ts';
import { type PassedOver, SqsSource } from '../sources/sqs/index.ts';
import { packer } from '../transform/pack.ts';
import { abandonRun, idsElsewhere } from './abandon.ts';
import { closeArchive, openArchive, type RunArchive } from './archive.ts';
import { lockSource } from './attach.ts';
import { TargetClock } from './clock.ts';
import { conclude } from './conclude.ts';
import { Emptiness } from './emptiness.ts';
import { keepRun } from './keep-run.ts';
import { LaneCrew } from './lane-crew.ts';
import { Membership, type RunView } from './membership.ts';
import { Meter } from './meter.ts';
import { Mover } from './mover.ts';
import { type OpenDrain, refuseBlockers } from './open.ts';
import { outlasting } from './outlast.ts';
import type { ReceiverBounds } from './receiver-tuner.ts';
import type { DrainReport, Ending } from './report.ts';
import { RunStore } from './run-store.ts';
import type { SourceWatch } from './source-watch.ts';
import { makeSqsCrew } from './sqs-crew.ts';
import { Throttle } from './throttle.ts';
import { readTotals } from './totals.ts';
import { translated } from './translate.ts';
import { watchSource } from './watch-source.ts';

const BEAT_MS = 1000;
const LOOK_MS = 20;

/** Either kind of crew, as the loop sees it. */
interface Crew {
  balance(view: RunView): Promise<void>;
  isIdle(view: RunView): boolean;
  /** Whether this process has work of its own, and does not only stand by for others. */
  holdsLane(): boolean;
  /** SQS: messages that stay in the queue, and are given back at the end. */
  passedOver?: PassedOver;
  /** SQS: other bounds for the receivers, from now on. */
  rebound?(bounds: ReceiverBounds): void;
  stop(): Promise<void>;
}

/** How the loop came to its end, and what stays in the source because it is not wanted. */
interface Ended {
  ending: Ending;
  /** FIFO: messages that stand behind such a one. */
  behind: number;
}

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
  let archive: RunArchive | undefined;
  let crew: Crew | undefined;
  let watcher: SourceWatch | undefined;
  try {
    const clock = new TargetClock();
    const sink = sinkFor(drain, meter, clock);
    await outlasting(meter, () => begin(drain, sink, store, meter));
    archive = await openArchive(drain, new Date());
    await outlasting(meter, () => clock.sync(redis.client));
    const throttle = new Throttle(request.settings.limit, request.settings.ratePerSecond);
    meter.depth(await outlasting(meter, () => depthAtStart(drain)));
    const holding = (): number => membership.holding() + membership.heldByOthers;
    watcher = await outlasting(meter, () => watchSource(drain, meter, holding));
    crew = await outlasting(meter, () => makeCrew(drain, sink, meter, throttle, membership, clock, archive));
    const mover = new Mover(redis, manifest, clock, meter, request.target.maxLen);
    const ended = await watch(drain, crew, sink, meter, throttle, membership, mover);
    const late = (await crew.passedOver?.release()) ?? 0;
    const left = await outlasting(meter, () => membership.leave());
    await outlasting(meter, () => store.addActive(manifest.run, meter.elapsedMs));
    return await outlasting(meter, () =>
      conclude(drain, sink, store, meter, ended.ending, left.alive.size, {
        ...ended,
        late,
        watcher,
        archive,
        passedOver: crew?.passedOver,
      }),
    );
  } catch (error) {
    throw translated(error, request, { source: drain.source.label, target: redis.label });
  } finally {
    meter.stop();
    await closeArchive(archive);
    watcher?.stop();
    await crew?.passedOver?.release();
    await membership.leave().catch(() => undefined);
  }
}

/** How much is still to be drained, as far as it is known. */
async function depthAtStart({ plan, redis, attachment }: OpenDrain): Promise<number | null> {
  const { ready } = plan.depth;
  if (ready === null || plan.mode === 'move') return ready;
  const { appended, scheduled } = await readTotals(redis.client, attachment.manifest);
  return ready - appended - scheduled;
}

async function begin(drain: OpenDrain, sink: RedisStreamSink, store: RunStore, meter: Meter): Promise<void> {
  const { redis, request, attachment } = drain;
  const now = new Date();
  if (attachment.abandon) await abandonRun(drain, attachment.abandon, meter);
  await lockSource(redis.client, attachment, request, now);
  if (attachment.kind === 'new') {
    // The record comes last: where it stands, what it describes has been there.
    await sink.seed(attachment.manifest.lanes);
    await store.create(attachment.manifest, now.getTime());
  } else await store.reopen(attachment.manifest.run);
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
      reader: (lane) =>
        source instanceof ArchiveSource
          ? source.reader(lane, batch)
          : source.reader({
              run: manifest.run,
              lane,
              lanes: manifest.lanes,
              batch,
              note: (text) => meter.note(text),
              lost: (count) => tellLost(meter, lane, count),
            }),
    });
  }
  const crew = makeSqsCrew(drain, source, shared, clock, await idsElsewhere(redis.client, manifest));
  membership.holding = () => crew.holding;
  meter.passedOver = () => crew.passedOver?.size ?? 0;
  return {
    balance: () => crew.look(),
    isIdle: () => crew.isIdle(),
    holdsLane: () => true,
    passedOver: crew.passedOver,
    rebound: (bounds) => crew.rebound(bounds),
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

function sinkFor(
  { redis, attachment, request, target }: OpenDrain,
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

/** Keeps the lease, balances the lanes and notices the end. */
async function watch(
  drain: OpenDrain,
  crew: Crew,
  sink: RedisStreamSink,
  meter: Meter,
  throttle: Throttle,
  membership: Membership,
  mover: Mover,
): Promise<Ended> {
  const { settings } = drain.request;
  const { passedOver } = crew;
  const emptiness = new Emptiness(drain, meter);
  const ended = async (ending: Ending): Promise<Ended> => {
    await crew.stop();
    return { ending, behind: ending === 'empty' ? emptiness.behind : 0 };
  };
  let view: RunView | undefined;
  let beatAt = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      if (performance.now() - beatAt >= BEAT_MS) {
        beatAt = performance.now();
        view = (await keepRun(drain, membership).catch(rethrowVerdict)) ?? view;
        if (view) await crew.balance(view).catch(rethrowUnlessLost);
      }
      mover.tick();
      const idle = view !== undefined && crew.isIdle(view);
      if (meter.signal.aborted) return await ended('signal');
      if (throttle.exhausted) return await ended('limit');
      if (settings.until instanceof Date && Date.now() >= settings.until.getTime())
        return await ended('until');
      if (passedOver?.full) return await ended('left over');
      if (settings.until === 'empty') {
        const { heldByOthers } = membership;
        const end = await emptiness.look({ idle, holdsLane: crew.holdsLane(), passedOver, heldByOthers });
        if (end) return await ended(end);
      }
      await pause(LOOK_MS, meter.signal);
    }
  } catch (error) {
    // Only once all work has ended is it known how much a failover has cost.
    throw await crew.stop().then(
      () => (error instanceof SettledLost ? sink.lostForGood(error.count, error.ids) : error),
      (failure) => failure,
    );
  } finally {
    await mover.stop();
  }
}

/** A claim that fails because Redis is away is tried again with the next beat; a worker's failure is not one of those. */
function rethrowUnlessLost(error: unknown): void {
  if (error instanceof LaneFenced || isRetryable(error) !== undefined) return;
  throw error;
}

/** A beat that Redis did not take comes again; what it has found out ends the run. */
function rethrowVerdict(error: unknown): undefined {
  if (isQctlError(error)) throw error;
  return undefined;
}
