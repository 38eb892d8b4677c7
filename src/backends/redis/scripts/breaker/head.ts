import { onPrimary } from '../on-primary.ts';

/** Lua: the clock of the server. Whoever tests with a clock of their own replaces this text. */
export const SERVER_TIME = `local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)`;

/**
 * Lua that begins every script of circuit breakers. KEYS state, override, config, probe, events (a stream).
 * ARGV name, JSON of the request. Then `s`, `o` and `c` are the hashes, `cfg` the settings with defaults,
 * `mode` the override that is in force.
 */
export const READ_BREAKER = `
local name, q = ARGV[1], cjson.decode(ARGV[2])
-- Of what is null nothing was said; other languages send it.
local function drop_nulls(given)
  for key, value in pairs(given) do
    if value == cjson.null then given[key] = nil end
  end
end
drop_nulls(q)
drop_nulls(q.declared or {})
${SERVER_TIME}
local function int(n) return string.format('%.0f', n) end
local function map(flat)
  local named = {}
  for i = 1, #flat, 2 do named[flat[i]] = flat[i + 1] end
  return named
end
local s, o, c = map(redis.call('HGETALL', KEYS[1])), map(redis.call('HGETALL', KEYS[2])), map(redis.call('HGETALL', KEYS[3]))
local state, version = s.state or 'closed', tonumber(s.version or '0')
local function given(key) return tonumber(c['set:' .. key] or c['declared:' .. key] or '') end
local cfg
local function read_settings()
  local threshold, open = given('failureThreshold') or 0, given('openMs') or 60000
  local window = given('windowMs') or 60000
  cfg = {
    threshold = threshold, rate = given('failureRate') or (threshold > 0 and 0 or 50),
    minimum = given('minimumCalls'), window = window, bucket = math.max(100, math.floor(window / 12)),
    slow_ms = given('slowCallMs') or 0, slow_rate = given('slowCallRate') or 50,
    open = open, most = math.max(given('maxOpenMs') or 300000, open),
    probes = given('halfOpenProbes') or 1, successes = given('successThreshold') or 3,
    lease = given('probeTimeoutMs') or 60000, instances = given('instances') or 1,
  }
end
read_settings()
local mode = o.mode
local lapsed = mode and tonumber(o['until'] or '0') > 0 and tonumber(o['until']) <= now
if lapsed then mode = nil end
`;

/** Lua that begins every script that changes a circuit breaker: {@link READ_BREAKER}, on a primary only. */
export const OPEN_BREAKER = `${onPrimary('KEYS[1]')}${READ_BREAKER}`;
