import { defineScript } from '../script.ts';

/**
 * Removes messages that wait for good: somebody has taken them elsewhere.
 * KEYS held, their entries, their counts. ARGV members. Returns the members that were still there.
 */
export const takeWaiting = defineScript(`
local taken = {}
for i = 1, #ARGV do
  local member = ARGV[i]
  if redis.call('ZREM', KEYS[1], member) == 1 then
    redis.call('HDEL', KEYS[2], member)
    redis.call('HINCRBY', KEYS[3], (string.match(member, '^%d+:([^:]*):') or '') .. ':taken', 1)
    taken[#taken + 1] = member
  end
end
return taken
`);
