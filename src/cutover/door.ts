import { isRetryable, type RedisConnection, toTargetError } from '../backends/redis/index.ts';
import { isQctlError, QctlError } from '../errors.ts';
import type { CutoverHost } from './host.ts';

/** Redis does not answer at present; waiting may help. */
export class RedisAway extends QctlError {
  /** A short clause. */
  readonly reason: string;
  /** Nothing listens there: then nobody else gets an answer of it either. */
  readonly refused: boolean;

  /** @param told by the connection that could not be made: it names the server */
  constructor(reason: string, refused: boolean, told?: QctlError) {
    super('target', told?.message ?? `redis does not answer: ${reason}`, {
      code: 'REDIS_AWAY',
      hint: [
        ...(told?.hint ?? [
          'check that it runs and can be reached from here, then run the same command again',
        ]),
        'a run that is under way waits for it; to go back without it: qctl rollback RUN --without-redis',
      ],
    });
    this.name = 'RedisAway';
    this.reason = reason;
    this.refused = refused;
  }
}

/** Longer than this nobody waits for one answer: the connection may be up and the server stopped. */
const ANSWER_MS = 5000;

/**
 * Asks Redis once. Throws {@link RedisAway} where it does not answer and may do so later, else a QctlError.
 * What was asked may have been done although no answer came.
 *
 * @param doing as a verb phrase: `keep the record of the run`
 */
export async function askRedis<T>(
  host: Pick<CutoverHost, 'redis'>,
  doing: string,
  ask: (redis: RedisConnection) => Promise<T>,
): Promise<T> {
  let redis: RedisConnection | undefined;
  try {
    redis = await host.redis();
    return await inTime(ask(redis));
  } catch (error) {
    if (error instanceof RedisAway) throw error;
    const reason = isRetryable(error, redis?.kind);
    if (reason !== undefined) {
      const told = isQctlError(error) ? error : undefined;
      throw new RedisAway(redis?.trouble() ?? reason, isRefused(redis, error), told);
    }
    throw redis && !isQctlError(error) ? toTargetError(error, redis.label, doing) : error;
  }
}

// Behind sentinels, or in a cluster, another server may answer others: there a refusal says nothing.
function isRefused(redis: RedisConnection | undefined, error: unknown): boolean {
  if (redis && redis.kind !== 'standalone') return false;
  const cause = (error as { cause?: { code?: string } }).cause?.code;
  return /ECONNREFUSED/.test(redis?.trouble() ?? '') || cause === 'ECONNREFUSED';
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RedisAway('no answer in time', false)), ANSWER_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => undefined);
  }
}
