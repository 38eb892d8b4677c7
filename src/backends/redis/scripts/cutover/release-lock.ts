import { defineScript } from '../../script.ts';
import { onPrimary } from '../on-primary.ts';

/**
 * Ends the holding of a cutover's lock; the fence stays. `free`: nobody holds it any more. `leave`: it stays
 * the run's, whose lease is over: only that run may take it up again. `force`: free, and whoever had it finds
 * the fence raised.
 * KEYS lock. ARGV token, `free`, `leave` or `force`. Returns 1, or 0 where another has it.
 */
export const releaseCutoverLock = defineScript(`
${onPrimary('KEYS[1]')}
local token = redis.call('HGET', KEYS[1], 'token')
if token ~= ARGV[1] then return 0 end
if ARGV[2] == 'leave' then
  redis.call('HSET', KEYS[1], 'until', '0')
  return 1
end
redis.call('HDEL', KEYS[1], 'holder', 'token', 'kind', 'host', 'by', 'reason', 'since', 'until', 'process')
if ARGV[2] == 'force' then redis.call('HINCRBY', KEYS[1], 'fence', 1) end
return 1
`);
