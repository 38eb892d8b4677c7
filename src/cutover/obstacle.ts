import { isAway } from './journal.ts';
import type { Session } from './session.ts';

/**
 * Why nothing may be changed at the moment: Redis does not answer. Undefined: it may. On the way forward Redis is asked
 * whether it still has the journal, too.
 */
export async function obstacle({ hands, goingBack }: Session): Promise<string | undefined> {
  const { journal, lease, options } = hands;
  try {
    if (!goingBack) await journal.verify();
    else if (lease?.silent && lease.unchallenged) return undefined;
    await lease?.confirm();
    return undefined;
  } catch (error) {
    if (!isAway(error)) throw error;
    if (goingBack && (options.withoutRedis || lease?.unchallenged)) return undefined;
    const doubt = goingBack
      ? ': whether another process has the run by now cannot be known (--without-redis goes on)'
      : '';
    return `redis does not answer (${error.reason})${doubt}`;
  }
}
