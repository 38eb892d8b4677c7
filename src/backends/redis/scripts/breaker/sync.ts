import { defineScript } from '../../script.ts';
import { COUNTS, JUDGE } from './counts.ts';
import { DECLARE } from './declare.ts';
import { EVENTS, REPLY_SNAPSHOT } from './events.ts';
import { OPEN_BREAKER } from './head.ts';
import { MOVES } from './moves.ts';

/**
 * Brings what a process has counted since its last call, and takes back what stands there.
 * KEYS state, override, config, probe, events. ARGV name, JSON: `instance`; `version` at which the calls were
 * counted, those of another are not counted; `ok`, `fail`, `slow`, `rejected`; `error`, the last one; `random`
 * from 0 to 1; `rev` of the settings that the process knows; `leases` that its probes hold; `declared` settings.
 * Returns [server ms, state, override, settings (empty where `rev` fits), 1 where the calls were counted].
 */
export const breakerSync = defineScript(`
${OPEN_BREAKER}${COUNTS}${JUDGE}${EVENTS}${MOVES}${DECLARE}${REPLY_SNAPSHOT}
lapse()
declare()
local fresh = q.version == version and mode ~= 'disabled'
local ok, fail, slow = q.ok or 0, q.fail or 0, q.slow or 0
if fresh then add({ok = ok, fail = fail, slow = slow}) end
add({rejected = q.rejected})
if fail > 0 then note_error() end
for _, lease in ipairs(q.leases or {}) do
  redis.call('ZADD', KEYS[4], 'XX', int(now + cfg.lease), lease)
end
if fresh and (not mode or mode == 'observe') and state == 'closed' and fail + slow > 0 then
  local cause, detail = why_open()
  if cause then open(cause, detail) end
elseif mode == 'observe' and state == 'open' and is_due() then half_open()
elseif mode == 'observe' and state == 'half-open' and fresh and fail + slow > 0 then
  open('probe-failed', q.error)
elseif mode == 'observe' and state == 'half-open' and fresh and ok > 0 then
  local successes = redis.call('HINCRBY', KEYS[1], 'successes', int(ok))
  if successes >= cfg.successes then close('recovered') end
end
redis.call('HSET', KEYS[1], 'seen', int(now))
keep()
return snapshot(fresh and 1 or 0)
`);
