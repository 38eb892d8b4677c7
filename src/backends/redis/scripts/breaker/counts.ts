/**
 * Lua that counts calls: one hash for each twelfth of the window, named by its start in ms. `count()` sums
 * what lies in the window, the part of a bucket that reaches into it included; `add(…)` counts calls now. A bucket
 * says in which era it was counted: what was counted before the breaker closed last does not count.
 */
export const COUNTS = `
local buckets = string.sub(KEYS[1], 1, -6) .. 'b:'
local function bucket_keys()
  local keys, at = {}, math.floor(now / cfg.bucket) * cfg.bucket
  while at + cfg.bucket > now - cfg.window do
    keys[#keys + 1] = buckets .. int(at)
    at = at - cfg.bucket
  end
  return keys
end
local function era() return s.era or '0' end
local function count()
  local sum = {ok = 0, fail = 0, slow = 0, rejected = 0}
  local by = {}
  for _, key in ipairs(bucket_keys()) do
    local bucket = map(redis.call('HGETALL', key))
    if (bucket.era or '0') ~= era() then bucket = {} end
    bucket.era = nil
    for field, value in pairs(bucket) do
      local kind, instance = string.match(field, '^(%a+):(.+)$')
      if kind then
        by[instance] = by[instance] or {ok = 0, fail = 0, slow = 0}
        by[instance][kind] = by[instance][kind] + tonumber(value)
      else sum[field] = sum[field] + tonumber(value) end
    end
  end
  return sum, by
end
local function add(counts)
  local key = buckets .. int(math.floor(now / cfg.bucket) * cfg.bucket)
  local any = false
  for _, kind in ipairs({'ok', 'fail', 'slow', 'rejected'}) do
    local n = counts[kind] or 0
    if n > 0 then
      if not any and (redis.call('HGET', key, 'era') or era()) ~= era() then redis.call('DEL', key) end
      any = true
      redis.call('HINCRBY', key, kind, int(n))
      if cfg.instances > 1 and kind ~= 'rejected' then
        redis.call('HINCRBY', key, kind .. ':' .. q.instance, int(n))
      end
    end
  end
  if not any then return end
  redis.call('HSET', key, 'era', era())
  redis.call('PEXPIRE', key, int(cfg.window * 2))
end
`;

/**
 * Lua that judges the counts of the window: `why_open()` gives the cause and its explanation, or nil. With
 * `instances` above 1 so many processes must have trouble of their own: what a threshold calls trouble, or so large a
 * share of failed or slow calls, however few they are.
 */
export const JUDGE = `
local function cause_of(n)
  local calls = n.ok + n.fail
  if cfg.threshold > 0 and n.fail >= cfg.threshold and calls >= (cfg.minimum or 0) then
    return 'failures', n.fail, 'failed', int(cfg.threshold)
  end
  if calls == 0 or calls < (cfg.minimum or 10) then return nil end
  if cfg.rate > 0 and n.fail * 100 >= cfg.rate * calls then
    return 'failure-rate', n.fail, 'failed', string.format('%g%%', cfg.rate)
  end
  if cfg.slow_ms > 0 and cfg.slow_rate > 0 and n.slow * 100 >= cfg.slow_rate * calls then
    return 'slow-calls', n.slow, 'were slow', string.format('%g%%', cfg.slow_rate)
  end
end
local function in_trouble(by)
  local n, rate = 0, cfg.rate > 0 and cfg.rate or 50
  for _, one in pairs(by) do
    local calls = one.ok + one.fail
    local failing = one.fail > 0 and one.fail * 100 >= rate * calls
    local slow = cfg.slow_ms > 0 and cfg.slow_rate > 0 and one.slow > 0 and one.slow * 100 >= cfg.slow_rate * calls
    if failing or slow or cause_of(one) then n = n + 1 end
  end
  return n
end
local function why_open()
  local sum, by = count()
  local cause, bad, what, threshold = cause_of(sum)
  if not cause or (cfg.instances > 1 and in_trouble(by) < cfg.instances) then return nil end
  return cause, int(bad) .. ' of ' .. int(sum.ok + sum.fail) .. ' calls ' .. what .. ' in '
    .. string.format('%gs', cfg.window / 1000) .. ', threshold ' .. threshold
end
`;
