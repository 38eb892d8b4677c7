/** Lua of what an operator has changed: what stood there before the script, and what stands there now. */
export const PRIOR_AND_NEXT = `
local function standing()
  return {redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]), redis.call('HGETALL', KEYS[3])}
end
local prior = standing()
local function prior_and_next() return {int(now), prior, standing()} end
`;
