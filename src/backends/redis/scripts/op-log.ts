/**
 * What lets a page be sent again after its reply was lost: the outcome of the last page is kept in
 * one key beside the stream, and the same page number gets it again instead of being done twice.
 * Page numbers are whole and rise. A request that was held up on its way and comes after a later page
 * changes nothing either: nobody waits for its reply any more.
 * Lua, put before a script that changes things. The key is gone an hour after its last use.
 *
 * A page that is new proves first that the note of it may be written: a server that would refuse it (a user
 * without SET, a read-only replica) must do so before anything is done that nobody is told of. A server out
 * of memory may refuse the note and nothing else that was done: what takes memory fails in the same script,
 * so that no page that added something goes without one.
 */
export const OP_LOG = `
local function note(key, text)
  local set = redis.pcall('SET', key, text, 'EX', 3600)
  if set.err and not string.find(set.err, 'OOM ', 1, true) then redis.call('SET', key, text, 'EX', 3600) end
  return not set.err
end
-- The outcome of a page that was done before, else nil and whether the server has memory for more.
local function recall(key, page)
  local kept = redis.call('GET', key)
  local last = kept and string.match(kept, '^%d+')
  if not last or tonumber(last) < tonumber(page) then
    return nil, note(key, kept or 'begun')
  end
  return cjson.decode(string.sub(kept, #last + 2))
end
local function remember(key, page, reply)
  note(key, page .. ' ' .. cjson.encode(reply))
  return reply
end
`;
