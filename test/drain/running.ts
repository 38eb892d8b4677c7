import type { Redis } from 'ioredis';
import type { DrainReport } from '../../src/drain/index.ts';
import type { DrainSnapshot } from '../../src/events.ts';
import { runKey } from '../../src/model/keys.ts';
import { waitFor } from '../support/wait.ts';
import { type DrainCase, type DrainOutcome, drain, withRedis } from './driver.ts';

/** A drain at work in this process. */
export interface Running {
  run: string;
  /** The last look at it. */
  snapshot(): DrainSnapshot;
  /** Waits for a look that fits. */
  until(what: string, fits: (snapshot: DrainSnapshot) => boolean, timeoutMs?: number): Promise<DrainSnapshot>;
  /** As the first Ctrl-C does. */
  interrupt(): void;
  done: Promise<DrainOutcome>;
  report: Promise<DrainReport>;
}

const all: Running[] = [];

/** Starts a drain and waits until its run knows so many processes, this one among them. */
export async function running(test: DrainCase, processes = 1): Promise<Running> {
  const stop = new AbortController();
  let last: DrainSnapshot | undefined;
  let failure: unknown;
  let over = false;
  const done = drain({
    ...test,
    signal: stop.signal,
    onSnapshot: (snapshot) => {
      last = snapshot;
    },
  });
  done
    .catch((error) => {
      failure = error;
    })
    .finally(() => {
      over = true;
    });
  const alive = (): DrainSnapshot | undefined => {
    if (failure && !last) throw failure;
    return last;
  };
  const first = await waitFor(alive, { what: 'the first snapshot' });
  await withRedis(
    (redis) =>
      // A small one may be over before anybody looks.
      waitFor(async () => failure || over || (await membersOf(redis, first.run)) >= processes, {
        what: 'it at work',
        everyMs: 30,
      }),
    test.redisUrl,
  );
  const one: Running = {
    run: first.run,
    snapshot: () => last!,
    until: async (what, fits, timeoutMs = 15_000) => {
      await waitFor(() => fits(last!), { what: `${what}; last was ${JSON.stringify(last)}`, timeoutMs });
      return last!;
    },
    interrupt: () => stop.abort(),
    done,
    report: done.then(({ report }) => report),
  };
  one.report.catch(() => undefined);
  all.push(one);
  return one;
}

async function membersOf(redis: Redis, run: string): Promise<number> {
  return (await redis.hkeys(runKey(run))).filter((field) => field.startsWith('member:')).length;
}

/** Ends what a failed test has left at work. */
export async function endAll(): Promise<void> {
  for (const one of all) one.interrupt();
  await Promise.allSettled(all.splice(0).map(({ done }) => done));
}
