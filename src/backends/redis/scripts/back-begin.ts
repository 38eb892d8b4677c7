import { defineScript } from '../script.ts';
import { BACK_FENCE } from './back-fence.ts';

/**
 * Notes that entries are about to be sent, so that a successor knows which of them may have arrived. An
 * entry whose sending had begun before, with an outcome that nobody knows, may arrive twice and is noted
 * as such, unless the queue still recognises its repetition.
 *
 * KEYS stream, state, sending, doubtful.
 * ARGV fence, group, consumer, ms in which the queue recognises a repetition, then id, `1` where it is known
 * that an earlier sending has not arrived, and so on.
 * Returns [`ok` | `fenced` | `lost`, one character an entry: `1` go on, `0` it is no longer this run's].
 */
export const backBegin = defineScript(`${BACK_FENCE}
local refused = breach()
if refused then return {refused, ''} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local window, flags = tonumber(ARGV[4]), {}
for i = 5, #ARGV, 2 do
  local id = ARGV[i]
  -- What waits for the stream is in nobody's list of pending entries.
  local held = string.sub(id, 1, 8) == 'waiting:'
    or redis.call('XPENDING', KEYS[1], ARGV[2], id, id, 1, ARGV[3])[1]
  flags[#flags + 1] = held and '1' or '0'
  if held then
    local began = redis.call('HGET', KEYS[3], id)
    if began and ARGV[i + 1] ~= '1' then
      if now - tonumber(began) >= window then redis.call('HSET', KEYS[4], id, now) end
    else redis.call('HSET', KEYS[3], id, now) end
  end
end
return {'ok', table.concat(flags)}
`);
