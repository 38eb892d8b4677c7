import { defineScript } from '../../script.ts';

/**
 * Takes the next messages of a Celery queue for a run, in the order in which a worker would: list by list, each
 * from its right end. They stand in the run's own lists until they are settled, so that nobody else has them
 * and no kill can lose them. Each moves by one command, which is refused before it has changed anything.
 *
 * KEYS claims of the queue, its lists, what the run holds of each.
 * ARGV run, fence, number of lists, messages at most, bytes after which no further one is taken, 1 where a
 *      number is wanted although nothing is taken.
 * Returns [\`ok\`|\`fenced\`, number of the unit ('' where nothing was taken), how many of each list, messages].
 */
export const celeryClaim = defineScript(`
local run, lists = ARGV[1], tonumber(ARGV[3])
if redis.call('HGET', KEYS[1], 'fence:' .. run) ~= ARGV[2] then return {'fenced', '', {}, {}} end
-- A full Redis refuses a script's first write where it may grow; this one cannot.
redis.call('HDEL', KEYS[1], '')
local most, room, counts, values = tonumber(ARGV[4]), tonumber(ARGV[5]), {}, {}
for i = 1, lists do
  counts[i] = 0
  while #values < most and room > 0 do
    local value = redis.call('LMOVE', KEYS[1 + i], KEYS[1 + lists + i], 'RIGHT', 'LEFT')
    if not value then break end
    counts[i] = counts[i] + 1
    values[#values + 1] = value
    room = room - #value
  end
end
if #values == 0 and ARGV[6] ~= '1' then return {'ok', '', counts, values} end
local unit = redis.call('HINCRBY', KEYS[1], 'unit:' .. run, 1)
return {'ok', tostring(unit), counts, values}
`);
