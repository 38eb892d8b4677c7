import { defineScript } from '../script.ts';
import { onPrimary } from './on-primary.ts';

/**
 * A member of a run says how many messages it may bring below the limit of a brake, and learns in the same step
 * what the other living members have said. Who measures after that, and takes no more than what fits beside
 * them, keeps to the limit together with them. What members that are gone have said is removed.
 * KEYS run. ARGV member, brake, messages.
 * Returns the messages of the others together, as text.
 */
export const claimRoom = defineScript(`
${onPrimary('KEYS[1]')}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local prefix = 'room:' .. ARGV[2] .. ':'
if redis.call('HEXISTS', KEYS[1], 'manifest') == 1 then
  redis.call('HSET', KEYS[1], prefix .. ARGV[1], ARGV[3])
end
local all, others = redis.call('HGETALL', KEYS[1]), 0
for i = 1, #all, 2 do
  local member = string.sub(all[i], 1, #prefix) == prefix and string.sub(all[i], #prefix + 1)
  if member and member ~= ARGV[1] then
    local entry = redis.call('HGET', KEYS[1], 'member:' .. member)
    local ends = entry and tonumber(string.match(entry, '^(%d+)|'))
    if ends and ends >= now then others = others + tonumber(all[i + 1])
    else redis.call('HDEL', KEYS[1], all[i]) end
  end
end
return string.format('%.0f', others)
`);
