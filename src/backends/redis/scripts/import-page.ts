import { defineScript } from '../script.ts';
import { OP_LOG } from './op-log.ts';

/**
 * Appends one page of an export, once: how far the export has come stands in a key beside the stream.
 *
 * KEYS stream, mark, op log.
 * ARGV page number, entries before this page, seconds that the mark lives after its last use, entries at
 * which the mark counts as none ('' for never: with the number of all, a finished import begins anew),
 * then for each entry the number of its arguments and these (name, value, …).
 * Returns [`ok` | `moved`, entries of the export that are in the stream now, the error that ended the page or ''].
 * `moved`: the mark stands elsewhere, because this page or later ones were appended before, and nothing
 * was appended now.
 */
export const importPage = defineScript(`${OP_LOG}
local repeated = recall(KEYS[3], ARGV[1])
if repeated then return repeated end
local at = tonumber(redis.call('GET', KEYS[2]) or '0')
if ARGV[4] ~= '' and at == tonumber(ARGV[4]) then at = 0 end
if at ~= tonumber(ARGV[2]) then return remember(KEYS[3], ARGV[1], {'moved', at, ''}) end
-- First of all, so that nothing is appended where the mark may not be written.
redis.call('SET', KEYS[2], string.format('%.0f', at), 'EX', ARGV[3])
local i, trouble = 5, ''
while i <= #ARGV and trouble == '' do
  local size = tonumber(ARGV[i])
  local added = redis.pcall('XADD', KEYS[1], '*', unpack(ARGV, i + 1, i + size))
  if type(added) == 'table' and added.err then trouble = added.err else at = at + 1 end
  i = i + size + 1
end
redis.call('SET', KEYS[2], string.format('%.0f', at), 'EX', ARGV[3])
return remember(KEYS[3], ARGV[1], {'ok', at, trouble})
`);
