import { defineScript } from '../../script.ts';
import { onPrimary } from '../on-primary.ts';
import { NOW } from './now.ts';

/**
 * The holder of a cutover's lock says that it lives. Where the server has forgotten the lock, or went back
 * behind it in a failover, it is written again, unless somebody else who lives has taken it since.
 * KEYS lock. ARGV holder, token, fence, lease in ms, host, by, reason, since in ms, process (JSON).
 * Returns [1], or [0, holder, host, by] where the lock is another's, or was released by force.
 */
export const beatCutoverLock = defineScript(`
${onPrimary('KEYS[1]')}
${NOW}
local lock = redis.call('HMGET', KEYS[1], 'holder', 'token', 'until', 'fence', 'kind', 'host', 'by')
local counter, mine = tonumber(lock[4] or '0'), tonumber(ARGV[3])
local other = lock[1] and lock[1] ~= '' and lock[2] ~= ARGV[2]
local lives = lock[5] ~= 'run' or tonumber(lock[3] or '0') > now
if counter > mine or (other and (counter == mine or lives)) then
  return {0, lock[1] or '', lock[6] or '', lock[7] or ''}
end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'token', ARGV[2], 'kind', 'run', 'fence', ARGV[3],
  'until', whole(now + tonumber(ARGV[4])), 'host', ARGV[5], 'by', ARGV[6], 'reason', ARGV[7], 'since', ARGV[8],
  'process', ARGV[9])
return {1}
`);
