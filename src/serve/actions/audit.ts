import type { RedisConnection } from '../../backends/redis/index.ts';
import { toTargetError } from '../../backends/redis/index.ts';
import { redactText } from '../../config/redact.ts';
import { AUDIT } from '../../model/keys.ts';
import { HttpError } from '../errors.ts';

/** What somebody does through the server. */
export interface Act {
  /** Name of the user, `token`, or `anonymous` where nobody has to log in. */
  who: string;
  /** Address that the connection came from: behind a proxy that of the proxy. */
  address: string;
  /** What a proxy says of the address behind it; anybody may write that. */
  forwardedFor: string | null;
  /** `breaker trip`, `drain pause`, `cutover approve`. */
  what: string;
  /** Name of the breaker or the run. */
  object: string;
  reason: string;
  /** What else was said: `mode=open for=2h`. */
  details: string;
}

/** An act and what has come of it. */
export interface Acted extends Act {
  /** Of its first entry in `qctl:audit`. */
  id: string;
  /** Null: it was done. */
  failure: string | null;
}

/** An act that Redis has kept waiting for so long is not done any more: whoever asked for it has given up. */
const LONGEST_WAIT_MS = 3000;
/** About so many entries are kept. */
const KEPT = 10_000;

/**
 * Does something between two entries of the audit: one that says who begins what, and one that says what has come of
 * it. Nothing is done where the first cannot be written; throws what the work throws.
 */
export async function audited<T>(
  redis: RedisConnection,
  act: Act,
  work: () => Promise<T>,
  told: (acted: Acted) => void,
  longestWaitMs = LONGEST_WAIT_MS,
): Promise<{ id: string; value: T }> {
  const from = performance.now();
  const id = await append(redis, { phase: 'begun', ...act, forwardedFor: act.forwardedFor ?? '' }).catch(
    (error) => {
      throw toTargetError(error, redis.label, `write into ${AUDIT}, so nothing was done`);
    },
  );
  const end = async (failure: string | null): Promise<void> => {
    const outcome = failure === null ? 'done' : 'failed';
    const { what, object } = act;
    // It is over by now: a lost entry must not make it look otherwise. Whoever watches the server is told anyway.
    await append(redis, { phase: 'ended', of: id, what, object, outcome, why: failure ?? '' }).catch(
      () => '',
    );
    told({ ...act, id, failure });
  };
  try {
    if (performance.now() - from > longestWaitMs) throw tooLate();
    const value = await work();
    await end(null);
    return { id, value };
  } catch (error) {
    await end(redactText(error instanceof Error ? error.message : String(error)));
    throw error;
  }
}

function tooLate(): HttpError {
  return new HttpError(503, 'REDIS_SLOW', 'Redis did not answer in time, so nothing was done', {
    hint: ['ask again once it answers'],
  });
}

async function append({ client }: RedisConnection, fields: Record<string, string>): Promise<string> {
  const id = await client.xadd(AUDIT, 'MAXLEN', '~', KEPT, '*', ...Object.entries(fields).flat());
  return String(id);
}
