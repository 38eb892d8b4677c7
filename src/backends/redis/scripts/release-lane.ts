import { defineScript } from '../script.ts';

/** Gives a lane back. KEYS run. ARGV lane, fence. Nothing happens where somebody else took it meanwhile. */
export const releaseLane = defineScript(`
local held = redis.call('HGET', KEYS[1], 'lane:' .. ARGV[1])
if held == ARGV[2] then
  redis.call('HSET', KEYS[1], 'lane:' .. ARGV[1], string.match(held, '^%d+|'))
end
return 'ok'
`);
