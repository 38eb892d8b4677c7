import { isRetryable } from '../backends/redis/errors.ts';
import { pause } from '../model/patience.ts';
import { dataLost, LaneFenced } from '../sinks/index.ts';
import { Emptiness } from './emptiness.ts';
import { KEEP_MS, keep } from './expiry.ts';
import type { Following } from './following.ts';
import type { Membership, RunView } from './membership.ts';
import type { Meter } from './meter.ts';
import type { OpenDrain } from './open.ts';
import type { Ending } from './report.ts';
import type { Steering } from './steering.ts';
import type { Tuned } from './tunable.ts';

/** What an operator decides anywhere takes effect within two beats, and is shown within two. */
const BEAT_MS = 400;
const LOOK_MS = 20;

/** Either kind of crew, as the loop sees it. */
export interface Crew {
  balance(view: RunView): Promise<void>;
  /** Whether it finds nothing to do; `held`: workers that a brake holds count as idle. */
  isIdle(view: RunView, held: boolean): boolean;
  /** Whether this process has work of its own, and does not only stand by for others. */
  holdsLane(): boolean;
  tune(tuned: Tuned): void;
  stop(): Promise<void>;
}

/** What the loop watches over. */
export interface Watched {
  drain: OpenDrain;
  crew: Crew;
  meter: Meter;
  membership: Membership;
  steering: Steering;
  following: Following;
  /** As of the first beat. */
  view: RunView;
}

/** Keeps the lease, obeys, balances the lanes and notices the end. */
export async function watch(watched: Watched): Promise<Ending> {
  const { drain, crew, meter } = watched;
  const beat = beatsOf(watched);
  const emptiness = new Emptiness(drain, meter);
  try {
    for (;;) {
      const view = await beat();
      const end = await endOf(watched, view, emptiness);
      if (end) {
        meter.stopping = true;
        await crew.stop();
        return end;
      }
      await pause(LOOK_MS, meter.signal);
    }
  } catch (error) {
    await crew.stop().catch(() => undefined);
    throw error;
  }
}

/** Gives the last view of the run, and renews it when it is time. */
function beatsOf({ drain, crew, meter, membership, steering, view: first }: Watched): () => Promise<RunView> {
  let view = first;
  let beatAt = Number.NEGATIVE_INFINITY;
  let keptAt = performance.now();
  return async () => {
    const now = performance.now();
    if (now - beatAt < BEAT_MS) return view;
    beatAt = now;
    const next = await membership.beat(meter.published()).catch(() => undefined);
    if (next) {
      view = next;
      refuseLostRun(drain, view);
      await steering.apply(view, membership.member);
      steering.steer(crew);
    }
    await crew.balance(view).catch(rethrowUnlessLost);
    if (now - keptAt >= KEEP_MS) {
      keptAt = now;
      await keep(drain.redis.client, drain.attachment.manifest).catch(rethrowUnlessLost);
    }
    return view;
  };
}

async function endOf(
  { drain, crew, meter, steering, following }: Watched,
  view: RunView,
  emptiness: Emptiness,
): Promise<Ending | undefined> {
  const { until, follow } = drain.request.settings;
  const { throttle } = steering;
  const { held } = throttle;
  const idle = crew.isIdle(view, held);
  if (meter.signal.aborted) return 'signal';
  if (steering.stopped) return 'stopped';
  if (throttle.exhausted) return 'limit';
  if (until instanceof Date && Date.now() >= until.getTime()) return 'until';
  if (follow) following.look(idle && !held);
  // Who pauses a run means it to stand, not to end.
  else if (until === 'empty') return emptiness.look(idle && !throttle.paused, crew.holdsLane(), held);
  return undefined;
}

/** A run whose record is gone while it is at work: all the rest is gone as well. */
function refuseLostRun({ redis, attachment }: OpenDrain, view: RunView): void {
  const { run } = attachment.manifest;
  if (view.state === '') throw dataLost(redis.label, `run ${run} is not recorded any more`, { run });
}

/** What fails because Redis is away is tried again with the next beat; a worker's failure is not one of those. */
function rethrowUnlessLost(error: unknown): void {
  if (error instanceof LaneFenced || isRetryable(error) !== undefined) return;
  throw error;
}
