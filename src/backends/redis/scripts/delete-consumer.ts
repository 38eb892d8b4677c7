import { defineScript } from '../script.ts';
import { OP_LOG } from './op-log.ts';

/**
 * Deletes a consumer that is still away and has nothing pending; looks and deletes in one step.
 * KEYS stream, op log. ARGV page number, group, consumer, least idle ms.
 * Returns [`deleted` | `pending` | `alive` | `gone`, pending entries, idle ms].
 */
export const deleteConsumer = defineScript(`${OP_LOG}
local repeated = recall(KEYS[2], ARGV[1])
if repeated then return repeated end
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[2])) do
  local consumer = {}
  for i = 1, #flat, 2 do consumer[flat[i]] = flat[i + 1] end
  if consumer['name'] == ARGV[3] then
    if consumer['idle'] < tonumber(ARGV[4]) then return {'alive', consumer['pending'], consumer['idle']} end
    if consumer['pending'] > 0 then return {'pending', consumer['pending'], consumer['idle']} end
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[2], ARGV[3])
    return remember(KEYS[2], ARGV[1], {'deleted', 0, consumer['idle']})
  end
end
return {'gone', 0, 0}
`);
