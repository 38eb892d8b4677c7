// What workers and the web application do with a job in Redis, each in one step, so that a kill -9 leaves nothing half done.
//
//   synapse:job:ID          hash: how the job stands, what people have ordered
//   synapse:checkpoint:ID   hash with an expiry: task_id, task_name, current_index, total_items, created_at, expires_at
//   synapse:paused          hash: ID -> the entry of a job that was put aside

/** Who does not hold the entry any more must not touch the job: somebody else has it in hand. */
const OWNED = `
local function owned(stream, group, consumer, entry)
  local found = redis.call('XPENDING', stream, group, entry, entry, 1)
  return found[1] ~= nil and found[1][2] == consumer
end
if not owned(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return {'lost'} end
`;

/** KEYS stream, job, checkpoint; ARGV group, consumer, entry. Returns what to do, where to begin, and why from there. */
const begin = `${OWNED}
local order = redis.call('HGET', KEYS[2], 'order')
if order == 'pause' then return {'pause'} end
if order == 'restart' then redis.call('DEL', KEYS[3]); redis.call('HDEL', KEYS[2], 'order', 'current_index') end
local index = redis.call('HGET', KEYS[3], 'current_index')
local before = tonumber(redis.call('HGET', KEYS[2], 'current_index') or '0')
local why = 'new'
if order == 'restart' then why = 'restarted'
elseif index then why = 'checkpoint'
elseif before > 0 then why = 'checkpoint expired' end
redis.call('HSET', KEYS[2], 'status', 'running', 'host', ARGV[2], 'began_at', index or 0, 'why', why, 'before', before)
return {'go', index or '0', why}
`;

/**
 * After a step. KEYS as above; ARGV group, consumer, entry, id, type, index, total, ttlMs, now, expires. Writes the
 * checkpoint, and says to the group that the job is in hand: its idle time begins anew.
 */
const step = `${OWNED}
local order = redis.call('HGET', KEYS[2], 'order')
if order == 'restart' then return {'restart'} end
redis.call('HSETNX', KEYS[3], 'created_at', ARGV[9])
redis.call('HSET', KEYS[3], 'task_id', ARGV[4], 'task_name', ARGV[5], 'current_index', ARGV[6], 'total_items', ARGV[7],
  'expires_at', ARGV[10])
redis.call('PEXPIRE', KEYS[3], ARGV[8])
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'JUSTID')
redis.call('HSET', KEYS[2], 'current_index', ARGV[6], 'total_items', ARGV[7])
return {order == 'pause' and 'pause' or 'go'}
`;

/** KEYS stream, job, paused; ARGV group, consumer, entry, id, fields as JSON. No worker is kept busy by a paused job. */
const putAside = `${OWNED}
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], 'status', 'paused')
return {'paused'}
`;

/** KEYS stream, job, checkpoint; ARGV group, consumer, entry, status. */
const finish = `${OWNED}
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
redis.call('DEL', KEYS[3])
redis.call('HSET', KEYS[2], 'status', ARGV[4])
redis.call('EXPIRE', KEYS[2], 86400)
return {ARGV[4]}
`;

/** KEYS stream, job, paused, checkpoint; ARGV id, 'resume' or 'restart'. From any host: all of it stands in Redis. */
const putBack = `
local kept = redis.call('HGET', KEYS[3], ARGV[1])
if ARGV[2] == 'restart' then redis.call('HSET', KEYS[2], 'order', 'restart') else redis.call('HDEL', KEYS[2], 'order') end
if not kept then return {redis.call('HGET', KEYS[2], 'status') or 'unknown'} end
redis.call('XADD', KEYS[1], '*', unpack(cjson.decode(kept)))
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('HSET', KEYS[2], 'status', 'queued')
return {'queued'}
`;

export const keysOf = (id) => ({ job: `synapse:job:${id}`, checkpoint: `synapse:checkpoint:${id}` });
export const PAUSED = 'synapse:paused';
export const GROUP = 'workers';
export const streamOf = (type) => `jobs:${type}`;

/** Gives a client of ioredis a command for each of them. */
export function defineScripts(redis) {
  const scripts = {
    jobBegin: [begin, 3],
    jobStep: [step, 3],
    jobPutAside: [putAside, 3],
    jobFinish: [finish, 3],
    jobPutBack: [putBack, 4],
  };
  for (const [name, [lua, numberOfKeys]] of Object.entries(scripts))
    redis.defineCommand(name, { lua, numberOfKeys });
  return redis;
}
