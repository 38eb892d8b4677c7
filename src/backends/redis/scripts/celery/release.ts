import { defineScript } from '../../script.ts';

/**
 * Gives everything that a run holds back to a Celery queue, to the right ends of its lists and in its order:
 * workers get it next. Forgets the run.
 *
 * KEYS claims of the queue, its lists, what the run holds of each. ARGV run, fence, number of lists.
 * Returns how many, -1 where another process has the run.
 */
export const celeryRelease = defineScript(`
local run, lists, count = ARGV[1], tonumber(ARGV[3]), 0
if redis.call('HGET', KEYS[1], 'fence:' .. run) ~= ARGV[2] then return -1 end
redis.call('HDEL', KEYS[1], '')
for i = 1, lists do
  while redis.call('LMOVE', KEYS[1 + lists + i], KEYS[1 + i], 'LEFT', 'RIGHT') do count = count + 1 end
end
redis.call('HDEL', KEYS[1], 'fence:' .. run, 'unit:' .. run, 'settled:' .. run)
return count
`);
