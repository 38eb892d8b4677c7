import { defineScript } from '../script.ts';
import { onPrimary } from './on-primary.ts';

/**
 * Takes a lane that nobody alive holds. A lane's entry is `number|member`, and that is the fence.
 * KEYS run. ARGV lane, member, the highest number that the caller has seen (the counter may have gone back
 * in a failover), then members that the caller knows to be gone.
 * Returns the new fence, or nil where a living member holds the lane.
 */
export const claimLane = defineScript(`
${onPrimary('KEYS[1]')}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local held = redis.call('HGET', KEYS[1], 'lane:' .. ARGV[1])
if held then
  local holder = string.match(held, '|(.*)$')
  local gone = holder == '' or holder == ARGV[2]
  for i = 4, #ARGV do if ARGV[i] == holder then gone = true end end
  if not gone then
    local member = redis.call('HGET', KEYS[1], 'member:' .. holder)
    if member and tonumber(string.match(member, '^(%d+)|')) > now then return nil end
  end
end
local number = math.max(tonumber(redis.call('HGET', KEYS[1], 'fence') or '0'), tonumber(ARGV[3])) + 1
local fence = string.format('%.0f|', number) .. ARGV[2]
redis.call('HSET', KEYS[1], 'fence', string.format('%.0f', number), 'lane:' .. ARGV[1], fence)
return fence
`);
