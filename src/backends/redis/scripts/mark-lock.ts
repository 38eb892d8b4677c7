import { defineScript } from '../script.ts';

/**
 * Notes on a lock that its holder's record is going to expire, so that its absence will mean that.
 * KEYS lock. ARGV holder. Nothing happens where another one holds it.
 */
export const markLock = defineScript(`
if redis.call('HGET', KEYS[1], 'holder') == ARGV[1] then redis.call('HSET', KEYS[1], 'expires', ARGV[1]) end
return 'ok'
`);
