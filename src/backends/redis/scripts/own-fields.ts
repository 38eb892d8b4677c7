/**
 * Tells which fields of a dead letter are qctl's own and which are the original entry's. Lua, put before
 * a script that reads dead letters.
 *
 * An original entry has at least one field: whatever claims to have none is not of qctl's making, and
 * must not be taken apart.
 */
export const OWN_FIELDS = `
-- How many pairs at the head of an entry are qctl's own; 0 where another program made it.
local function own_pairs(fields)
  if fields[1] ~= 'dlq.fields' or not string.find(fields[2], '^%d+$') then return 0 end
  local own = tonumber(fields[2])
  return 2 * own < #fields and own or 0
end
`;
