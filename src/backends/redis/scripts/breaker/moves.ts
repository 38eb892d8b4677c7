/**
 * Lua that brings a circuit breaker into another state; needs COUNTS and EVENTS before it. Every such move has a
 * version, and `made` names who made the last four: `VERSION:FROM:TO:CAUSE:INSTANCE`, the newest first.
 */
export const MOVES = `
local function move(to, cause, detail, more)
  local from, kept = state, {}
  version = version + 1
  for one in string.gmatch(s.made or '', '%S+') do
    if #kept < 3 then kept[#kept + 1] = one end
  end
  local newest = table.concat({int(version), from, to, cause, q.instance or ''}, ':')
  state, s.made = to, newest .. ' ' .. table.concat(kept, ' ')
  redis.call('HSET', KEYS[1], 'state', to, 'version', int(version), 'since', int(now), 'cause', cause,
    'detail', detail or '', 'by', q.by or '', 'host', q.host or '', 'reason', q.reason or '',
    'made', s.made, unpack(more))
  redis.call('DEL', KEYS[4])
  emit('transition', {'from', from, 'to', to, 'version', int(version), 'cause', cause, 'detail', detail or '',
    'by', q.by or '', 'host', q.host or '', 'reason', q.reason or '', 'observed', mode == 'observe' and '1' or '',
    'instance', q.instance or ''})
end
local function open(cause, detail)
  local openings = tonumber(s.openings or '0')
  if state == 'closed' and now - tonumber(s.closedAt or '0') >= cfg.most then openings = 0 end
  openings = math.min(openings + 1, 30)
  local ms = math.min(cfg.open * 2 ^ (openings - 1), cfg.most)
  ms = math.floor(ms * (1 + 0.1 * (q.random or 0)))
  s.openings = openings
  move('open', cause, detail, {'openings', openings, 'openMs', int(ms), 'halfOpenAt', int(now + ms), 'successes', 0})
end
-- Why it had opened is still what an operator wants to know.
local function half_open()
  move('half-open', 'open-time-over', s.detail, {'successes', 0, 'halfOpenAt', ''})
end
local function close(cause, detail)
  s.era = int(version + 1)
  move('closed', cause, detail, {'closedAt', int(now), 'successes', 0, 'halfOpenAt', '', 'era', s.era})
end
-- A clock that went back must not keep it open for longer than it was meant to be.
local function is_due()
  local at = tonumber(s.halfOpenAt or '') or 0
  return at <= now or at - now > tonumber(s.openMs or '0')
end
local function note_error()
  if not q.error or q.error == '' then return end
  redis.call('HSET', KEYS[1], 'lastError', q.error, 'lastErrorAt', int(now))
end
`;
