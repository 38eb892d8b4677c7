import { defineScript } from '../script.ts';

/**
 * Lists the newest ids without sending the entries, a few at a time as `count_entries` does.
 * KEYS stream. ARGV from (the greatest id, with `(` where exclusive), most ids, most bytes to look at.
 * Returns [1 where there are no more, ids…], the newest first.
 */
export const newestIds = defineScript(`
local from, limit, most_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local reply, bytes, size = {0}, 0, 16
while #reply <= limit and bytes < most_bytes do
  local wanted = math.min(size, limit + 1 - #reply)
  local entries = redis.call('XREVRANGE', KEYS[1], from, '-', 'COUNT', wanted)
  for i = 1, #entries do
    local fields = entries[i][2]
    for f = 1, #fields do bytes = bytes + #fields[f] end
    reply[#reply + 1] = entries[i][1]
  end
  if #entries < wanted then
    reply[1] = 1
    return reply
  end
  from = '(' .. reply[#reply]
  size = bytes / (#reply - 1) < 16384 and 64 or 4
end
return reply
`);
