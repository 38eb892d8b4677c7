import { defineScript } from '../script.ts';

/**
 * Notes that the source has deleted messages: they move from the open ledger to the settled one, which
 * forgets them after the window. What the ledger does not know at all is left alone: a failover has taken
 * back that it was appended.
 * KEYS open ledger, settled ledger of this window and of the two before, stats.
 * ARGV lifetime in ms, who calls, number of the call, ids.
 * Returns [how many were still open, this caller's call before or '', ids that are not known].
 */
export const confirmLedger = defineScript(`
local ids = {}
for i = 4, #ARGV do ids[i - 3] = ARGV[i] end
local open = redis.call('HMGET', KEYS[1], unpack(ids))
local found, known, others = {}, {}, {}
for i = 1, #ids do
  if open[i] then found[#found + 1] = ids[i] known[#known + 1] = ids[i] else others[#others + 1] = ids[i] end
end
local unknown = {}
if #others > 0 then
  local now = redis.call('SMISMEMBER', KEYS[2], unpack(others))
  local before = redis.call('SMISMEMBER', KEYS[3], unpack(others))
  local earlier = redis.call('SMISMEMBER', KEYS[4], unpack(others))
  for i = 1, #others do
    local list = now[i] + before[i] + earlier[i] > 0 and known or unknown
    list[#list + 1] = others[i]
  end
end
local removed = 0
if #found > 0 then removed = redis.call('HDEL', KEYS[1], unpack(found)) end
if #known > 0 then
  redis.call('SADD', KEYS[2], unpack(known))
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
if removed > 0 then redis.call('HINCRBY', KEYS[5], 'settled', removed) end
local last = redis.call('HGET', KEYS[5], 'by:' .. ARGV[2]) or ''
redis.call('HSET', KEYS[5], 'by:' .. ARGV[2], ARGV[3])
return {removed, last, unknown}
`);
