import { defineScript } from '../script.ts';
import { DELAY_ROWS } from './delay-rows.ts';
import { onPrimary } from './on-primary.ts';
import { XADD_PAIRS, XADD_ROWS } from './xadd-rows.ts';

/**
 * Appends one batch of a lane: the entries, those that are not due yet, the quarantined ones, the counters
 * and the lane's token in one step. Repeating it with the same token changes nothing.
 *
 * KEYS stream, checkpoint, quarantine, delayed, their entries, their counts.
 * ARGV fence, token before, token, note, ids, names, rows, count, constants, maxlen,
 *      quarantined rows, quarantined count, bytes, 1 where the rows are dense,
 *      delayed rows, delayed count.
 * Returns [`ok`|`again`|`fenced`|`moved`|`lost`, last entry id or what stands there].
 */
export const appendLane = defineScript(`
${XADD_ROWS}
${XADD_PAIRS}
${DELAY_ROWS}
local function refuse(why, found)
  -- Only where nothing is appended: behind another write a full Redis would let the entries pass.
  ${onPrimary('KEYS[2]')}
  return {why, found}
end
local state = redis.call('HMGET', KEYS[2], 'fence', 'token')
if not state[1] then return refuse('lost', '') end
if state[1] ~= ARGV[1] then return refuse('fenced', state[1]) end
if state[2] == ARGV[3] then
  -- A write, so that WAIT and WAITAOF of the repeated call have something to wait for.
  redis.call('HINCRBY', KEYS[2], 'repeats', 1)
  return {'again', redis.call('HGET', KEYS[2], 'last') or ''}
end
if state[2] ~= ARGV[2] then return refuse('moved', state[2]) end
local count, constants, bad = tonumber(ARGV[8]), cjson.decode(ARGV[9]), tonumber(ARGV[12])
local later = tonumber(ARGV[16])
if later > 0 then prove_delay(KEYS[4], KEYS[5]) end
local names, first, last = cjson.decode(ARGV[6]), nil, nil
if ARGV[14] == '1' and #names == 2 then
  first, last = xadd_pairs(KEYS[1], ARGV[10], names, ARGV[7], count, constants)
else
  local ids = xadd_rows(KEYS[1], ARGV[10], names, ARGV[7], count, constants)
  first, last = ids[1], ids[count]
end
if later > 0 then delay_rows(KEYS[4], KEYS[5], KEYS[6], ARGV[15], later, constants) end
if bad > 0 then xadd_rows(KEYS[3], '', {}, ARGV[11], bad, constants) end
local kept = ARGV[5]
if redis.call('HGET', KEYS[2], 'note') ~= ARGV[4] then
  local open = tonumber(redis.call('HGET', KEYS[2], 'open') or '0')
  if open > 0 then redis.call('HINCRBY', KEYS[2], 'settled', open) end
  redis.call('HSET', KEYS[2], 'open', 0)
else
  kept = (redis.call('HGET', KEYS[2], 'ids') or '') .. kept
end
redis.call('HSET', KEYS[2], 'token', ARGV[3], 'note', ARGV[4], 'ids', kept)
if kept ~= '' then redis.call('HINCRBY', KEYS[2], 'open', count + bad + later) end
if count > 0 then
  redis.call('HINCRBY', KEYS[2], 'appended', count)
  redis.call('HSETNX', KEYS[2], 'first', first)
  redis.call('HSET', KEYS[2], 'last', last)
end
if bad > 0 then redis.call('HINCRBY', KEYS[2], 'quarantined', bad) end
if later > 0 then redis.call('HINCRBY', KEYS[2], 'scheduled', later) end
redis.call('HINCRBY', KEYS[2], 'bytes', ARGV[13])
return {'ok', last or ''}
`);
