import { defineScript } from '../script.ts';

/**
 * Lets the record of a run expire, unless somebody is at work on it.
 * KEYS run. ARGV lifetime in ms. Returns 1, or 0 where a member lives or the record is gone.
 */
export const expireRun = defineScript(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if redis.call('HEXISTS', KEYS[1], 'manifest') == 0 then return 0 end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local ends = string.sub(all[i], 1, 7) == 'member:' and tonumber(string.match(all[i + 1], '^(%d+)|'))
  if ends and ends > now then return 0 end
end
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
`);
