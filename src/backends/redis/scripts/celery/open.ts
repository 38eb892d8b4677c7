import { defineScript } from '../../script.ts';

/**
 * Makes a process the one that may take from a Celery queue for its run.
 *
 * KEYS claims of the queue. ARGV run, fence.
 * Returns [number of the last unit that was taken, of the last that was settled].
 */
export const celeryOpen = defineScript(`
-- A full Redis refuses a script's first write where it may grow; this one cannot.
redis.call('HDEL', KEYS[1], '')
redis.call('HSET', KEYS[1], 'fence:' .. ARGV[1], ARGV[2])
local found = redis.call('HMGET', KEYS[1], 'unit:' .. ARGV[1], 'settled:' .. ARGV[1])
return {found[1] or '0', found[2] or '0'}
`);
