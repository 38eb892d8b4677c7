import { defineScript } from '../script.ts';

/**
 * Finds the longest idle time in one page of the pending entries list.
 * KEYS stream. ARGV group, cursor (start id, with `(` where exclusive), page size.
 * Returns [next cursor ('' at the end), entries seen, longest idle ms; -1 where none was seen].
 */
export const longestIdlePage = defineScript(`
local size = tonumber(ARGV[3])
local rows = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], '+', size)
local longest = -1
for i = 1, #rows do
  if rows[i][3] > longest then longest = rows[i][3] end
end
return {#rows == size and '(' .. rows[#rows][1] or '', #rows, longest}
`);
