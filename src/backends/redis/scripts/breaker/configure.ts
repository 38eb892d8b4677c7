import { defineScript } from '../../script.ts';
import { DECLARE } from './declare.ts';
import { EVENTS } from './events.ts';
import { OPEN_BREAKER } from './head.ts';
import { PRIOR_AND_NEXT } from './prior-next.ts';

/**
 * Changes settings of a breaker, above what programs and files say.
 * KEYS state, override, config, probe, events. ARGV name, JSON: `set` (key -> number), `unset` (keys that programs and
 * files decide again), `by`, `host`, `reason`, `declared`.
 * Returns as `breakerTrip`.
 */
export const breakerConfigure = defineScript(`
${OPEN_BREAKER}${EVENTS}${DECLARE}${PRIOR_AND_NEXT}
lapse()
declare()
local text = {}
for key, value in pairs(q.set or {}) do
  local shown = string.format('%.14g', value)
  redis.call('HSET', KEYS[3], 'set:' .. key, shown)
  text[#text + 1] = key .. '=' .. shown
end
for _, key in ipairs(q.unset or {}) do
  redis.call('HDEL', KEYS[3], 'set:' .. key)
  text[#text + 1] = key .. '=-'
end
if #text > 0 then
  table.sort(text)
  redis.call('HINCRBY', KEYS[3], 'rev', 1)
  redis.call('HSET', KEYS[3], 'setBy', q.by, 'setHost', q.host, 'setReason', q.reason or '', 'setAt', int(now))
  emit('set', {'settings', table.concat(text, ' '), 'by', q.by, 'host', q.host, 'reason', q.reason or ''})
end
return prior_and_next()
`);
