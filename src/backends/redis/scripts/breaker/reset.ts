import { defineScript } from '../../script.ts';
import { COUNTS } from './counts.ts';
import { DECLARE } from './declare.ts';
import { EVENTS } from './events.ts';
import { OPEN_BREAKER } from './head.ts';
import { MOVES } from './moves.ts';
import { PRIOR_AND_NEXT } from './prior-next.ts';

/**
 * Closes a breaker and forgets what was counted, and how often it has opened. An override stays.
 * KEYS state, override, config, probe, events. ARGV name, JSON: `by`, `host`, `reason`, `declared`.
 * Returns as `breakerTrip`.
 */
export const breakerReset = defineScript(`
${OPEN_BREAKER}${COUNTS}${EVENTS}${MOVES}${DECLARE}${PRIOR_AND_NEXT}
lapse()
declare()
close('reset', nil)
redis.call('HSET', KEYS[1], 'openings', 0)
return prior_and_next()
`);
