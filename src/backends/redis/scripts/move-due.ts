import { defineScript } from '../script.ts';
import { OP_LOG } from './op-log.ts';
import { XADD_ROWS } from './xadd-rows.ts';

/**
 * Moves messages that are due by the server's clock into their stream, the earliest first. Two that do it
 * at once move nothing twice; a page that is sent again is told what it had moved.
 *
 * KEYS delayed, their entries, their counts, stream, op log.
 * ARGV page number, most messages, most bytes (the message that goes beyond them is the last), maxlen.
 * Returns [moved, bytes, messages whose entry was gone, due next (ms) or '', waiting, server time in ms].
 *
 * Moving takes no memory, so that it goes on where Redis is full.
 */
export const moveDue = defineScript(`
${OP_LOG}
${XADD_ROWS}
local delayed, contents, counts, stream, log = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local function reply(moved, bytes, lost)
  local next = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  return {moved, bytes, lost, next[2] or '', redis.call('ZCARD', delayed), now}
end
local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, ARGV[2])
if #due == 0 and redis.call('EXISTS', log) == 0 then return reply(0, 0, 0) end
local repeated = recall(log, ARGV[1])
if repeated then return repeated end
if #due == 0 then return remember(log, ARGV[1], reply(0, 0, 0)) end
-- A server that refuses one of these must do so before the first message stands in the stream.
redis.call('ZREM', delayed, '')
redis.call('HDEL', contents, '')
redis.call('HINCRBY', counts, 'seq', 0)
local moved, bytes, lost, runs, last = 0, 0, 0, {}, {}
for i = 1, #due do
  local member = due[i]
  local run = string.match(member, '^%d+:([^:]*):') or ''
  local content = redis.call('HGET', contents, member)
  if content then
    local stands, ids = pcall(xadd_rows, stream, ARGV[4], {}, content, 1, {})
    if not stands then
      if moved + lost > 0 then break end
      -- Once more, so that the error is the server's own.
      ids = xadd_rows(stream, ARGV[4], {}, content, 1, {})
    end
    if not last[run] then redis.call('HSETNX', counts, run .. ':first', ids[1]) end
    last[run] = ids[1]
    runs[run] = (runs[run] or 0) + 1
    moved, bytes = moved + 1, bytes + #content
  else
    redis.call('HINCRBY', counts, run .. ':lost', 1)
    lost = lost + 1
  end
  redis.call('ZREM', delayed, member)
  redis.call('HDEL', contents, member)
  if bytes >= tonumber(ARGV[3]) then break end
end
for run, count in pairs(runs) do
  redis.call('HINCRBY', counts, run .. ':moved', count)
  redis.call('HSET', counts, run .. ':last', last[run])
end
return remember(log, ARGV[1], reply(moved, bytes, lost))
`);
