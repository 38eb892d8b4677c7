import { defineScript } from '../../script.ts';
import { onPrimary } from '../on-primary.ts';

/**
 * Writes the state of an alert rule, where nobody has written another one since it was looked at.
 * KEYS rule (hash). ARGV version that was looked at (empty: none), version, state (JSON; empty: all of it is removed),
 * lifetime in ms. Returns 1 where it was written.
 */
export const writeAlert = defineScript(`
${onPrimary('KEYS[1]')}
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return 0 end
if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'version', ARGV[2], 'state', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1
`);
