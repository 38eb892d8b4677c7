import { defineScript } from '../script.ts';
import { DELAY_ROWS } from './delay-rows.ts';
import { onPrimary } from './on-primary.ts';
import { XADD_ROWS } from './xadd-rows.ts';

/**
 * Appends the messages of a batch that the ledger does not know, and enters them, in one step.
 *
 * KEYS stream, open ledger (hash id -> call:entry), settled ledger of this window and of the one
 *      before (sets), stats, quarantine, delayed, their entries, their counts.
 * ARGV deadline in server ms, call, names, rows, count, constants, maxlen, quarantined rows,
 *      quarantined count, bytes, delayed rows, delayed count, then the ids: those of the rows, of the
 *      quarantined, of the delayed.
 * Returns [`ok`|`expired`, the number of this append, which only ever rises, one character an id: `+` appended (now or by this same call before),
 *      `o` appended earlier and not yet settled, `d` settled earlier].
 */
export const appendLedger = defineScript(`
${XADD_ROWS}
${DELAY_ROWS}
local time = redis.call('TIME')
if tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000 > tonumber(ARGV[1]) then
  ${onPrimary('KEYS[2]')}
  return {'expired', 0, ''}
end
local count, bad, later = tonumber(ARGV[5]), tonumber(ARGV[9]), tonumber(ARGV[12])
local total, ids = count + bad + later, {}
for i = 1, total do ids[i] = ARGV[12 + i] end
local open = redis.call('HMGET', KEYS[2], unpack(ids))
local now = redis.call('SMISMEMBER', KEYS[3], unpack(ids))
local before = redis.call('SMISMEMBER', KEYS[4], unpack(ids))
local flags, wanted, unwanted, awaited, seen = {}, {}, {}, {}, {}
local added, doubled, quarantined, scheduled = 0, 0, 0, 0
for i = 1, total do
  local flag, fresh = '+', true
  if open[i] then
    fresh = false
    if string.sub(open[i], 1, #ARGV[2]) ~= ARGV[2] then flag = 'o' end
  elseif now[i] == 1 or before[i] == 1 then
    flag, fresh = 'd', false
  elseif seen[ids[i]] then
    flag, fresh = 'o', false
  end
  seen[ids[i]] = true
  if flag ~= '+' then doubled = doubled + 1 end
  flags[i] = flag
  if fresh then
    if i <= count then wanted[i] = true added = added + 1
    elseif i <= count + bad then unwanted[i - count] = true quarantined = quarantined + 1
    else awaited[i - count - bad] = true scheduled = scheduled + 1 end
  end
end
local constants = cjson.decode(ARGV[6])
local entries, held = {}, {}
if scheduled > 0 then prove_delay(KEYS[7], KEYS[8]) end
if added > 0 then entries = xadd_rows(KEYS[1], ARGV[7], cjson.decode(ARGV[3]), ARGV[4], count, constants, wanted) end
if quarantined > 0 then held = xadd_rows(KEYS[6], '', {}, ARGV[8], bad, constants, unwanted) end
if scheduled > 0 then delay_rows(KEYS[7], KEYS[8], KEYS[9], ARGV[11], later, constants, awaited) end
local pairs_, first, last = {}, nil, nil
for i = 1, total do
  local entry = i <= count and entries[i] or held[i - count] or awaited[i - count - bad] and 'delayed'
  if entry then
    pairs_[#pairs_ + 1] = ids[i]
    pairs_[#pairs_ + 1] = ARGV[2] .. entry
    if i <= count then first = first or entry last = entry end
  end
end
if #pairs_ > 0 then redis.call('HSET', KEYS[2], unpack(pairs_)) end
if last then
  redis.call('HSETNX', KEYS[5], 'first', first)
  redis.call('HSET', KEYS[5], 'last', last)
  redis.call('HINCRBY', KEYS[5], 'appended', added)
end
if quarantined > 0 then redis.call('HINCRBY', KEYS[5], 'quarantined', quarantined) end
if scheduled > 0 then redis.call('HINCRBY', KEYS[5], 'scheduled', scheduled) end
if doubled > 0 then redis.call('HINCRBY', KEYS[5], 'duplicates', doubled) end
redis.call('HINCRBY', KEYS[5], 'bytes', ARGV[10])
return {'ok', redis.call('HINCRBY', KEYS[5], 'step', 1), table.concat(flags)}
`);
