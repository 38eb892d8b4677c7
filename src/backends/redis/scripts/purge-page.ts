import { defineScript } from '../script.ts';
import { OP_LOG } from './op-log.ts';

/**
 * Deletes entries by their ids; a page that is sent again is told what it had deleted.
 * KEYS stream, op log. ARGV page number, then ids.
 * Returns [entries deleted].
 */
export const purgePage = defineScript(`${OP_LOG}
local repeated = recall(KEYS[2], ARGV[1])
if repeated then return repeated end
return remember(KEYS[2], ARGV[1], {redis.call('XDEL', KEYS[1], unpack(ARGV, 2))})
`);
