import { defineScript } from '../script.ts';
import { onPrimary } from './on-primary.ts';

/**
 * A member of a run says that it lives and which lanes it holds, and the record lasts as long as it does.
 * Its entry is `until|info`; those long past theirs are removed. Lanes and counter are written again where a
 * failover has taken them back.
 * KEYS run. ARGV member, info (JSON), lease in ms (0: leave), then lane, fence for each lane held.
 * Returns [server ms, flat list of all fields but the manifest].
 */
export const beatRun = defineScript(`
${onPrimary('KEYS[1]')}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ARGV[3] == '0' then
  redis.call('HDEL', KEYS[1], 'member:' .. ARGV[1])
elseif redis.call('HEXISTS', KEYS[1], 'manifest') == 1 then
  local function behind(field, number)
    return tonumber(string.match(redis.call('HGET', KEYS[1], field) or '0', '^%d+')) < number
  end
  for i = 4, #ARGV, 2 do
    local number = tonumber(string.match(ARGV[i + 1], '^%d+'))
    if behind('lane:' .. ARGV[i], number) then redis.call('HSET', KEYS[1], 'lane:' .. ARGV[i], ARGV[i + 1]) end
    if behind('fence', number) then redis.call('HSET', KEYS[1], 'fence', string.format('%.0f', number)) end
  end
  redis.call('HSET', KEYS[1], 'member:' .. ARGV[1], string.format('%.0f', now + tonumber(ARGV[3])) .. '|' .. ARGV[2],
    'seen', string.format('%.0f', now))
  redis.call('PERSIST', KEYS[1])
end
local all, shown = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local ends = string.sub(all[i], 1, 7) == 'member:' and tonumber(string.match(all[i + 1], '^(%d+)|'))
  if ends and ends < now - 60000 then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= 'manifest' then shown[#shown + 1] = all[i] shown[#shown + 1] = all[i + 1] end
end
return {string.format('%.0f', now), shown}
`);
