/**
 * Makes a dead letter of a pending entry. Lua, put before a script that does so.
 *
 * A dead letter begins with fields of qctl's own, `dlq.fields` being how many they are; the original
 * entry follows whole, in its order. `bury` adds the dead letter and then acknowledges the entry, in
 * this order, so that a refused XADD (OOM, another type of key) leaves the entry pending.
 */
export const DEAD_LETTER = `
local function iso(ms)
  local seconds = math.floor(ms / 1000)
  local days, rest = math.floor(seconds / 86400), seconds % 86400
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, doy - math.floor((153 * mp + 2) / 5) + 1,
    math.floor(rest / 3600), math.floor(rest % 3600 / 60), rest % 60, ms % 1000)
end
local MOST_ARGUMENTS = 7900
-- Returns 'dead', 'removed', 'wide' (too many fields for a script) or an error reply.
local function bury(stream, dead, group, pending, reason, now)
  local id, consumer, idle, deliveries = pending[1], pending[2], pending[3], pending[4]
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if not entry then
    redis.call('XACK', stream, group, id)
    return 'removed', 0
  end
  local fields = entry[2]
  if #fields > MOST_ARGUMENTS then return 'wide', 0 end
  local ms = tonumber(string.match(id, '^%d+'))
  local timed = ms >= 1e12 and ms < 1e13
  local args = {'dlq.reason', reason, 'dlq.stream', stream, 'dlq.id', id, 'dlq.group', group,
    'dlq.consumer', consumer, 'dlq.deliveries', deliveries}
  if timed then args[#args + 1] = 'dlq.firstSeenAt'; args[#args + 1] = iso(ms) end
  args[#args + 1] = 'dlq.lastDeliveredAt'; args[#args + 1] = iso(now - idle)
  args[#args + 1] = 'dlq.deadAt'; args[#args + 1] = iso(now)
  local own, bytes = #args / 2 + 1, 0
  for f = 1, #fields do args[#args + 1] = fields[f]; bytes = bytes + #fields[f] end
  local added = redis.pcall('XADD', dead, '*', 'dlq.fields', own, unpack(args))
  if type(added) == 'table' and added.err then return added, 0 end
  redis.call('XACK', stream, group, id)
  return 'dead', bytes
end
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;
