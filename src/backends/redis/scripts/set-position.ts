import { defineScript } from '../script.ts';

/**
 * Moves a consumer group and tells where it stood.
 * KEYS stream. ARGV group, id, entries read by then ('' where unknown, or before Redis 7.0).
 * Returns the last delivered id that the group had.
 */
export const setPosition = defineScript(`
local prior
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #flat, 2 do group[flat[i]] = flat[i + 1] end
  if group['name'] == ARGV[1] then prior = group['last-delivered-id'] end
end
if ARGV[3] == '' then redis.call('XGROUP', 'SETID', KEYS[1], ARGV[1], ARGV[2])
else redis.call('XGROUP', 'SETID', KEYS[1], ARGV[1], ARGV[2], 'ENTRIESREAD', ARGV[3]) end
return prior
`);
