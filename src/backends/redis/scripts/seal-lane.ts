import { defineScript } from '../script.ts';
import { onPrimary } from './on-primary.ts';

/**
 * A fence is `number|member`: after a failover the run's counter may have gone back and the same number
 * may be given out twice, so that the member is a part of it.
 *
 * Makes a lane's checkpoint the holder's own: from now on only this fence may write it.
 * KEYS checkpoint. ARGV fence, 1 where the run has made the checkpoint at its start.
 * Returns the whole hash as it was, its `opened` being the token that the last opening found; `fenced` where a later holder sealed it, or `lost` where it is gone.
 */
export const sealLane = defineScript(`
${onPrimary('KEYS[1]')}
if ARGV[2] == '1' and redis.call('EXISTS', KEYS[1]) == 0 then return {'lost', ''} end
local fence = redis.call('HGET', KEYS[1], 'fence')
if fence and fence ~= ARGV[1] and tonumber(string.match(fence, '^%d+')) >= tonumber(string.match(ARGV[1], '^%d+')) then
  return {'fenced', fence}
end
redis.call('HSETNX', KEYS[1], 'token', '')
local found = redis.call('HGETALL', KEYS[1])
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'opened', redis.call('HGET', KEYS[1], 'token'))
return found
`);
