import { isRetryable, type RedisConnection, replyCode } from '../backends/redis/index.ts';
import {
  type BreakerView,
  forgetUnused,
  forgottenOverrides,
  knownBreakers,
  lookAtEach,
  type Override,
  operateBreaker,
  unusedBreakers,
} from '../breaker/index.ts';
import { isQctlError, type QctlError } from '../errors.ts';
import { ask } from './ask.ts';
import type { MaintainEvents } from './request.ts';

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

/** How breakers are looked after. */
export interface BreakerLook extends Pick<MaintainEvents, 'signal' | 'leftOut'> {
  redis: RedisConnection;
  /** Says what there is to do, and does nothing. */
  dryRun: boolean;
}

/**
 * Looks after all breakers: overrides, and what nobody uses. A user who may not read their names has none. Throws what
 * Redis answers; what goes wrong with one breaker is its `failure`.
 */
export async function maintainBreakers(look: BreakerLook): Promise<BreakerWork[]> {
  const { views, unreadable } = await ask(look.redis, 'look at the circuit breakers', () => lookAtAll(look));
  const left = unreadable.map(({ name, failure }) => workOf('ended', name, { failure }));
  if (views.length === 0) return left;
  const ended = await endOverrides(look, views);
  const forgotten = forgottenOverrides(views);
  return [
    ...left,
    ...ended,
    ...forgotten.map(({ name, override, ageMs }) => workOf('forgotten', name, { override, ageMs })),
    ...(await removeUnused(look)),
  ];
}

/** Who may not even read their names has nothing to do with them; who may, and may not look at them, is told. */
async function lookAtAll({ redis, leftOut }: BreakerLook): ReturnType<typeof lookAtEach> {
  const names = await knownBreakers(redis).catch((error) => {
    if (replyCode(error) !== 'NOPERM') throw error;
    leftOut?.('circuit breakers');
    return [];
  });
  return lookAtEach(redis, names);
}

async function endOverrides(look: BreakerLook, views: readonly BreakerView[]): Promise<BreakerWork[]> {
  const over = views.filter(({ lapsed }) => lapsed);
  return eachOf(look, 'ended', over, async ({ name, lapsedOverride: override }) => {
    const work = workOf('ended', name, { override });
    if (look.dryRun) return work;
    // Nobody's name is kept: it was over by itself.
    const { prior } = await operateBreaker(look.redis, name, { verb: 'lapse' }, NOBODY);
    return prior.lapsed ? work : undefined;
  });
}

const NOBODY = { by: '', host: '', reason: null };

async function removeUnused(look: BreakerLook): Promise<BreakerWork[]> {
  const { redis, dryRun } = look;
  const unused = await ask(redis, 'look for circuit breakers that nobody uses', () => unusedBreakers(redis));
  return eachOf(look, 'removed', unused, async (one) => {
    const work = workOf('removed', one.name, { heardMs: one.heardMs });
    return dryRun || (await forgetUnused(redis, one)) ? work : undefined;
  });
}

/** One that fails does not keep the others waiting, unless Redis is away. Nothing came of what is undefined. */
async function eachOf<T extends { name: string }>(
  { redis, signal }: BreakerLook,
  intended: BreakerWork['outcome'],
  all: readonly T[],
  work: (one: T) => Promise<BreakerWork | undefined>,
): Promise<BreakerWork[]> {
  const done: BreakerWork[] = [];
  for (const one of all) {
    if (signal.aborted) break;
    try {
      const outcome = await ask(redis, `look after circuit breaker ${one.name}`, () => work(one));
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
