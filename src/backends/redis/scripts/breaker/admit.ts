import { defineScript } from '../../script.ts';
import { COUNTS } from './counts.ts';
import { EVENTS, REPLY_SNAPSHOT } from './events.ts';
import { OPEN_BREAKER } from './head.ts';
import { MOVES } from './moves.ts';

/**
 * Asks whether one call may go as a probe; the open time being over makes the breaker half-open.
 * KEYS state, override, config, probe, events. ARGV name, JSON: `instance`; `lease`, a name that nobody else
 * uses, the same one when a call is sent again; `rev`.
 * Returns as `breakerSync`, and at the end 1 where the probe may go.
 */
export const breakerAdmit = defineScript(`
${OPEN_BREAKER}${COUNTS}${EVENTS}${MOVES}${REPLY_SNAPSHOT}
lapse()
if mode then return snapshot(0) end
if state == 'open' and is_due() then half_open() end
if state ~= 'half-open' then return snapshot(0) end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', int(now))
redis.call('ZREMRANGEBYSCORE', KEYS[4], '(' .. int(now + cfg.lease), '+inf')
local granted = redis.call('ZSCORE', KEYS[4], q.lease)
if not granted and redis.call('ZCARD', KEYS[4]) < cfg.probes then
  redis.call('ZADD', KEYS[4], int(now + cfg.lease), q.lease)
  redis.call('PEXPIRE', KEYS[4], 86400000)
  granted = true
end
return snapshot(granted and 1 or 0)
`);
