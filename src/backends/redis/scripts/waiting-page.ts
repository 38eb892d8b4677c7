import { defineScript } from '../script.ts';

/**
 * Looks at a page of the messages that wait, by due time, behind a place that need not exist any more.
 *
 * KEYS delayed (or held), their entries.
 * ARGV due time of the place, member at it ('' : from the start), most messages, most bytes (the message
 *      that goes beyond them is the last), run ('' : all of them), what (`fields`, `ids`, `sums`,
 *      `digest`), id field, body field.
 * Returns [server time in ms, 1 at the end, low sum, high sum, member and due time of the last one looked at,
 * then of each: member, due time, what is asked for]:
 * with `fields` the packed entry ('' where it is gone), else its id, with `sums` followed by a space and the
 * SHA-1 of (id NUL body), and not where it is gone. The sums are those of scan-entries.ts.
 */
export const waitingPage = defineScript(`
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local key, after, most, run, what = KEYS[1], ARGV[2], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local from = 0
if after ~= '' then
  -- Of equal times the members are in the order of their bytes.
  local high = redis.call('ZCOUNT', key, '-inf', ARGV[1])
  from = redis.call('ZCOUNT', key, '-inf', '(' .. ARGV[1])
  while from < high do
    local middle = math.floor((from + high) / 2)
    if redis.call('ZRANGE', key, middle, middle)[1] <= after then from = middle + 1 else high = middle end
  end
end
local found = redis.call('ZRANGE', key, from, from + tonumber(ARGV[3]) - 1, 'WITHSCORES')
local function named(content, name)
  local fields, at = struct.unpack('>I2', content)
  local value = ''
  for _ = 1, fields, 2 do
    local field, text
    field, text, at = struct.unpack('>i4c0i4c0', content, at)
    if field == name then value = text end
  end
  return value
end
local bytes, low, high, taken, out = 0, 0, 0, 0, {}
local function show(...)
  for _, value in ipairs({...}) do out[#out + 1] = value end
end
for i = 1, #found, 2 do
  local member = found[i]
  taken = taken + 2
  if run == '' or string.match(member, '^%d+:([^:]*):') == run then
    local content = redis.call('HGET', KEYS[2], member) or ''
    bytes = bytes + #content
    if what == 'fields' then show(member, found[i + 1], content)
    elseif content ~= '' then
      local shown = string.match(member, '^%d+:[^:]*:(.*)$') or ''
      if what ~= 'ids' then
        local hash = redis.sha1hex(named(content, ARGV[7]) .. '\\0' .. named(content, ARGV[8]))
        if what == 'sums' then shown = shown .. ' ' .. hash end
        low = (low + tonumber(string.sub(hash, 1, 8), 16)) % 4294967296
        high = (high + tonumber(string.sub(hash, 9, 16), 16)) % 4294967296
      end
      show(member, found[i + 1], shown)
    end
    if bytes >= most then break end
  end
end
local ended = taken == #found and #found < 2 * tonumber(ARGV[3])
local cursor = taken > 0 and found[taken - 1] or after
local reply = {now, ended and 1 or 0, string.format('%.0f', low), string.format('%.0f', high),
  cursor, taken > 0 and found[taken] or ARGV[1]}
for i = 1, #out do reply[6 + i] = out[i] end
return reply
`);
