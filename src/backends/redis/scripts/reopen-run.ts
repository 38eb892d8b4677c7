import { defineScript } from '../script.ts';

/**
 * Makes a recorded run unfinished again; its record does not expire any more.
 * KEYS run. ARGV boundary ('' for none). Returns 1, or 0 where there is no record: then none is made.
 */
export const reopenRun = defineScript(`
if redis.call('HEXISTS', KEYS[1], 'manifest') == 0 then return 0 end
redis.call('PERSIST', KEYS[1])
redis.call('HSET', KEYS[1], 'state', 'running')
redis.call('HDEL', KEYS[1], 'finishedAt')
if ARGV[1] == '' then redis.call('HDEL', KEYS[1], 'before') else redis.call('HSET', KEYS[1], 'before', ARGV[1]) end
return 1
`);
