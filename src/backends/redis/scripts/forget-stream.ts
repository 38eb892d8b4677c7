import { defineScript } from '../script.ts';

/**
 * Takes a stream out of the index of those that messages wait for, unless it was announced again.
 * KEYS index. ARGV stream, its score so far. Returns 1 where it was taken out.
 */
export const forgetStream = defineScript(`
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
`);
