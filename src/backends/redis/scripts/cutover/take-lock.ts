import { defineScript } from '../../script.ts';
import { onPrimary } from '../on-primary.ts';
import { NOW } from './now.ts';

/**
 * Takes the lock of a cutover, for a run or by hand (`kind`). A holder whose lease is over is replaced by the
 * same run, or where the caller names its token: it knows that the run is over (`replace`), or can see that
 * the process is gone (`gone`, which counts as if the lease were over). One that was taken by hand has no end.
 * KEYS lock. ARGV holder, token, kind, host, by, reason, lease in ms, the highest fence that the caller has
 * seen, gone, replace, process (JSON), `1` where a new run begins.
 * Returns [`ok`, fence], [`held`] or [`dead`].
 */
export const takeCutoverLock = defineScript(`
${onPrimary('KEYS[1]')}
${NOW}
local lock = redis.call('HMGET', KEYS[1], 'holder', 'token', 'kind', 'until', 'fence')
if lock[1] and lock[1] ~= '' then
  local mine = ARGV[3] == 'run' and lock[3] == 'run' and lock[1] == ARGV[1]
  local dead = lock[3] == 'run' and (tonumber(lock[4] or '0') <= now or lock[2] == ARGV[9])
  if not dead then return {'held'} end
  if not mine and lock[2] ~= ARGV[10] then return {'dead'} end
end
local fence = math.max(tonumber(lock[5] or '0'), tonumber(ARGV[8])) + 1
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'token', ARGV[2], 'kind', ARGV[3], 'host', ARGV[4], 'by', ARGV[5],
  'reason', ARGV[6], 'since', whole(now), 'until', whole(now + tonumber(ARGV[7])), 'process', ARGV[11],
  'fence', whole(fence))
if ARGV[12] == '1' then redis.call('HSET', KEYS[1], 'last', ARGV[1]) end
return {'ok', whole(fence)}
`);
