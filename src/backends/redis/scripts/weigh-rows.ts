import { defineScript } from '../script.ts';
import { WEIGH_ROWS } from './xadd-rows.ts';

/**
 * Does with a batch what an append does, but for appending: takes the rows apart and hands them to a command
 * that looks for them in a set that does not exist. Changes nothing.
 *
 * KEYS a key that does not exist.
 * ARGV names, rows, count, constants, 1 where the rows are dense.
 */
export const weighRows = defineScript(`
${WEIGH_ROWS}
local names, constants = cjson.decode(ARGV[1]), cjson.decode(ARGV[4])
if ARGV[5] == '1' and #names == 2 then
  xadd_pairs(KEYS[1], '', names, ARGV[2], tonumber(ARGV[3]), constants)
else
  xadd_rows(KEYS[1], '', names, ARGV[2], tonumber(ARGV[3]), constants)
end
return 'ok'
`);
