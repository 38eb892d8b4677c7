import { defineScript } from '../script.ts';

/**
 * Notes that the source has deleted messages: they move from the open ledger to the settled one,
 * which forgets them after the window.
 * KEYS open ledger, settled ledger of this window, stats. ARGV lifetime in ms, ids.
 * Returns how many were still open.
 */
export const confirmLedger = defineScript(`
local ids = {}
for i = 2, #ARGV do ids[i - 1] = ARGV[i] end
local removed = redis.call('HDEL', KEYS[1], unpack(ids))
redis.call('SADD', KEYS[2], unpack(ids))
redis.call('PEXPIRE', KEYS[2], ARGV[1])
if removed > 0 then redis.call('HINCRBY', KEYS[3], 'settled', removed) end
return removed
`);
