import type { RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type BreakerView,
  foresee,
  type Operation,
  type Operator,
  operateBreaker,
  type Standing,
} from '../../src/breaker/index.ts';
import { isQctlError, QctlError } from '../../src/errors.ts';
import type { Change, Failure } from './change.ts';
import type { KnownTarget } from './choose.ts';

/** One breaker and what is done to it; undefined: nothing. */
export interface Planned {
  target: KnownTarget;
  operation: Operation | undefined;
}

/** How {@link carryOut} goes about it. */
export interface CarryOut {
  operator: Operator;
  dryRun: boolean;
  signal: AbortSignal;
  /** Runs a request; an error of Redis comes out as one that can be shown. */
  ask: <T>(work: () => Promise<T>) => Promise<T>;
}

const AT_ONCE = 50;

/** Changes breakers, some at a time. What fails for one of them does not stop the others, unless Redis is away. */
export async function carryOut(
  redis: RedisConnection,
  planned: readonly Planned[],
  how: CarryOut,
): Promise<{ changes: Change[]; failures: Failure[] }> {
  const changes: Change[] = [];
  const failures: Failure[] = [];
  for (let at = 0; at < planned.length; at += AT_ONCE) {
    const why = how.signal.aborted ? 'stopped before it' : await whyAway(redis, failures);
    if (why !== undefined) {
      failures.push(...planned.slice(at).map(({ target }) => notReached(target.name, why)));
      break;
    }
    for (const outcome of await Promise.all(
      planned.slice(at, at + AT_ONCE).map((one) => carryOutOne(redis, one, how)),
    )) {
      if ('error' in outcome) failures.push(outcome);
      else changes.push(outcome);
    }
  }
  return { changes, failures };
}

async function whyAway(redis: RedisConnection, failures: readonly Failure[]): Promise<string | undefined> {
  if (failures.length === 0) return undefined;
  const { isRetryable } = await import('../../src/backends/redis/index.ts');
  return failures.map(({ error }) => isRetryable(error, redis.kind)).find(Boolean);
}

async function carryOutOne(
  redis: RedisConnection,
  { target, operation }: Planned,
  { operator, dryRun, ask }: CarryOut,
): Promise<Change | Failure> {
  const { name, view, configured } = target;
  const created = !view.known && operation !== undefined;
  if (dryRun || !operation) {
    const prior = standingOf(view);
    const next = operation ? foresee(prior, operation, operator) : prior;
    return { name, prior, next, created, configured };
  }
  try {
    const change = await ask(() => operateBreaker(redis, name, operation, operator));
    return { ...change, created, configured };
  } catch (error) {
    if (isQctlError(error)) return { name, error };
    throw error;
  }
}

function standingOf({ name, known, counts, probesUnderWay, ...standing }: BreakerView): Standing {
  return standing;
}

function notReached(name: string, why: string): Failure {
  return {
    name,
    error: new QctlError('failed', `not tried: ${why}`, {
      code: 'NOT_TRIED',
      hint: ['once that is mended, the same command again'],
    }),
  };
}
