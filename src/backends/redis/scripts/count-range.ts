import { defineScript } from '../script.ts';

/**
 * Lua: `count_entries(key, from, to, limit, most_bytes)` returns entries, first id, last id, `true` at
 * the end of the range, bytes. It looks at a few entries at a time, so that bodies of 1 MB do not fill the
 * server's memory, and stops where it has looked at so many bytes.
 */
export const COUNT_ENTRIES = `
local function count_entries(key, from, to, limit, most_bytes)
  local count, bytes, size, first, last = 0, 0, 16, false, false
  while count < limit and bytes < most_bytes do
    local wanted = math.min(size, limit - count)
    local entries = redis.call('XRANGE', key, from, to, 'COUNT', wanted)
    for i = 1, #entries do
      local fields = entries[i][2]
      for f = 1, #fields do bytes = bytes + #fields[f] end
    end
    count = count + #entries
    if #entries > 0 then
      first, last = first or entries[1][1], entries[#entries][1]
    end
    if #entries < wanted then return count, first, last, true, bytes end
    from = '(' .. last
    size = bytes / count < 16384 and 64 or 4
  end
  return count, first, last, false, bytes
end`;

/**
 * Counts entries without sending them.
 * KEYS stream. ARGV from (with `(` where exclusive), to, most entries, most bytes (absent: any).
 * Returns [entries, id of the last one or '', bytes of all their fields, 1 at the end of the range].
 */
export const countRange = defineScript(`${COUNT_ENTRIES}
local count, _, last, done, bytes =
  count_entries(KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4] or 'inf') or math.huge)
return {count, last or '', bytes, done and 1 or 0}
`);
