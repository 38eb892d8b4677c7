/**
 * Lua, shared by the append scripts: puts messages aside that are not due yet. `data` holds rows of
 * three: due time in ms, `RUN:ID`, and the entry as a packed row of name, value pairs.
 *
 * A member is `SEQUENCE:RUN:ID`: unique, and of two messages with the same time the earlier one first.
 */
export const DELAY_ROWS = `
-- Fails where Redis would refuse (full, read-only, no right, another kind of key), and changes nothing.
local function prove_delay(delayed, entries)
  redis.call('HLEN', entries)
  redis.call('ZADD', delayed, 'XX', 0, '')
end
local function delay_rows(delayed, entries, counts, data, count, constants, wanted)
  local call, sunpack, spack, sub = redis.call, struct.unpack, struct.pack, string.sub
  local tail = {}
  for c = 1, #constants do tail[c] = spack('>i4', #constants[c]) .. constants[c] end
  tail = table.concat(tail)
  local sequence, at = call('HINCRBY', counts, 'seq', count) - count, 1
  for i = 1, count do
    local _, due, name, row
    _, due, name, row, at = sunpack('>I2i4c0i4c0i4c0', data, at)
    if not wanted or wanted[i] then
      local member = string.format('%016.0f:', sequence + i) .. name
      local fields = spack('>I2', sunpack('>I2', row) + #constants)
      call('ZADD', delayed, due, member)
      call('HSET', entries, member, fields .. sub(row, 3) .. tail)
    end
  end
end
`;
