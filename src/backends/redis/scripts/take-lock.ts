import { defineScript } from '../script.ts';
import { onPrimary } from './on-primary.ts';

/**
 * Takes a lock, or keeps it. It is the caller who knows whether the holder is gone. What was noted beside the
 * last holder (`back`) goes with it.
 * KEYS lock. ARGV holder, expected holder ('' : none), host, reason, since.
 * Returns [1, fence] or [0, the holder found].
 */
export const takeLock = defineScript(`
${onPrimary('KEYS[1]')}
local holder = redis.call('HGET', KEYS[1], 'holder') or ''
if holder == ARGV[1] then return {1, redis.call('HGET', KEYS[1], 'fence')} end
if holder ~= ARGV[2] then return {0, holder} end
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'host', ARGV[3], 'reason', ARGV[4], 'since', ARGV[5])
redis.call('HDEL', KEYS[1], 'back')
return {1, tostring(fence)}
`);
