import { defineScript } from '../../script.ts';
import { EVENTS } from './events.ts';
import { OPEN_BREAKER } from './head.ts';
import { PRIOR_AND_NEXT } from './prior-next.ts';

/**
 * Takes the override away; where there is none nothing changes.
 * KEYS state, override, config, probe, events. ARGV name, JSON: `by`, `host`, `reason`.
 * Returns as `breakerTrip`.
 */
export const breakerRelease = defineScript(`
${OPEN_BREAKER}${EVENTS}${PRIOR_AND_NEXT}
lapse()
if mode then
  redis.call('DEL', KEYS[2])
  emit('release', {'mode', mode, 'by', q.by, 'host', q.host, 'reason', q.reason or ''})
end
return prior_and_next()
`);
