/**
 * What lets a page be sent again after its reply was lost: the outcome of the last page is kept in
 * one key beside the stream, and the same page number gets it again instead of being done twice.
 * Page numbers are whole and rise. A request that was held up on its way and comes after a later page
 * changes nothing either: nobody waits for its reply any more.
 * Lua, put before a script that changes things. The key is gone an hour after its last use.
 *
 * A server out of memory refuses the note and nothing else that was done: what takes memory failed before it
 * in the same script, so that no page that added something goes without one.
 */
export const OP_LOG = `
local function recall(key, page)
  local kept = redis.call('GET', key)
  if not kept then return nil end
  local last = string.match(kept, '^%d+')
  if tonumber(last) < tonumber(page) then return nil end
  return cjson.decode(string.sub(kept, #last + 2))
end
local function remember(key, page, reply)
  local note = page .. ' ' .. cjson.encode(reply)
  local set = redis.pcall('SET', key, note, 'EX', 3600)
  if set.err and not string.find(set.err, 'OOM ', 1, true) then redis.call('SET', key, note, 'EX', 3600) end
  return reply
end
`;
