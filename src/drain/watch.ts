import { isRetryable } from '../backends/redis/errors.ts';
import { isQctlError } from '../errors.ts';
import { pause } from '../model/patience.ts';
import { LaneFenced, type RedisStreamSink, SettledLost } from '../sinks/index.ts';
import type { PassedOver } from '../sources/sqs/index.ts';
import { Emptiness } from './emptiness.ts';
import { KEEP_MS, keep } from './expiry.ts';
import type { Following } from './following.ts';
import { keepRun } from './keep-run.ts';
import type { Membership, RunView } from './membership.ts';
import type { Meter } from './meter.ts';
import type { Mover } from './mover.ts';
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
  /** SQS: messages that stay in the queue, and are given back at the end. */
  passedOver?: PassedOver;
  tune(tuned: Tuned): void;
  stop(): Promise<void>;
}

/** What the loop watches over. */
export interface Watched {
  drain: OpenDrain;
  crew: Crew;
  sink: RedisStreamSink;
  meter: Meter;
  membership: Membership;
  steering: Steering;
  following: Following;
  mover: Mover;
  /** As of the first beat. */
  view: RunView;
}

/** How the loop came to its end, and what stays in the source because it is not wanted. */
export interface Ended {
  ending: Ending;
  /** FIFO: messages that stand behind such a one. */
  behind: number;
}

/** Keeps the lease, obeys, balances the lanes and notices the end. */
export async function watch(watched: Watched): Promise<Ended> {
  const { drain, crew, sink, meter, mover } = watched;
  const beat = beatsOf(watched);
  const emptiness = new Emptiness(drain, meter);
  try {
    for (;;) {
      const view = await beat();
      mover.tick();
      const end = await endOf(watched, view, emptiness);
      if (end) {
        meter.stopping = true;
        await crew.stop();
        return { ending: end, behind: end === 'empty' ? emptiness.behind : 0 };
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

/** Gives the last view of the run, and renews it when it is time. */
function beatsOf({ drain, crew, meter, membership, steering, view: first }: Watched): () => Promise<RunView> {
  let view = first;
  let beatAt = Number.NEGATIVE_INFINITY;
  let keptAt = performance.now();
  return async () => {
    const now = performance.now();
    if (now - beatAt < BEAT_MS) return view;
    beatAt = now;
    const next = await keepRun(drain, membership, meter.published()).catch(rethrowVerdict);
    if (next) {
      view = next;
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
  { drain, crew, meter, membership, steering, following }: Watched,
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
  if (crew.passedOver?.full) return 'left over';
  if (follow) following.look(idle && !held);
  // Who pauses a run means it to stand, not to end.
  else if (until === 'empty')
    return emptiness.look({
      idle: idle && !throttle.paused,
      holdsLane: crew.holdsLane(),
      held,
      passedOver: crew.passedOver,
      heldByOthers: membership.heldByOthers,
    });
  return undefined;
}

/** What fails because Redis is away is tried again with the next beat; a worker's failure is not one of those. */
function rethrowUnlessLost(error: unknown): void {
  if (error instanceof LaneFenced || isRetryable(error) !== undefined) return;
  throw error;
}

/** A beat that Redis did not take comes again; what it has found out ends the run. */
function rethrowVerdict(error: unknown): undefined {
  if (isQctlError(error)) throw error;
  return undefined;
}
