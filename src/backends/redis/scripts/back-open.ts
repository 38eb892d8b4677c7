import { defineScript } from '../script.ts';

/**
 * Makes the caller the one who may give back entries of a stream: the numbers of fences only rise.
 * KEYS stream, state. ARGV fence (`number|member`).
 * Returns [`ok` | `fenced` | `lost`, the fence that stands there].
 */
export const backOpen = defineScript(`
local fence = redis.call('HGET', KEYS[2], 'fence')
if not fence then return {'lost', ''} end
local function number(text) return tonumber(string.match(text, '^%d+')) end
local stands, mine = number(fence), number(ARGV[1])
if stands > mine or (stands == mine and fence ~= ARGV[1]) then return {'fenced', fence} end
redis.call('HSET', KEYS[2], 'fence', ARGV[1])
return {'ok', ARGV[1]}
`);
