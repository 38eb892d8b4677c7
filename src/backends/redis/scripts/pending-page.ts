import { defineScript } from '../script.ts';

/**
 * Counts one page of the pending entries list by idle time and delivery count, and names the first that match.
 * KEYS stream. ARGV group, cursor (start id, with `(` where exclusive), page size, consumer ('' for any),
 * least idle ms, least deliveries, how many to name, the most ms of each bucket of idle times separated by
 * blanks, the most deliveries of each bucket likewise.
 * Returns [next cursor ('' at the end), entries seen, entries that match, [count by idle bucket], [count by
 * delivery bucket], [[id, consumer, idle ms, deliveries] of the first]].
 */
export const pendingPage = defineScript(`
local cursor, size, consumer = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local least_idle, least_deliveries, want = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local function bounds(text)
  local list, counts = {}, {}
  for word in string.gmatch(text, '%S+') do list[#list + 1] = tonumber(word) end
  for i = 1, #list + 1 do counts[i] = 0 end
  return list, counts
end
local function count(list, counts, value)
  local at = 1
  while list[at] and value > list[at] do at = at + 1 end
  counts[at] = counts[at] + 1
end
local idles, by_idle = bounds(ARGV[8])
local tries, by_tries = bounds(ARGV[9])
local rows
if consumer == '' then rows = redis.call('XPENDING', KEYS[1], ARGV[1], cursor, '+', size)
else rows = redis.call('XPENDING', KEYS[1], ARGV[1], cursor, '+', size, consumer) end
local named, matching = {}, 0
for i = 1, #rows do
  local row = rows[i]
  if row[3] >= least_idle and row[4] >= least_deliveries then
    matching = matching + 1
    count(idles, by_idle, row[3])
    count(tries, by_tries, row[4])
    if #named < want then named[#named + 1] = row end
  end
end
return {#rows == size and '(' .. rows[#rows][1] or '', #rows, matching, by_idle, by_tries, named}
`);
