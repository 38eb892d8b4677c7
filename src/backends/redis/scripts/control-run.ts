import { defineScript } from '../script.ts';

/**
 * Changes what was decided for an unfinished run: fields of its record, each `server ms|text`.
 * KEYS run. ARGV field, text ('' removes the field), field, text, …
 * Returns [`ok`, server ms, what stood in each field before, or nil], [`missing`], or [the run's state]
 * where it is finished; then nothing has changed.
 */
export const controlRun = defineScript(`
local state = redis.call('HMGET', KEYS[1], 'manifest', 'state')
if not state[1] then return {'missing'} end
if state[2] ~= 'running' then return {state[2] or 'missing'} end
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local reply = {'ok', now}
for i = 1, #ARGV, 2 do
  reply[#reply + 1] = redis.call('HGET', KEYS[1], ARGV[i])
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i])
  else redis.call('HSET', KEYS[1], ARGV[i], now .. '|' .. ARGV[i + 1]) end
end
return reply
`);
