/** Lua that takes the settings of `q.declared` for what program or file say; what an operator has set stands above. */
export const DECLARE = `
local function declare()
  if not q.declared then return end
  local changed, text = false, {}
  for key, value in pairs(c) do
    local bare = string.match(key, '^declared:(.+)$')
    if bare and q.declared[bare] == nil then
      redis.call('HDEL', KEYS[3], key)
      c[key], changed = nil, true
    end
  end
  for key, value in pairs(q.declared) do
    local shown = string.format('%.14g', value)
    if c['declared:' .. key] ~= shown then
      redis.call('HSET', KEYS[3], 'declared:' .. key, shown)
      c['declared:' .. key], changed = shown, true
    end
    text[#text + 1] = key .. '=' .. shown
  end
  if not changed and c.rev then return end
  c.rev = redis.call('HINCRBY', KEYS[3], 'rev', 1)
  read_settings()
  table.sort(text)
  emit('declare', {'settings', table.concat(text, ' '),
    'by', q.by or q.instance, 'host', q.host or '', 'reason', q.reason or ''})
end
`;
