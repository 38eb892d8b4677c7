import { defineScript } from '../script.ts';
import { BACK_FENCE } from './back-fence.ts';

/**
 * Removes messages that waited for the stream and that their source has now, and counts them in the same
 * step. Sent again it changes nothing.
 *
 * KEYS stream, state, sending, held, their entries, their counts.
 * ARGV fence, then member, outcome (`returned`, `there`, `known`), and so on.
 * Returns `ok`, `fenced` or `lost`.
 */
export const backAckWaiting = defineScript(`${BACK_FENCE}
local refused = breach()
if refused then return refused end
for i = 2, #ARGV, 2 do
  local member, outcome = ARGV[i], ARGV[i + 1]
  redis.call('HDEL', KEYS[3], 'waiting:' .. member)
  if redis.call('ZREM', KEYS[4], member) == 1 then
    redis.call('HDEL', KEYS[5], member)
    redis.call('HINCRBY', KEYS[6], (string.match(member, '^%d+:([^:]*):') or '') .. ':taken', 1)
    redis.call('HINCRBY', KEYS[2], outcome, 1)
    redis.call('HINCRBY', KEYS[2], 'unscheduled', 1)
  end
end
return 'ok'
`);
