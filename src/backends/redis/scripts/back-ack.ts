import { defineScript } from '../script.ts';
import { BACK_FENCE } from './back-fence.ts';
import { ID_ORDER } from './id-order.ts';

/**
 * Acknowledges entries that their source has, and counts them in the same step. The same call sent again
 * changes nothing and gets the same reply. An entry that the group was never given, as this Redis knows it, was
 * forgotten by a failover: it stays as it is and comes again.
 *
 * KEYS stream, state, sending, left.
 * ARGV fence, token of the call, group, consumer, `1` to delete them from the stream as well, then id,
 * outcome (`returned`, `there`, `known`), and so on.
 * Returns [`ok` | `fenced` | `lost`, one character an entry: `1` acknowledged, `0` somebody else had
 * acknowledged it meanwhile, `2` acknowledged, and another consumer had claimed it meanwhile, `3` forgotten].
 */
export const backAck = defineScript(`${BACK_FENCE}${ID_ORDER}
local refused = breach()
if refused then return {refused, ''} end
local last = redis.call('HMGET', KEYS[2], 'token', 'reply', 'first', 'last')
if last[1] == ARGV[2] then return {'ok', last[2]} end
local stream, group, delete = KEYS[1], ARGV[3], ARGV[5] == '1'
local flags, counts, disturbed, acked = {}, {}, 0, 0
local position
local function delivered()
  if position then return position end
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local row = {}
    for i = 1, #flat, 2 do row[flat[i]] = flat[i + 1] end
    if row['name'] == group then position = row['last-delivered-id'] end
  end
  return position
end
for i = 6, #ARGV, 2 do
  local id, outcome = ARGV[i], ARGV[i + 1]
  local row = redis.call('XPENDING', stream, group, id, id, 1)[1]
  local flag = not row and (before(delivered(), id) and '3' or '0') or row[2] == ARGV[4] and '1' or '2'
  flags[#flags + 1] = flag
  if flag ~= '3' then
    if row then acked = acked + redis.call('XACK', stream, group, id) end
    if flag ~= '1' then disturbed = disturbed + 1 end
    if delete then redis.call('XDEL', stream, id) end
    counts[outcome] = (counts[outcome] or 0) + 1
    redis.call('HDEL', KEYS[3], id)
    redis.call('HDEL', KEYS[4], id)
  end
end
for outcome, count in pairs(counts) do redis.call('HINCRBY', KEYS[2], outcome, count) end
redis.call('HINCRBY', KEYS[2], 'acked', acked)
if disturbed > 0 then redis.call('HINCRBY', KEYS[2], 'disturbed', disturbed) end
local reply = table.concat(flags)
redis.call('HSET', KEYS[2], 'token', ARGV[2], 'reply', reply)
return {'ok', reply}
`);
