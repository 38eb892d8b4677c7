import { defineScript } from '../../script.ts';

/**
 * Lets go of messages that a run holds of a Celery queue: the target has them. Repeating it for the same unit
 * changes nothing.
 *
 * KEYS claims of the queue, what the run holds of each of its lists.
 * ARGV run, fence, number of the unit; then for each list how many go from its right end, or, where some of
 *      them stay, a minus sign, and their places from the left with commas between.
 * Returns \`ok\`, \`again\` or \`fenced\`.
 */
export const celerySettle = defineScript(`
local run, unit = ARGV[1], tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'fence:' .. run, 'settled:' .. run)
if state[1] ~= ARGV[2] then return 'fenced' end
if tonumber(state[2] or '0') >= unit then return 'again' end
redis.call('HDEL', KEYS[1], '')
local gone = 'qctl:settled:' .. run .. ':' .. ARGV[3]
for i = 2, #KEYS do
  local what = ARGV[2 + i]
  if string.sub(what, 1, 1) == '-' then
    for place in string.gmatch(what, '%d+') do redis.call('LSET', KEYS[i], place, gone) end
    redis.call('LREM', KEYS[i], 0, gone)
  elseif what ~= '0' then
    redis.call('LTRIM', KEYS[i], 0, -(tonumber(what) + 1))
  end
end
redis.call('HSET', KEYS[1], 'settled:' .. run, unit)
return 'ok'
`);
