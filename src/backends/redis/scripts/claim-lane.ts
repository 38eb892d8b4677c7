import { defineScript } from '../script.ts';

/**
 * Takes a lane that nobody alive holds. A lane's entry is `fence|member`.
 * KEYS run. ARGV lane, member, then members that the caller knows to be gone.
 * Returns the new fence, or nil where a living member holds the lane.
 */
export const claimLane = defineScript(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local held = redis.call('HGET', KEYS[1], 'lane:' .. ARGV[1])
if held then
  local holder = string.match(held, '|(.*)$')
  local gone = holder == '' or holder == ARGV[2]
  for i = 3, #ARGV do if ARGV[i] == holder then gone = true end end
  if not gone then
    local member = redis.call('HGET', KEYS[1], 'member:' .. holder)
    if member and tonumber(string.match(member, '^(%d+)|')) > now then return nil end
  end
end
local fence = tostring(redis.call('HINCRBY', KEYS[1], 'fence', 1))
redis.call('HSET', KEYS[1], 'lane:' .. ARGV[1], fence .. '|' .. ARGV[2])
return fence
`);
