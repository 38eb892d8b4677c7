import { defineScript } from '../../script.ts';
import { COUNTS } from './counts.ts';
import { DECLARE } from './declare.ts';
import { EVENTS } from './events.ts';
import { OPEN_BREAKER } from './head.ts';
import { MOVES } from './moves.ts';
import { PRIOR_AND_NEXT } from './prior-next.ts';

/**
 * Opens a breaker as if it had opened by itself: it recovers by itself, too.
 * KEYS state, override, config, probe, events. ARGV name, JSON: `by`, `host`, `reason`; `forMs`, the open time,
 * else that of the settings; `declared` settings for a breaker that is not there yet.
 * Returns [server ms, prior, next], both [state, override, settings].
 */
export const breakerTrip = defineScript(`
${OPEN_BREAKER}${COUNTS}${EVENTS}${MOVES}${DECLARE}${PRIOR_AND_NEXT}
lapse()
declare()
local ms = q.forMs or cfg.open
move('open', 'tripped', nil, {'openMs', int(ms), 'halfOpenAt', int(now + ms), 'successes', 0})
return prior_and_next()
`);
