import { defineScript } from '../script.ts';

/**
 * Deletes the consumers of the way back, of whatever run, that have nothing pending any more.
 * KEYS stream. ARGV group.
 */
export const backClose = defineScript(`
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #flat, 2 do consumer[flat[i]] = flat[i + 1] end
  local own = string.match(consumer['name'], '^qctl%-back:') or string.match(consumer['name'], '^qctl%-left:')
  if own and consumer['pending'] == 0 then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name']) end
end
return 'ok'
`);
