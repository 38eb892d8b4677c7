/**
 * Lua, shared by the append scripts: writes packed rows (see model/packed.ts) to a stream.
 * `constants` are name, value pairs that every entry ends with. A field without a name is not
 * written; without any names the rows carry name, value pairs themselves.
 */
export const XADD_ROWS = `
local function xadd_rows(key, maxlen, names, data, count, constants, wanted)
  local call, sunpack, sub = redis.call, struct.unpack, string.sub
  local paired = #names == 0
  local entry = {key}
  if maxlen ~= '' then entry[2], entry[3], entry[4] = 'MAXLEN', '~', maxlen end
  entry[#entry + 1] = '*'
  local head, at, ids = #entry, 1, {}
  for i = 1, count do
    local fields, length, name
    local top = head
    fields, at = sunpack('>I2', data, at)
    for f = 1, fields do
      length, at = sunpack('>i4', data, at)
      if length >= 0 then
        if paired then
          top = top + 1
          entry[top] = sub(data, at, at + length - 1)
        else
          name = names[f]
          if name then
            entry[top + 1], entry[top + 2] = name, sub(data, at, at + length - 1)
            top = top + 2
          end
        end
        at = at + length
      end
    end
    if not wanted or wanted[i] then
      for c = 1, #constants do entry[top + c] = constants[c] end
      ids[i] = call('XADD', unpack(entry, 1, top + #constants))
    end
  end
  return ids
end
`;
