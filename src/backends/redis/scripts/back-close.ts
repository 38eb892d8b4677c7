import { defineScript } from '../script.ts';

/**
 * Deletes the consumers of a run that have nothing pending any more.
 * KEYS stream. ARGV group, consumers.
 */
export const backClose = defineScript(`
for i = 2, #ARGV do
  if not redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[i])[1] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[i])
  end
end
return 'ok'
`);
