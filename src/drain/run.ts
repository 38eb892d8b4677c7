import { isRetryable } from '../backends/redis/errors.ts';
import type { DrainEvents } from '../events.ts';
import { partitionKeys } from '../model/keys.ts';
import { pause } from '../model/patience.ts';
import { dataLost, LaneFenced, RedisStreamSink } from '../sinks/index.ts';
import { PostgresSource } from '../sources/postgres/index.ts';
import { packer } from '../transform/pack.ts';
import { abandonRun, idsElsewhere } from './abandon.ts';
import { lockSource } from './attach.ts';
import { TargetClock } from './clock.ts';
import { conclude } from './conclude.ts';
import { Emptiness } from './emptiness.ts';
import { LaneCrew } from './lane-crew.ts';
import { Membership, type RunView } from './membership.ts';
import { Meter } from './meter.ts';
import { type OpenDrain, refuseBlockers } from './open.ts';
import { outlasting } from './outlast.ts';
import { ReceiverCrew } from './receiver-crew.ts';
import type { DrainReport, Ending } from './report.ts';
import { RunStore } from './run-store.ts';
import { Throttle } from './throttle.ts';
import { readTotals } from './totals.ts';
import { translated } from './translate.ts';

const BEAT_MS = 1000;
const LOOK_MS = 20;

/** Either kind of crew, as the loop sees it. */
interface Crew {
  balance(view: RunView): Promise<void>;
  isIdle(view: RunView): boolean;
  /** Whether this process has work of its own, and does not only stand by for others. */
  holdsLane(): boolean;
  stop(): Promise<void>;
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
  try {
    const clock = new TargetClock();
    const sink = sinkFor(drain, meter, clock);
    await outlasting(meter, () => begin(drain, sink, store, meter));
    await outlasting(meter, () => clock.sync(redis.client));
    const throttle = new Throttle(request.settings.limit, request.settings.ratePerSecond);
    meter.depth(await outlasting(meter, () => depthAtStart(drain)));
    const crew = await outlasting(meter, () => makeCrew(drain, sink, meter, throttle, membership, clock));
    const ending = await watch(drain, crew, meter, throttle, membership);
    const left = await outlasting(meter, () => membership.leave());
    await outlasting(meter, () => store.addActive(manifest.run, meter.elapsedMs));
    return await outlasting(meter, () => conclude(drain, sink, store, meter, ending, left.alive.size));
  } catch (error) {
    throw translated(error, request, { source: drain.source.label, target: redis.label });
  } finally {
    meter.stop();
    await membership.leave().catch(() => undefined);
  }
}

/** How much is still to be drained, as far as it is known. */
async function depthAtStart({ plan, redis, attachment }: OpenDrain): Promise<number | null> {
  const { ready } = plan.depth;
  if (ready === null || plan.mode === 'move') return ready;
  return ready - (await readTotals(redis.client, attachment.manifest)).appended;
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
): Promise<Crew> {
  const { source, request, attachment, redis } = drain;
  const { manifest } = attachment;
  const pack = packer({
    fields: manifest.fields ?? undefined,
    maxBodyBytes: request.settings.maxBodyBytes,
    withKeys: manifest.target.partitions > 1,
  });
  const shared = { sink, meter, throttle, pack, sourceLabel: source.label };
  if (source instanceof PostgresSource) {
    const { batch } = request.settings;
    return new LaneCrew({
      ...shared,
      lanes: manifest.lanes,
      membership,
      batch,
      reader: (lane) =>
        source.reader({
          run: manifest.run,
          lane,
          lanes: manifest.lanes,
          batch,
          note: (text) => meter.note(text),
        }),
    });
  }
  const { visibilityMs, waitSeconds, workers } = request.settings;
  const options = {
    client: source.connection.client,
    queueUrl: source.connection.queueUrl,
    waitSeconds,
    visibilitySeconds: Math.ceil(visibilityMs / 1000),
    targetNow: () => clock.now(),
    note: (text: string) => meter.note(text),
  };
  const crew = new ReceiverCrew({
    ...shared,
    receivers: workers,
    source: options,
    elsewhere: await idsElsewhere(redis.client, manifest),
  });
  return {
    balance: () => Promise.resolve(),
    isIdle: () => crew.isIdle(),
    holdsLane: () => true,
    stop: () => crew.stop(),
  };
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
  meter: Meter,
  throttle: Throttle,
  membership: Membership,
): Promise<Ending> {
  const { settings } = drain.request;
  const emptiness = new Emptiness(drain, meter);
  let view: RunView | undefined;
  let beatAt = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      if (performance.now() - beatAt >= BEAT_MS) {
        beatAt = performance.now();
        view = (await membership.beat().catch(() => undefined)) ?? view;
        if (view) {
          refuseLostRun(drain, view);
          await crew.balance(view).catch(rethrowUnlessLost);
        }
      }
      const idle = view !== undefined && crew.isIdle(view);
      if (meter.signal.aborted) return await ended(crew, 'signal');
      if (throttle.exhausted) return await ended(crew, 'limit');
      if (settings.until instanceof Date && Date.now() >= settings.until.getTime())
        return await ended(crew, 'until');
      if (settings.until === 'empty') {
        const end = await emptiness.look(idle, crew.holdsLane());
        if (end) return await ended(crew, end);
      }
      await pause(LOOK_MS, meter.signal);
    }
  } catch (error) {
    await crew.stop().catch(() => undefined);
    throw error;
  }
}

/** A run whose record is gone while it is at work: all the rest is gone as well. */
function refuseLostRun({ redis, attachment }: OpenDrain, view: RunView): void {
  const { run } = attachment.manifest;
  if (view.state === '') throw dataLost(redis.label, `run ${run} is not recorded any more`, { run });
}

/** A claim that fails because Redis is away is tried again with the next beat; a worker's failure is not one of those. */
function rethrowUnlessLost(error: unknown): void {
  if (error instanceof LaneFenced || isRetryable(error) !== undefined) return;
  throw error;
}

async function ended(crew: Crew, ending: Ending): Promise<Ending> {
  await crew.stop();
  return ending;
}
