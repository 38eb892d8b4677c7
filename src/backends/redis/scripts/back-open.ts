import { defineScript } from '../script.ts';

/**
 * Makes the caller the one who may give back entries of a stream: fences only rise.
 * KEYS stream, state. ARGV fence.
 * Returns `ok`, `fenced` or `lost`.
 */
export const backOpen = defineScript(`
local fence = redis.call('HGET', KEYS[2], 'fence')
if not fence then return 'lost' end
if tonumber(fence) > tonumber(ARGV[1]) then return 'fenced' end
redis.call('HSET', KEYS[2], 'fence', ARGV[1])
return 'ok'
`);
