import { defineScript } from '../script.ts';
import { BACK_FENCE } from './back-fence.ts';
import { ID_ORDER } from './id-order.ts';

/**
 * Takes one page of what a group has not finished. `own`: what this run has in hand already. `others`:
 * what is pending with anybody else; delivery counts stay. `new`: what nobody was given yet; it counts as
 * never delivered, since nobody has worked on it. What is pending and gone from the stream is acknowledged.
 *
 * KEYS stream, state.
 * ARGV fence, mode, group, consumer, consumer of entries that are left, cursor (with `(` where exclusive),
 * last id, page size, most bytes of a page, least idle ms, `1` to take what was left before, first id that is
 * wanted ('' for all).
 * Returns [`ok` | `fenced` | `lost`, next cursor ('' at the end), too young, parked, [ids gone],
 * [[id, former consumer, deliveries, [fields]]]].
 */
export const backTake = defineScript(`${BACK_FENCE}${ID_ORDER}
local mode, group, consumer, left = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local cursor, last, size, most = ARGV[6], ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local least, with_left, first = tonumber(ARGV[10]), ARGV[11] == '1', ARGV[12]
local refused = breach()
if refused then return {refused, '', 0, 0, {}, {}} end
local rows, gone, young, parked, bytes = {}, {}, 0, 0, 0
local function own(name) return string.sub(name, 1, 10) == 'qctl-back:' or string.sub(name, 1, 10) == 'qctl-left:' end
if mode == 'new' then
  local reply = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', size, 'STREAMS', KEYS[1], '>')
  local entries = reply and reply[1] and reply[1][2] or {}
  local kept, aside = {}, {}
  for i = 1, #entries do
    local id = entries[i][1]
    if first ~= '' and before(id, first) then aside[#aside + 1] = id
    else
      kept[#kept + 1] = id
      rows[#rows + 1] = {id, '', 0, entries[i][2]}
    end
  end
  local function hand(ids, to)
    if #ids == 0 then return end
    ids[#ids + 1], ids[#ids + 2], ids[#ids + 3] = 'RETRYCOUNT', '0', 'JUSTID'
    redis.call('XCLAIM', KEYS[1], group, to, 0, unpack(ids))
  end
  parked = #aside
  hand(kept, consumer)
  hand(aside, left)
  if parked > 0 then redis.call('HINCRBY', KEYS[2], 'parked', parked) end
  return {'ok', #entries == size and '>' or '', 0, parked, gone, rows}
end
local pending
if mode == 'own' then pending = redis.call('XPENDING', KEYS[1], group, cursor, last, size, consumer)
else pending = redis.call('XPENDING', KEYS[1], group, cursor, last, size) end
local next_cursor = #pending == size and '(' .. pending[#pending][1] or ''
for i = 1, #pending do
  local id, owner, idle, deliveries = pending[i][1], pending[i][2], pending[i][3], pending[i][4]
  local wanted = mode == 'own'
  if mode == 'others' and owner ~= consumer and (with_left or owner ~= left) then
    wanted = own(owner) or idle >= least
    if not wanted then young = young + 1 end
  end
  if wanted then
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    if not entry then
      redis.call('XACK', KEYS[1], group, id)
      redis.call('HINCRBY', KEYS[2], 'gone', 1)
      gone[#gone + 1] = id
    else
      if mode == 'others' then redis.call('XCLAIM', KEYS[1], group, consumer, 0, id, 'JUSTID') end
      rows[#rows + 1] = {id, owner, deliveries, entry[2]}
      for f = 1, #entry[2] do bytes = bytes + #entry[2][f] end
      if bytes >= most and i < #pending then
        next_cursor = '(' .. id
        break
      end
    end
  end
end
return {'ok', next_cursor, young, parked, gone, rows}
`);
