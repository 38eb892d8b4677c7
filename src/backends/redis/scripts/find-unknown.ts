import { defineScript } from '../script.ts';
import { onPrimary } from './on-primary.ts';

/**
 * Of messages that were settled, those that neither the open ledger nor the settled ones of some windows know.
 * KEYS open ledger, settled ledgers. ARGV ids. Returns ids.
 */
export const findUnknown = defineScript(`
${onPrimary('KEYS[1]')}
local unknown, ids = {}, ARGV
local open = redis.call('HMGET', KEYS[1], unpack(ids))
local known = {}
for k = 2, #KEYS do known[k - 1] = redis.call('SMISMEMBER', KEYS[k], unpack(ids)) end
for i = 1, #ids do
  local found = open[i]
  for k = 1, #known do found = found or known[k][i] == 1 end
  if not found then unknown[#unknown + 1] = ids[i] end
end
return unknown
`);
