import { defineScript } from '../../script.ts';
import { EVENTS, REPLY_SNAPSHOT } from './events.ts';
import { OPEN_BREAKER } from './head.ts';

/**
 * Brings back what a process saw last, where Redis has gone back to an earlier change than that, or to none.
 * KEYS state, override, config, probe, events. ARGV name, JSON: `state`, `override`, `config` (hashes as they
 * were), `instance`, `rev`.
 * Returns as `breakerSync`, and at the end 1 where something was brought back.
 */
export const breakerRestore = defineScript(`
${OPEN_BREAKER}${EVENTS}${REPLY_SNAPSHOT}
local known = tonumber(q.state.seq or '0')
if tonumber(s.seq or '0') >= known then return snapshot(0) end
for i, fields in ipairs({q.state, q.override, q.config}) do
  redis.call('DEL', KEYS[i])
  for field, value in pairs(fields) do redis.call('HSET', KEYS[i], field, value) end
end
redis.call('DEL', KEYS[4])
state = q.state.state or 'closed'
c.rev = q.config.rev
redis.call('HSET', KEYS[1], 'seen', int(now))
emit('restore', {'instance', q.instance, 'detail', 'Redis had lost the changes up to ' .. int(known)})
return snapshot(1)
`);
