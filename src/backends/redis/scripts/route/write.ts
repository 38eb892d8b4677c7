import { defineScript } from '../../script.ts';
import { onPrimary } from '../on-primary.ts';

/**
 * Writes one version of a route, where nobody has written another one since it was looked at.
 * KEYS route (hash), history (list).
 * ARGV JSON: `seen` (version that was looked at, 0 for none), `fields` (of the rules, texts; absent: the route is
 * removed, and what stays behind says so), `by`, `reason`; most entries of the history; channel; name.
 * Returns [1 where it was written, the hash as it stands now].
 */
export const writeRoute = defineScript(`
${onPrimary('KEYS[1]')}
local q = cjson.decode(ARGV[1])
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0') or 0
if version ~= q.seen then return {0, redis.call('HGETALL', KEYS[1])} end
local time = redis.call('TIME')
local now = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
if q.fields then
  for field, value in pairs(q.fields) do redis.call('HSET', KEYS[1], field, value) end
  redis.call('HDEL', KEYS[1], 'removed')
else
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'removed', '1')
end
redis.call('HSET', KEYS[1], 'version', string.format('%.0f', version + 1),
  'changedBy', q.by, 'changedAt', now, 'reason', q.reason)
local flat, entry = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #flat, 2 do entry[flat[i]] = flat[i + 1] end
redis.call('LPUSH', KEYS[2], cjson.encode(entry))
redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[2]) - 1)
-- A user who may not publish may still write: whoever listens looks by itself as well.
redis.pcall('PUBLISH', ARGV[3], ARGV[4])
return {1, flat}
`);
