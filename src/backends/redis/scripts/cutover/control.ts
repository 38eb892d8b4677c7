import { defineScript } from '../../script.ts';
import { onPrimary } from '../on-primary.ts';
import { NOW } from './now.ts';

/**
 * Writes down, or takes back, what an operator says to a run.
 * KEYS record, control. ARGV `1` where a process must be at work, field, text ('' takes it back; the time is put
 * before it).
 * Returns [`ok`, what stood there, or nil], [`missing`], [`changed`] where it is over or on its way back, or
 * [`dead`] where nobody is at work.
 */
export const controlCutover = defineScript(`
${onPrimary('KEYS[1]')}
${NOW}
local record = redis.call('HMGET', KEYS[1], 'state', 'until')
if not record[1] then return {'missing'} end
if not string.find(' running waiting paused ', ' ' .. record[1] .. ' ', 1, true) then return {'changed'} end
if ARGV[1] == '1' and tonumber(record[2] or '0') <= now then return {'dead'} end
local prior = redis.call('HGET', KEYS[2], ARGV[2])
if ARGV[3] == '' then redis.call('HDEL', KEYS[2], ARGV[2])
else redis.call('HSET', KEYS[2], ARGV[2], whole(now) .. '|' .. ARGV[3]) end
return {'ok', prior}
`);
