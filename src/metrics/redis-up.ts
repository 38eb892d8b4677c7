import * as z from 'zod';
import { within } from '../backends/network.ts';
import { pingAll, replyCode } from '../backends/redis/index.ts';
import { timeLimit } from '../config/schema.ts';
import { isQctlError } from '../errors.ts';
import { metric } from './metric.ts';

/** Below the time that a check has by default, so that a Redis that keeps silent is a value and no error. */
const ANSWER_MS = 5000;

/** `redis.up`. */
export const redisUp = metric({
  name: 'redis.up',
  schema: z.strictObject({ within: timeLimit.default(ANSWER_MS) }),
  unit: 'count',
  description:
    '1 where Redis answers, of a cluster all its masters; 0 where it cannot be reached, is loading its data, or says nothing `within` 5s. A refused login is an error',
  async measure({ within: ms }, { doors }) {
    try {
      const answered = doors.redis().then(({ client }) => pingAll(client));
      answered.catch(() => undefined);
      await within(answered, ms);
      return 1;
    } catch (error) {
      if (isQctlError(error) && error.kind !== 'target') throw error;
      return answers(error) ? 1 : 0;
    }
  },
});

/** It refuses PING, as to a user who may not: then it is there. */
function answers(error: unknown): boolean {
  const code = replyCode(isQctlError(error) ? error.cause : error);
  return code !== '' && !/^(LOADING|MASTERDOWN|CLUSTERDOWN)$/.test(code);
}
