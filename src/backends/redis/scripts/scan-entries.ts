import { defineScript } from '../script.ts';

/**
 * Looks at a page of a stream without sending the bodies.
 * KEYS stream. ARGV from, to, count, run ('' : all entries), `ids`, `sums` or `digest`, id field, body field.
 * Returns [last entry id or '', entries of the run, low sum, high sum, entries seen, ids…]; with
 * `sums` each id is followed by a space and the SHA-1 of (id NUL body). The sums are those of
 * the first two 32-bit words of SHA-1(id NUL body), each modulo 2^32: the same for any order.
 */
export const scanEntries = defineScript(`
local entries = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3])
local run, digest, sums, idname, bodyname = ARGV[4], ARGV[5] == 'digest', ARGV[5] == 'sums', ARGV[6], ARGV[7]
local found, low, high, ids = 0, 0, 0, {}
for i = 1, #entries do
  local fields = entries[i][2]
  local id, body, own = '', '', run == ''
  for f = 1, #fields, 2 do
    local name = fields[f]
    if name == idname then id = fields[f + 1]
    elseif name == bodyname then body = fields[f + 1]
    elseif name == 'run' and fields[f + 1] == run then own = true end
  end
  if own then
    found = found + 1
    if digest then
      local hash = redis.sha1hex(id .. '\\0' .. body)
      low = (low + tonumber(string.sub(hash, 1, 8), 16)) % 4294967296
      high = (high + tonumber(string.sub(hash, 9, 16), 16)) % 4294967296
    elseif sums then
      ids[#ids + 1] = id .. ' ' .. redis.sha1hex(id .. '\\0' .. body)
    else
      ids[#ids + 1] = id
    end
  end
end
local last = #entries > 0 and entries[#entries][1] or ''
local reply = {last, found, string.format('%.0f', low), string.format('%.0f', high), #entries}
for i = 1, #ids do reply[5 + i] = ids[i] end
return reply
`);
