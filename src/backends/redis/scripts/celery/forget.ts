import { defineScript } from '../../script.ts';

/**
 * Forgets a run that holds nothing of a Celery queue any more.
 *
 * KEYS claims of the queue, what the run holds of each of its lists. ARGV run.
 * Returns 1, or 0 where it holds something.
 */
export const celeryForget = defineScript(`
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then return 0 end
end
redis.call('HDEL', KEYS[1], 'fence:' .. ARGV[1], 'unit:' .. ARGV[1], 'settled:' .. ARGV[1])
return 1
`);
