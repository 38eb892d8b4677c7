import { defineScript } from '../script.ts';
import { OP_LOG } from './op-log.ts';
import { OWN_FIELDS } from './own-fields.ts';

/**
 * Moves dead letters back into a stream: each is appended and deleted in one step, with the original
 * fields in their order and the retry counter advanced by one. One that is no longer there is left out,
 * so that two replays at once double nothing.
 *
 * KEYS dead-letter stream, stream to append to, op log.
 * ARGV page number, field of the retry counter, most bytes in one go, `1` to name what was moved, then ids.
 * Returns [ids looked at, replayed, gone, retry counters that are no number, the error that ended the page
 * or '', [ids with too many fields for a script], [id, new id, id, new id, …]].
 */
export const replayPage = defineScript(`${OP_LOG}${OWN_FIELDS}
local MOST_ARGUMENTS = 7900
local page, counter, most_bytes, name_all = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local repeated, room = recall(KEYS[3], page)
if repeated then return repeated end
-- A user who may not delete must not append: nothing takes back what a script has done. Out of memory nothing
-- is appended, and a write before it would let it pass.
if room then redis.call('XDEL', KEYS[1], '0-0') end
local seen, replayed, gone, unnumbered, trouble, bytes = 0, 0, 0, 0, '', 0
local wide, moved = {}, {}
local function original(fields)
  local args, at = {}, nil
  for f = 2 * own_pairs(fields) + 1, #fields, 2 do
    if fields[f] == counter then at = #args + 2 end
    args[#args + 1] = fields[f]
    args[#args + 1] = fields[f + 1]
    bytes = bytes + #fields[f] + #fields[f + 1]
  end
  if not at then
    args[#args + 1] = counter
    args[#args + 1] = '1'
  elseif string.find(args[at], '^%d+$') and #args[at] < 15 then
    args[at] = string.format('%.0f', tonumber(args[at]) + 1)
  else
    return args, 1
  end
  return args, 0
end
for i = 5, #ARGV do
  local id = ARGV[i]
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  seen = seen + 1
  if not entry then gone = gone + 1
  elseif #entry[2] - 2 * own_pairs(entry[2]) > MOST_ARGUMENTS then wide[#wide + 1] = id
  else
    local args, odd = original(entry[2])
    local added = redis.pcall('XADD', KEYS[2], '*', unpack(args))
    if type(added) == 'table' and added.err then
      trouble = added.err
      seen = seen - 1
      break
    end
    redis.call('XDEL', KEYS[1], id)
    replayed = replayed + 1
    unnumbered = unnumbered + odd
    if name_all then moved[#moved + 1] = id; moved[#moved + 1] = added end
  end
  if bytes >= most_bytes then break end
end
return remember(KEYS[3], page, {seen, replayed, gone, unnumbered, trouble, wide, moved})
`);
