import { defineScript } from '../../script.ts';
import { EVENTS } from './events.ts';
import { OPEN_BREAKER } from './head.ts';
import { PRIOR_AND_NEXT } from './prior-next.ts';

/**
 * Takes an override away whose time is over, and nothing else.
 * KEYS state, override, config, probe, events. ARGV name, JSON without anything in it.
 * Returns as `breakerTrip`.
 */
export const breakerLapse = defineScript(`
${OPEN_BREAKER}${EVENTS}${PRIOR_AND_NEXT}
lapse()
return prior_and_next()
`);
