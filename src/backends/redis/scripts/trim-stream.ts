import { defineScript } from '../script.ts';
import { OP_LOG } from './op-log.ts';

/**
 * Cuts a stream below an id, one step, and never what a group still needs unless told so.
 * KEYS stream, op log.
 * ARGV page number, id, most entries to cut, `1` to cut what groups still need, `1` to cut exactly.
 * Returns [entries cut, '' or the first id that a group still needs where that lies below the id, its group,
 * length of the stream].
 * The check and the cut are one step: a group that falls behind in the meantime is not cut.
 */
export const trimStream = defineScript(`${OP_LOG}
local repeated = recall(KEYS[2], ARGV[1])
if repeated then return repeated end
local function before(a, b)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local bm, bs = string.match(b, '(%d+)-(%d+)')
  if #am ~= #bm then return #am < #bm end
  if am ~= bm then return am < bm end
  if #as ~= #bs then return #as < #bs end
  return as < bs
end
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if not first then return {0, '', '', 0} end
if ARGV[4] ~= '1' then
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = {}
    for i = 1, #flat, 2 do group[flat[i]] = flat[i + 1] end
    local needed
    local following = redis.call('XRANGE', KEYS[1], '(' .. group['last-delivered-id'], '+', 'COUNT', 1)[1]
    if following then needed = following[1] end
    if group['pending'] > 0 then
      -- What is pending below the first entry was cut away before: nobody can need it any more.
      local oldest = redis.call('XPENDING', KEYS[1], group['name'], first[1], '+', 1)[1]
      if oldest and (not needed or before(oldest[1], needed)) then needed = oldest[1] end
    end
    if needed and before(needed, ARGV[2]) then return {0, needed, group['name'], redis.call('XLEN', KEYS[1])} end
  end
end
local cut
if ARGV[5] == '1' then cut = redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[2])
else cut = redis.call('XTRIM', KEYS[1], 'MINID', '~', ARGV[2], 'LIMIT', ARGV[3]) end
return remember(KEYS[2], ARGV[1], {cut, '', '', redis.call('XLEN', KEYS[1])})
`);
