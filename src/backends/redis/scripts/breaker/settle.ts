import { defineScript } from '../../script.ts';
import { COUNTS } from './counts.ts';
import { EVENTS, REPLY_SNAPSHOT } from './events.ts';
import { OPEN_BREAKER } from './head.ts';
import { MOVES } from './moves.ts';

/**
 * Tells how a probe went. Only the first call for a lease counts, and only in the half-open time that it
 * belongs to.
 * KEYS state, override, config, probe, events. ARGV name, JSON: `instance`, `lease`, `version` at which it was
 * granted; `outcome`: `ok`, `fail`, or `none` for one that says nothing; `slow`; `error`; `random`; `rev`.
 * Returns as `breakerSync`, and at the end 1 where it counted.
 */
export const breakerSettle = defineScript(`
${OPEN_BREAKER}${COUNTS}${EVENTS}${MOVES}${REPLY_SNAPSHOT}
lapse()
local held = redis.call('ZREM', KEYS[4], q.lease) == 1
if mode == 'disabled' or not held or q.version ~= version or state ~= 'half-open' or q.outcome == 'none' then return snapshot(0) end
local bad = q.outcome == 'fail' or q.slow
add({ok = q.outcome == 'ok' and 1 or 0, fail = q.outcome == 'fail' and 1 or 0, slow = q.slow and 1 or 0})
if bad then note_error() end
if mode and mode ~= 'observe' then return snapshot(1) end
if bad then open('probe-failed', q.error or (q.outcome == 'fail' and 'without a reason' or 'it was slow'))
elseif redis.call('HINCRBY', KEYS[1], 'successes', 1) >= cfg.successes then close('recovered') end
return snapshot(1)
`);
