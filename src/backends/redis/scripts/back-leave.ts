import { defineScript } from '../script.ts';
import { BACK_FENCE } from './back-fence.ts';

/**
 * Sets entries aside that cannot be given back: they stay pending, with a consumer of their own, and
 * the reason is kept. May be repeated.
 *
 * KEYS stream, state, sending, left. ARGV fence, group, consumer of entries that are left, then id, reason, …
 * Returns `ok`, `fenced` or `lost`.
 */
export const backLeave = defineScript(`${BACK_FENCE}
local refused = breach()
if refused then return refused end
for i = 4, #ARGV, 2 do
  redis.call('XCLAIM', KEYS[1], ARGV[2], ARGV[3], 0, ARGV[i], 'JUSTID')
  redis.call('HDEL', KEYS[3], ARGV[i])
  redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1])
end
return 'ok'
`);
