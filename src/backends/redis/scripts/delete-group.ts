import { defineScript } from '../script.ts';

/**
 * Deletes a consumer group; looks and deletes in one step.
 * KEYS stream. ARGV group, the most pending entries that may be lost with it.
 * Returns [`deleted` | `pending` | `gone`, pending entries].
 */
export const deleteGroup = defineScript(`
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #flat, 2 do group[flat[i]] = flat[i + 1] end
  if group['name'] == ARGV[1] then
    if group['pending'] > tonumber(ARGV[2]) then return {'pending', group['pending']} end
    redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[1])
    return {'deleted', group['pending']}
  end
end
return {'gone', 0}
`);
