import { defineScript } from '../../script.ts';
import { DECLARE } from './declare.ts';
import { EVENTS } from './events.ts';
import { OPEN_BREAKER } from './head.ts';
import { PRIOR_AND_NEXT } from './prior-next.ts';

/**
 * Puts an override over a breaker, in place of the one that is there. What the breaker knows stays below it.
 * KEYS state, override, config, probe, events. ARGV name, JSON: `mode`, `by`, `host`, `reason`; `forMs` or `until`
 * (ms), neither: until it is released; `declared`.
 * Returns as `breakerTrip`.
 */
export const breakerHold = defineScript(`
${OPEN_BREAKER}${EVENTS}${DECLARE}${PRIOR_AND_NEXT}
lapse()
declare()
local till = q.forMs and now + q.forMs or q['until'] or 0
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'mode', q.mode, 'by', q.by, 'host', q.host, 'reason', q.reason,
  'since', int(now), 'until', int(till))
emit('hold', {'mode', q.mode, 'by', q.by, 'host', q.host, 'reason', q.reason, 'until', int(till)})
return prior_and_next()
`);
