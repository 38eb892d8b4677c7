import { defineScript } from '../../script.ts';
import { COUNTS } from './counts.ts';
import { READ_BREAKER } from './head.ts';

/**
 * Looks at a breaker and changes nothing, not even an override whose time is over.
 * KEYS state, override, config, probe. ARGV name, JSON without anything in it.
 * Returns [server ms, state, override, settings, probes under way, ok, failed, slow, rejected].
 */
export const breakerLook = defineScript(`
${READ_BREAKER}${COUNTS}
local sum = count()
local probes = redis.call('ZCOUNT', KEYS[4], '(' .. int(now), int(now + cfg.lease))
return {int(now), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]), redis.call('HGETALL', KEYS[3]),
  probes, int(sum.ok), int(sum.fail), int(sum.slow), int(sum.rejected)}
`);
