import { isRetryable, type RedisConnection, replyCode } from '../../src/backends/redis/index.ts';
import {
  type BreakerView,
  forgetUnused,
  forgottenOverrides,
  knownBreakers,
  lookAtEach,
  type Override,
  operateBreaker,
  unusedBreakers,
} from '../../src/breaker/index.ts';
import { isQctlError, type QctlError } from '../../src/errors.ts';
import { askRedis } from '../ask-redis.ts';
import { forgottenWarning } from '../breaker/warn-forgotten.ts';
import type { Context } from '../context.ts';

/** What was done about one breaker, or would be. */
export interface BreakerWork {
  /**
   * `ended`: an override whose time is over was taken away; `forgotten`: an override stands there for a day or
   * longer, and somebody has to look at it; `removed`: nobody was heard of for long, and the breaker is gone.
   */
  outcome: 'ended' | 'forgotten' | 'removed';
  name: string;
  override: Override | null;
  /** Of an override that is forgotten. */
  ageMs: number | null;
  /** Of a breaker that is removed: when anybody was last heard of. */
  heardMs: number | null;
  failure: QctlError | null;
}

/**
 * Looks after all breakers: overrides, and what nobody uses. With `--dry-run` it only says what there is to do. A
 * user who may not read their names has none. Throws what `askRedis` does; what goes wrong with one breaker is its
 * `failure`.
 */
export async function maintainBreakers(context: Context): Promise<BreakerWork[]> {
  const redis = await context.redis();
  const { views, unreadable } = await askRedis(redis, 'look at the circuit breakers', () =>
    lookAtAll(context, redis),
  );
  const left = unreadable.map(({ name, failure }) => workOf('ended', name, { failure }));
  if (views.length === 0) return left;
  const ended = await endOverrides(context, redis, views);
  const forgotten = forgottenOverrides(views);
  return [
    ...left,
    ...ended,
    ...forgotten.map(({ name, override, ageMs }) => workOf('forgotten', name, { override, ageMs })),
    ...(await removeUnused(context, redis)),
  ];
}

/** Who may not even read their names has nothing to do with them; who may, and may not look at them, is told. */
async function lookAtAll(context: Context, redis: RedisConnection): ReturnType<typeof lookAtEach> {
  const names = await knownBreakers(redis).catch((error) => {
    if (replyCode(error) !== 'NOPERM') throw error;
    if (context.options.verbose)
      context.io.stderr.write('qctl: left out: circuit breakers, since this user may not read them\n');
    return [];
  });
  return lookAtEach(redis, names);
}

async function endOverrides(
  context: Context,
  redis: RedisConnection,
  views: readonly BreakerView[],
): Promise<BreakerWork[]> {
  const over = views.filter(({ lapsed }) => lapsed);
  return eachOf(context, redis, 'ended', over, async ({ name, lapsedOverride: override }) => {
    const work = workOf('ended', name, { override });
    if (context.options.dryRun) return work;
    // Nobody's name is kept: it was over by itself.
    const { prior } = await operateBreaker(redis, name, { verb: 'lapse' }, NOBODY);
    return prior.lapsed ? work : undefined;
  });
}

const NOBODY = { by: '', host: '', reason: null };

async function removeUnused(context: Context, redis: RedisConnection): Promise<BreakerWork[]> {
  const unused = await askRedis(redis, 'look for circuit breakers that nobody uses', () =>
    unusedBreakers(redis),
  );
  return eachOf(context, redis, 'removed', unused, async (one) => {
    const work = workOf('removed', one.name, { heardMs: one.heardMs });
    return context.options.dryRun || (await forgetUnused(redis, one)) ? work : undefined;
  });
}

/** Shouts about an override that is forgotten; nothing for all other work. */
export function warningOf({ outcome, name, override, ageMs }: BreakerWork): string | undefined {
  if (outcome !== 'forgotten' || !override || ageMs === null) return undefined;
  return forgottenWarning({ name, override, ageMs });
}

/** One that fails does not keep the others waiting, unless Redis is away. Nothing came of what is undefined. */
async function eachOf<T extends { name: string }>(
  { signal }: Context,
  redis: RedisConnection,
  intended: BreakerWork['outcome'],
  all: readonly T[],
  work: (one: T) => Promise<BreakerWork | undefined>,
): Promise<BreakerWork[]> {
  const done: BreakerWork[] = [];
  for (const one of all) {
    if (signal.aborted) break;
    try {
      const outcome = await askRedis(redis, `look after circuit breaker ${one.name}`, () => work(one));
      if (outcome) done.push(outcome);
    } catch (error) {
      if (!isQctlError(error) || isRetryable(error, redis.kind) !== undefined) throw error;
      done.push(workOf(intended, one.name, { failure: error }));
    }
  }
  return done;
}

function workOf(
  outcome: BreakerWork['outcome'],
  name: string,
  more: Partial<Pick<BreakerWork, 'override' | 'ageMs' | 'heardMs' | 'failure'>>,
): BreakerWork {
  return { outcome, name, override: null, ageMs: null, heardMs: null, failure: null, ...more };
}
