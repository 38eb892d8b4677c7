import { defineScript } from '../script.ts';
import { DEAD_LETTER } from './dead-letter.ts';
import { OP_LOG } from './op-log.ts';

/**
 * Takes over one page of pending entries, or makes dead letters of those delivered often enough.
 * Delivery counts stay as they are: to claim is not to deliver.
 *
 * KEYS stream, dead-letter stream, op log.
 * ARGV page number ('' for no op log), group, consumer to claim for, least idle ms, cursor (start id,
 * with `(` where exclusive), page size, owner ('' for any), deliveries from which an entry is dead
 * (0 for never), reason, most bytes to look at in one go, `1` where the server's XCLAIM does not
 * tell entries that are gone (before 7.0), `1` to name what was claimed, owner's least idle ms (0: not
 * looked at), `1` to make dead letters alone and claim nothing, then ids instead of a page.
 * Returns [next cursor ('' at the end), claimed, dead, removed, wide, too young, not pending, `alive` or
 * the error that ended the page or '', [ids claimed], [ids dead], [ids removed], [ids wide]].
 */
export const claimPage = defineScript(`${OP_LOG}${DEAD_LETTER}
local page, group, to, least, cursor, size, owner = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6]), ARGV[7]
local most, reason, most_bytes, legacy, name_all, guard = tonumber(ARGV[8]), ARGV[9], tonumber(ARGV[10]), ARGV[11] == '1', ARGV[12] == '1', tonumber(ARGV[13])
local dead_alone, first_id = ARGV[14] == '1', 15
local stream, dead_stream = KEYS[1], KEYS[2]
local repeated, room
if page ~= '' then repeated, room = recall(KEYS[3], page) end
if repeated then return repeated end
local claimed, dead, removed, wide, young, absent = {}, {}, {}, {}, 0, 0
local count = 0
local function finish(next_cursor, trouble)
  local reply = {next_cursor, count, #dead, #removed, #wide, young, absent, trouble,
    name_all and claimed or {}, dead, removed, wide}
  if page ~= '' then remember(KEYS[3], page, reply) end
  return reply
end
-- A user who may not acknowledge must not add dead letters: nothing takes back what a script has done. Out of
-- memory no dead letter is added, and a write before it would let it pass.
if most > 0 and room then redis.call('XACK', stream, group, '0-0') end
if guard > 0 then
  for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
    local name, idle
    for i = 1, #flat, 2 do
      if flat[i] == 'name' then name = flat[i + 1] elseif flat[i] == 'idle' then idle = flat[i + 1] end
    end
    if name == owner and idle < guard then return finish('', 'alive') end
  end
end
local plain = #ARGV < first_id and owner == '' and most == 0
if plain and not legacy then
  local found = redis.call('XAUTOCLAIM', stream, group, to, least, cursor, 'COUNT', size, 'JUSTID')
  claimed, removed = found[2], found[3]
  count = #claimed
  return finish(found[1] == '0-0' and '' or found[1], '')
end
local rows = {}
local next_cursor = ''
if #ARGV >= first_id then
  for i = first_id, #ARGV do
    local row = redis.call('XPENDING', stream, group, ARGV[i], ARGV[i], 1)[1]
    if row then rows[#rows + 1] = row else absent = absent + 1 end
  end
else
  if owner == '' then rows = redis.call('XPENDING', stream, group, cursor, '+', size)
  else rows = redis.call('XPENDING', stream, group, cursor, '+', size, owner) end
  if #rows == size then next_cursor = '(' .. rows[#rows][1] end
end
local now, bytes, trouble = now_ms(), 0, ''
local wanted = {}
local function gone(id)
  if not legacy then return false end
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if not entry then return true end
  for f = 1, #entry[2] do bytes = bytes + #entry[2][f] end
  return false
end
for i = 1, #rows do
  local row = rows[i]
  local id = row[1]
  -- XAUTOCLAIM drops what is gone whenever it was delivered; so does its stand-in.
  if row[3] < least and not (plain and gone(id)) then young = young + 1
  elseif most > 0 and row[4] >= most then
    local outcome, weight = bury(stream, dead_stream, group, row, reason, now)
    if outcome == 'dead' then dead[#dead + 1] = id; bytes = bytes + weight
    elseif outcome == 'removed' then removed[#removed + 1] = id
    elseif outcome == 'wide' then wide[#wide + 1] = id
    else trouble = outcome.err end
    if trouble ~= '' then break end
  elseif dead_alone then young = young + 1
  elseif gone(id) then
    redis.call('XACK', stream, group, id)
    removed[#removed + 1] = id
  else wanted[#wanted + 1] = id end
  if bytes >= most_bytes and i < #rows and #ARGV < first_id then
    next_cursor = '(' .. id
    break
  end
end
if #wanted > 0 then
  wanted[#wanted + 1] = 'JUSTID'
  local got = redis.call('XCLAIM', stream, group, to, least, unpack(wanted))
  wanted[#wanted] = nil
  local have = {}
  for i = 1, #got do have[got[i]] = true end
  for i = 1, #wanted do
    if have[wanted[i]] then claimed[#claimed + 1] = wanted[i] else removed[#removed + 1] = wanted[i] end
  end
  count = #claimed
end
return finish(next_cursor, trouble)
`);
