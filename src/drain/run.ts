import type { RedisConnection } from '../backends/redis/index.ts';
import type { DrainEvents } from '../events.ts';
import { connectionFor } from '../sinks/index.ts';
import { closeArchive, openArchive, type RunArchive } from './archive.ts';
import { begin, depthAtStart, sinkFor } from './begin.ts';
import { TargetClock } from './clock.ts';
import { conclude } from './conclude.ts';
import { Following } from './following.ts';
import { makeCrew } from './make-crew.ts';
import { Membership } from './membership.ts';
import { Meter } from './meter.ts';
import { Mover } from './mover.ts';
import { type OpenDrain, refuseBlockers } from './open.ts';
import { outlasting } from './outlast.ts';
import type { DrainReport } from './report.ts';
import { RunStore } from './run-store.ts';
import type { SourceWatch } from './source-watch.ts';
import { Steering } from './steering.ts';
import { translated } from './translate.ts';
import { type Crew, type Ended, type Watched, watch } from './watch.ts';
import { watchSource } from './watch-source.ts';

/** Runs a drain that has been opened: until the source is empty, or the limit, the time or a signal ends it. */
export async function runDrain(
  drain: OpenDrain,
  events: DrainEvents,
  signal: AbortSignal,
): Promise<DrainReport> {
  refuseBlockers(drain.plan);
  const { redis, request, source } = drain;
  const running = new RunningDrain(drain, events, signal);
  try {
    const watched = await running.start();
    return await running.end(watched, await watch(watched));
  } catch (error) {
    throw translated(error, request, { source: source.label, target: redis.label });
  } finally {
    await running.close();
  }
}

/** A run in this process: what it works with, as far as that has been opened. */
class RunningDrain {
  private readonly drain: OpenDrain;
  private readonly store: RunStore;
  private readonly meter: Meter;
  private readonly membership: Membership;
  private readonly steering: Steering;
  private readonly following: Following;
  private archive: RunArchive | undefined;
  private crew: Crew | undefined;
  private watcher: SourceWatch | undefined;
  private writing: RedisConnection | undefined;

  constructor(drain: OpenDrain, events: DrainEvents, signal: AbortSignal) {
    const { run } = drain.attachment.manifest;
    const { client } = drain.redis;
    this.drain = drain;
    this.store = new RunStore(client);
    this.meter = new Meter(run, events, signal);
    this.membership = new Membership(client, run, new Date());
    this.steering = new Steering(drain, this.meter);
    this.following = new Following(drain, this.meter);
  }

  /** Records the run and puts a crew to work. */
  async start(): Promise<Watched> {
    const { drain, meter, membership, steering, following } = this;
    const { redis, request, attachment } = drain;
    const clock = new TargetClock();
    this.writing = await outlasting(meter, () => connectionFor(drain.target.durability, redis));
    const sink = sinkFor(drain, this.writing, meter, clock);
    await outlasting(meter, () => begin(drain, sink, this.store, meter));
    this.archive = await openArchive(drain, new Date());
    await outlasting(meter, () => clock.sync(redis.client));
    meter.depth(await outlasting(meter, () => depthAtStart(drain)));
    meter.counted(drain.plan.depth);
    // Before anything is read: what was decided while nobody was at work holds from the first message on.
    const view = await outlasting(meter, () => membership.beat());
    await steering.apply(view, membership.member);
    const { throttle } = steering;
    const holding = (): number => membership.holding() + membership.heldByOthers;
    this.watcher = await outlasting(meter, () => watchSource(drain, meter, holding));
    const { archive } = this;
    const parts = { drain, sink, meter, throttle, membership, clock, alarm: following.alarm, archive };
    const crew = await outlasting(meter, () => makeCrew(parts));
    this.crew = crew;
    const mover = new Mover(redis, attachment.manifest, clock, meter, request.target.maxLen);
    return { drain, crew, sink, meter, membership, steering, following, mover, view };
  }

  /** Gives back what it holds, and judges the run. */
  async end({ crew, sink }: Watched, ended: Ended): Promise<DrainReport> {
    const { drain, store, meter, membership, archive, watcher } = this;
    const late = (await crew.passedOver?.release()) ?? 0;
    const left = await outlasting(meter, () => membership.leave());
    await outlasting(meter, () => store.addActive(drain.attachment.manifest.run, meter.elapsedMs));
    const { paused, stopped } = this.steering;
    return outlasting(meter, () =>
      conclude(drain, sink, store, meter, {
        ...ended,
        alive: left.alive.size,
        paused,
        stopped,
        archive,
        watcher,
        late,
        passedOver: crew.passedOver,
      }),
    );
  }

  /** Whatever has come of it: nothing stays open or held. */
  async close(): Promise<void> {
    this.meter.stop();
    await Promise.all([this.steering.close(), this.following.close()]);
    await closeArchive(this.archive);
    this.watcher?.stop();
    await this.crew?.passedOver?.release();
    await this.membership.leave().catch(() => undefined);
    if (this.writing !== this.drain.redis) await this.writing?.close();
  }
}
