import { defineScript } from '../script.ts';
import { COUNT_ENTRIES } from './count-range.ts';

/**
 * Lua: `look(key, memory, left, each)` looks at one stream and all its groups at one instant, without sending a body:
 * false where the key does not exist, an error reply where it may not be read, else [server time in ms, length, first
 * id, last id, last generated id, greatest deleted id, entries added, bytes, groups]; a group is [name, consumers,
 * pending, last delivered id, entries read, lag, oldest pending id, counted]. What the server does not know or does not
 * have (the lag before 7.0) is nil. Counted is what lies behind the group's position, [entries, last id, 1 where these
 * are all, first id]; nil where nothing or everything lies behind it.
 * `left` holds how many `entries` and `bytes` may still be counted over all streams, and `each` how many entries for
 * all groups of one together. The first entry behind each group is looked at whatever the limits.
 */
const LOOK = `${COUNT_ENTRIES}
local function map(flat)
  local named = {}
  for i = 1, #flat, 2 do named[flat[i]] = flat[i + 1] end
  return named
end
local function before(one, other)
  local one_ms, one_seq = string.match(one, '(%d+)-(%d+)')
  local other_ms, other_seq = string.match(other, '(%d+)-(%d+)')
  if one_ms == other_ms then one_ms, other_ms = one_seq, other_seq end
  if #one_ms ~= #other_ms then return #one_ms < #other_ms end
  return one_ms < other_ms
end
local function oldest_pending(key, group)
  return group['pending'] > 0 and redis.call('XPENDING', key, group['name'])[2]
end
local function look_at_groups(key, stream, left, entries_left)
  local first, last = stream['first-entry'], stream['last-entry']
  local function behind(position, to, limit)
    local count, from, last_id, done, looked =
      count_entries(key, '(' .. position, to, limit, math.max(left.bytes, 1))
    entries_left, left.entries, left.bytes = entries_left - count, left.entries - count, left.bytes - looked
    return count, from, last_id, done
  end
  -- Where no entry was ever removed the lag that Redis reports is right; behind the first lie all others.
  local function settled(group)
    return (stream['length'] == stream['entries-added'] and group['lag']) or group['last-delivered-id'] == first[1]
  end
  -- From the last position to the first: what lies behind the later one lies behind the earlier one, too, and
  -- is counted once.
  local function count_behind(waiting)
    table.sort(waiting, function(a, b) return before(b['last-delivered-id'], a['last-delivered-id']) end)
    local later
    for _, group in ipairs(waiting) do
      local position = group['last-delivered-id']
      local limit = left.bytes > 0 and math.max(math.min(entries_left, left.entries), 1) or 1
      local count, from, to, done = behind(position, later and later.position or '+', limit)
      if done and later then
        count, from, to, done = count + later.count, from or later.from, later.to, later.done
      end
      later = {position = position, count = count, from = from, to = to, done = done}
      group.counted = {count, to, done and 1 or 0, from}
    end
  end
  local function count_all(all)
    local waiting, others = {}, {}
    for _, group in ipairs(all) do
      local position = group['last-delivered-id']
      if not before(position, first[1]) and before(position, last[1]) then
        local list = settled(group) and others or waiting
        list[#list + 1] = group
      end
    end
    count_behind(waiting)
    for _, group in ipairs(others) do
      local count, from, to = behind(group['last-delivered-id'], '+', 1)
      group.counted = {count, to, 0, from}
    end
  end
  local all, groups = {}, {}
  for i, flat in ipairs(redis.call('XINFO', 'GROUPS', key)) do all[i] = map(flat) end
  if entries_left > 0 and stream['length'] > 0 then count_all(all) end
  for i, group in ipairs(all) do
    groups[i] = {group['name'], group['consumers'], group['pending'], group['last-delivered-id'],
      group['entries-read'] or false, group['lag'] or false, oldest_pending(key, group), group.counted or false}
  end
  return groups
end
local function look(key, memory, left, each)
  local info = redis.pcall('XINFO', 'STREAM', key)
  if info.err then
    if string.find(info.err, 'no such key', 1, true) then return false end
    return info
  end
  local stream = map(info)
  local first, last = stream['first-entry'], stream['last-entry']
  local time = redis.call('TIME')
  local bytes = false
  if memory then
    -- A user who may not ask for it sees the rest.
    local usage = redis.pcall('MEMORY', 'USAGE', key)
    if type(usage) == 'number' then bytes = usage end
  end
  local groups = {}
  if stream['groups'] > 0 then groups = look_at_groups(key, stream, left, each) end
  return {string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), stream['length'],
    first and first[1], last and last[1], stream['last-generated-id'],
    stream['max-deleted-entry-id'] or false, stream['entries-added'] or false, bytes, groups}
end`;

/**
 * Looks at one stream, see {@link LOOK}.
 * KEYS stream. ARGV `1` to measure the memory too, most entries to count for all groups together, most
 * bytes to look at for that.
 */
export const streamFacts = defineScript(`${LOOK}
return look(KEYS[1], ARGV[1] == '1', {entries = tonumber(ARGV[2]), bytes = tonumber(ARGV[3])}, tonumber(ARGV[2]))
`);

/**
 * Looks at many streams of one server in one go, in the order of the keys: what {@link LOOK} returns of each.
 * KEYS streams. ARGV `1` to measure the memory too, most entries to count of each stream, most of all together, most
 * bytes to look at for that.
 */
export const manyStreamFacts = defineScript(`${LOOK}
local left = {entries = tonumber(ARGV[3]), bytes = tonumber(ARGV[4])}
local looks = {}
for i, key in ipairs(KEYS) do looks[i] = look(key, ARGV[1] == '1', left, tonumber(ARGV[2])) end
return looks
`);
