import { defineScript } from '../../script.ts';

/**
 * Takes chosen messages out of one list of a Celery queue for a run, from the right to the left. One that does
 * not stand in its place any more, because a worker has taken something meanwhile, stays where it is.
 *
 * KEYS claims of the queue, the list, what the run holds of it.
 * ARGV run, fence; then for each its place, counted from the right end (-1), and the SHA-1 of its content.
 * Returns [\`ok\`|\`fenced\`, number of the unit ('' where nothing was taken), messages].
 */
export const celeryPick = defineScript(`
local run, values = ARGV[1], {}
if redis.call('HGET', KEYS[1], 'fence:' .. run) ~= ARGV[2] then return {'fenced', '', {}} end
-- A full Redis refuses a script's first write where it may grow; this one cannot.
redis.call('HDEL', KEYS[1], '')
local gone = 'qctl:taken:' .. run
for at = 3, #ARGV, 2 do
  local value = redis.call('LINDEX', KEYS[2], ARGV[at])
  if value and redis.sha1hex(value) == ARGV[at + 1] then
    redis.call('LPUSH', KEYS[3], value)
    local marked = redis.pcall('LSET', KEYS[2], ARGV[at], gone)
    if type(marked) == 'table' and marked.err then
      redis.call('LPOP', KEYS[3])
      if #values > 0 then redis.call('LREM', KEYS[2], 0, gone) end
      return marked
    end
    values[#values + 1] = value
  end
end
if #values == 0 then return {'ok', '', values} end
redis.call('LREM', KEYS[2], -#values, gone)
return {'ok', tostring(redis.call('HINCRBY', KEYS[1], 'unit:' .. run, 1)), values}
`);
