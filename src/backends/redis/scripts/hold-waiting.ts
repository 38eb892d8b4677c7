import { defineScript } from '../script.ts';

/**
 * Puts messages that wait from one set into another, with their due times: into somebody's hand, or back.
 * KEYS from, to. ARGV members. Returns the members that it has moved.
 */
export const holdWaiting = defineScript(`
local moved = {}
for i = 1, #ARGV do
  local due = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if due then
    redis.call('ZADD', KEYS[2], due, ARGV[i])
    redis.call('ZREM', KEYS[1], ARGV[i])
    moved[#moved + 1] = ARGV[i]
  end
end
return moved
`);
