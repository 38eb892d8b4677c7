import { defineScript } from '../script.ts';
import { OWN_FIELDS } from './own-fields.ts';

/**
 * Reads chosen fields of a page of dead letters, cut to a length, without sending the bodies. It looks at
 * a few entries at a time, so that bodies of 1 MB do not fill the server's memory.
 *
 * KEYS dead-letter stream. ARGV from (with `(` where exclusive), to, page size, bytes after which the page
 * ends, most bytes of a value, how many names of qctl's own fields follow, these names, then names of
 * fields of the original entry.
 * Returns [entries seen, id of the last one or '', 1 at the end of the range, [[id, `1` where qctl made the
 * dead letter, bytes of the original entry, values…]]]; a missing value is nil. In a dead letter that qctl made its own
 * names are looked for in its own part and the others behind it; in any other all are looked for in the whole.
 */
export const peekPage = defineScript(`${OWN_FIELDS}
local from, page, most_bytes = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local most, own_names = tonumber(ARGV[5]), tonumber(ARGV[6])
local wanted_names = {}
for n = 7, #ARGV do wanted_names[ARGV[n]] = true end
local function row_of(id, fields)
  local own = own_pairs(fields)
  local head, body, bytes = {}, {}, 0
  for f = 1, 2 * own, 2 do head[fields[f]] = fields[f + 1] end
  for f = 2 * own + 1, #fields, 2 do
    local name, value = fields[f], fields[f + 1]
    if wanted_names[name] then body[name] = value end
    bytes = bytes + #name + #value
  end
  local row = {id, own > 0 and '1' or '', bytes}
  for n = 7, #ARGV do
    local value = (n - 6 <= own_names and own > 0 and head or body)[ARGV[n]]
    if value and #value > most then value = string.sub(value, 1, most) end
    row[n - 3] = value or false
  end
  return row, bytes
end
local rows, total, size, done = {}, 0, 8, 0
while #rows < page and total < most_bytes and done == 0 do
  local wanted = math.min(size, page - #rows)
  local entries = redis.call('XRANGE', KEYS[1], from, ARGV[2], 'COUNT', wanted)
  for i = 1, #entries do
    local row, bytes = row_of(entries[i][1], entries[i][2])
    rows[#rows + 1] = row
    total = total + bytes
    from = '(' .. row[1]
  end
  if #entries < wanted then done = 1 end
  size = total / #rows < 16384 and 64 or 8
end
return {#rows, #rows > 0 and rows[#rows][1] or '', done, rows}
`);
