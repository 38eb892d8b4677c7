import { defineScript } from '../script.ts';
import { onPrimary } from './on-primary.ts';

/**
 * Notes that the source has let go of everything the lane's marker names.
 * KEYS checkpoint. ARGV fence, token, how many of them had been suppressed as already appended.
 * Returns [`ok`, ''], or [`fenced`|`moved`|`lost`, what stands there] and changes nothing.
 */
export const settleLane = defineScript(`
${onPrimary('KEYS[1]')}
local state = redis.call('HMGET', KEYS[1], 'fence', 'token', 'open')
if not state[1] then return {'lost', ''} end
if state[1] ~= ARGV[1] then return {'fenced', state[1]} end
if state[2] ~= ARGV[2] then return {'moved', state[2] or ''} end
local open = tonumber(state[3] or '0')
if open > 0 then redis.call('HINCRBY', KEYS[1], 'settled', open) end
if tonumber(ARGV[3]) > 0 then redis.call('HINCRBY', KEYS[1], 'duplicates', ARGV[3]) end
redis.call('HSET', KEYS[1], 'open', 0, 'ids', '')
return {'ok', ''}
`);
