/**
 * Lua, put before every script of the way back: only the lane's present holder may change anything.
 * KEYS[2] is the lane's state, ARGV[1] the fence that the caller believes in. Returns nil where all is
 * well, else `fenced` (another process has the lane) or `lost` (Redis has forgotten the lane).
 */
export const BACK_FENCE = `
local function breach()
  local fence = redis.call('HGET', KEYS[2], 'fence')
  if not fence then return 'lost' end
  if fence ~= ARGV[1] then return 'fenced' end
  return nil
end
`;
