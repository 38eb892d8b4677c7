import * as z from 'zod';
import { toTargetError } from '../backends/redis/index.ts';
import { type BreakerView, checkBreakerName, lookAtBreakers } from '../breaker/index.ts';
import { text } from '../config/schema.ts';
import { metric } from './metric.ts';

/** `breaker.state`. */
export const breakerState = metric({
  name: 'breaker.state',
  schema: z.strictObject({ name: text }),
  unit: 'text',
  description:
    "`'closed'`, `'half-open'` or `'open'`, as calls meet it: one that is held open is open, one held closed or disabled is closed. Nothing where no process has used it yet",
  async measure({ name }, { doors }) {
    checkBreakerName(name);
    const redis = await doors.redis();
    try {
      return stateOf((await lookAtBreakers(redis, [name]))[0]!);
    } catch (error) {
      throw toTargetError(error, redis.label, `look at circuit breaker ${name}`);
    }
  },
});

function stateOf({ known, state, override }: BreakerView): string | null {
  if (!known) return null;
  if (!override) return state;
  // Under `observe` all calls pass as well.
  return override.mode === 'open' ? 'open' : 'closed';
}
