import { defineScript } from '../../script.ts';
import { onPrimary } from '../on-primary.ts';

/**
 * Adds lines to the copy of a journal. Lines that are there already (the reply was lost) are compared, not
 * added again.
 * KEYS record, journal. ARGV fence, number of lines before the first one given, then the lines.
 * Returns [`ok`, lines there now], [`fenced`, fence], [`short`, lines there], or [`fork`, number of the line].
 */
export const mirrorJournal = defineScript(`
${onPrimary('KEYS[1]')}
local fence = redis.call('HGET', KEYS[1], 'fence') or '0'
if tonumber(fence) > tonumber(ARGV[1]) then return {'fenced', fence} end
local there, before = redis.call('LLEN', KEYS[2]), tonumber(ARGV[2])
if there < before then return {'short', there} end
for i = 3, #ARGV do
  local index = before + i - 3
  if index < there then
    if redis.call('LINDEX', KEYS[2], index) ~= ARGV[i] then return {'fork', index + 1} end
  else redis.call('RPUSH', KEYS[2], ARGV[i]) end
end
return {'ok', redis.call('LLEN', KEYS[2])}
`);
