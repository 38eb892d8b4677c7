import { defineScript } from '../script.ts';

/**
 * Makes a lane's checkpoint the holder's own: from now on only this fence may write it.
 * KEYS checkpoint. ARGV fence. Returns the whole hash, or `fenced` where a later holder sealed it.
 */
export const sealLane = defineScript(`
local fence = redis.call('HGET', KEYS[1], 'fence')
if fence and tonumber(fence) > tonumber(ARGV[1]) then return {'fenced', fence} end
redis.call('HSETNX', KEYS[1], 'token', '')
redis.call('HSET', KEYS[1], 'fence', ARGV[1])
return redis.call('HGETALL', KEYS[1])
`);
