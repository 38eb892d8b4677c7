import { defineScript } from '../../script.ts';
import { onPrimary } from '../on-primary.ts';
import { NOW } from './now.ts';

/**
 * Writes the record of a run, unless a later process has taken the run up. The record of one that is over
 * expires, and all that stands beside it.
 * KEYS record, journal, control. ARGV fence, lease in ms (0: nobody is at work any more), lifetime in ms (0:
 * it is not over), then field, text, field, text, …
 * Returns [1], or [0, fence].
 */
export const keepCutoverRecord = defineScript(`
${onPrimary('KEYS[1]')}
${NOW}
local fence = redis.call('HGET', KEYS[1], 'fence') or '0'
if tonumber(fence) > tonumber(ARGV[1]) then return {0, fence} end
local lease = tonumber(ARGV[2])
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'until', lease > 0 and whole(now + lease) or '0')
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = 1, 3 do
  if ARGV[3] == '0' then redis.call('PERSIST', KEYS[i]) else redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
end
return {1}
`);
