/** How long the state of a closed breaker outlives its last process: 30 days. */
export const FORGOTTEN_AFTER_MS = 30 * 86_400_000;

/**
 * Lua for what happens to a circuit breaker: every change has a number (`seq`) and an event. `lapse()` takes away an
 * override whose time is over.
 */
export const EVENTS = `
local function keep()
  if state == 'closed' then redis.call('PEXPIRE', KEYS[1], ${FORGOTTEN_AFTER_MS}) else redis.call('PERSIST', KEYS[1]) end
end
local function emit(kind, fields)
  s.seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
  local event = {'breaker', name, 'seq', s.seq, 'type', kind, 'at', int(now)}
  for i = 1, #fields, 2 do
    if fields[i + 1] ~= '' then
      event[#event + 1], event[#event + 2] = fields[i], fields[i + 1]
    end
  end
  keep()
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', 10000, '*', unpack(event))
end
local function lapse()
  if not lapsed then return end
  redis.call('DEL', KEYS[2])
  emit('lapse', {'mode', o.mode, 'by', o.by or '', 'host', o.host or '', 'reason', o.reason or '', 'until', o['until']})
  o, lapsed = {}, false
end
`;

/** Lua that ends a script: what stands there now, as {@link parseSnapshot} reads it, and then `more`. */
export const REPLY_SNAPSHOT = `
local function snapshot(more)
  local config = {}
  if q.rev ~= tonumber(c.rev or '0') then config = redis.call('HGETALL', KEYS[3]) end
  return {int(now), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]), config, more or 0}
end
`;
