import { defineScript } from '../../script.ts';
import { EVENTS } from './events.ts';
import { OPEN_BREAKER } from './head.ts';

/**
 * Forgets a breaker that no process was heard of for, unless an operator has set something of it, an override
 * whose time is over included.
 * KEYS state, override, config, probe, events. ARGV name, JSON: `idleMs`, for how long.
 * Returns 1 where nothing of it is left.
 */
export const breakerForget = defineScript(`
${OPEN_BREAKER}${EVENTS}
local heard = math.max(tonumber(s.seen or '0'), tonumber(s.since or '0'))
if heard > now - q.idleMs or o.mode then return 0 end
for key in pairs(c) do
  if string.sub(key, 1, 4) == 'set:' then return 0 end
end
if next(s) or next(c) then
  emit('forget', {'from', state, 'detail', 'no process was heard of for ' .. int(q.idleMs / 86400000) .. ' days'})
end
redis.call('DEL', KEYS[1], KEYS[3], KEYS[4])
return 1
`);
