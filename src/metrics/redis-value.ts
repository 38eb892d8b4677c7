import * as z from 'zod';
import { toTargetError } from '../backends/redis/index.ts';
import { text } from '../config/schema.ts';
import { metric } from './metric.ts';
import { textValue } from './scalar.ts';

/** `redis.value`. */
export const redisValue = metric({
  name: 'redis.value',
  schema: z.strictObject({ key: text, field: text.optional() }),
  unit: 'any',
  description:
    'what a key holds, or a field of a hash: a counter that a program keeps. Nothing where it is not there',
  async measure({ key, field }, { doors }) {
    const { client, label } = await doors.redis();
    try {
      return textValue((field === undefined ? await client.get(key) : await client.hget(key, field)) ?? '');
    } catch (error) {
      throw toTargetError(error, label, `read key ${key}`);
    }
  },
});
