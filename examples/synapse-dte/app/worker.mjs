// A worker of the new side, on a host of its own: takes jobs from the streams of its types, leaves a checkpoint after each
// step, shows how far it is, and obeys pause, resume and restart.
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { carryOut } from './job.mjs';
import { defineScripts, GROUP, keysOf, PAUSED, streamOf } from './job-scripts.mjs';

const { env } = process;
const host = env.POD_NAME;
const types = env.TYPES.split(',');
const streams = types.map(streamOf);
const SLOTS = 20;
/** A job that was claimed for this worker waits among its own pending entries. */
const OWN_EVERY_MS = 300;

const redis = defineScripts(new Redis(env.SYNAPSE_REDIS));
const reader = new Redis(env.SYNAPSE_REDIS);
const pool = new pg.Pool({ connectionString: env.SYNAPSE_DATABASE, max: 4 });
const inHand = new Map();
/** Others may try these; after `maxDeliveries` they are dead letters. */
const failed = new Set();
let stopping = false;
let slower = {};

process.on('SIGTERM', () => {
  stopping = true;
});

for (const stream of streams) await redis.xgroup('CREATE', stream, GROUP, '0', 'MKSTREAM').catch(() => {});
writeFileSync(env.READY_FILE, 'ready');

let lookedAt = 0;
while (!stopping) {
  if (Date.now() - lookedAt > OWN_EVERY_MS) {
    lookedAt = Date.now();
    slower = await redis.hgetall('synapse:slower');
    for (const stream of streams) take(stream, await claimedForMe(stream));
  }
  const free = SLOTS - inHand.size;
  if (free > 0) for (const [stream, entries] of (await read(free)) ?? []) take(stream, entries);
  else await Promise.race([...inHand.values(), sleep(OWN_EVERY_MS)]);
}
await Promise.all(inHand.values());
await pool.end();
redis.disconnect();
reader.disconnect();

function read(count) {
  const streamsFrom = [...streams, ...streams.map(() => '>')];
  return reader.xreadgroup('GROUP', GROUP, host, 'COUNT', count, 'BLOCK', 250, 'STREAMS', ...streamsFrom);
}

/**
 * What is pending with this worker and not in its hands. XREADGROUP with 0 in place of XPENDING would count as a delivery of
 * all that it has, each time: after `maxDeliveries` looks a good job is a dead letter.
 */
async function claimedForMe(stream) {
  const pending = await redis.xpending(stream, GROUP, '-', '+', 100, host);
  const ids = pending.map(([id]) => id).filter((id) => isFree(`${stream} ${id}`));
  return ids.length > 0 ? redis.xclaim(stream, GROUP, host, 0, ...ids) : [];
}

function isFree(name) {
  return !inHand.has(name) && !failed.has(name);
}

function take(stream, entries) {
  for (const [entry, fields] of entries) {
    const name = `${stream} ${entry}`;
    if (!isFree(name)) continue;
    const body = JSON.parse(fields[fields.indexOf('body') + 1]);
    // A task of Celery's: [args, kwargs, what follows].
    const job = Array.isArray(body) ? body[1] : body;
    const work = attempt(job, { stream, entry, fields }).catch((error) => giveUp(error, job, name));
    inHand.set(
      name,
      work.finally(() => inHand.delete(name)),
    );
  }
}

async function giveUp(error, { id, type }, name) {
  console.error(error);
  failed.add(name);
  await pool.query("INSERT INTO failures (job_id, type, side) VALUES ($1, $2, 'new')", [id, type]);
}

async function attempt(job, { stream, entry, fields }) {
  const keys = keysOf(job.id);
  const held = [stream, keys.job, keys.checkpoint, GROUP, host, entry];
  const [order, from, why] = await redis.jobBegin(...held);
  const ended = order === 'go' ? await carriedOut(job, { from: Number(from), why }, held) : order;
  if (ended === 'completed') await redis.jobFinish(...held, 'completed');
  if (ended === 'pause')
    await redis.jobPutAside(stream, keys.job, PAUSED, GROUP, host, entry, job.id, JSON.stringify(fields));
  // From its beginning; whoever is free takes it, perhaps this worker.
  if (ended === 'restart') await attempt(job, { stream, entry, fields });
}

async function carriedOut(job, begin, held) {
  const afterStep = async (index) => {
    const now = Date.now();
    const expires = new Date(now + job.ttlMs).toISOString();
    const written = [job.id, job.type, index, job.total, job.ttlMs, new Date(now).toISOString(), expires];
    const [order] = await redis.jobStep(...held, ...written);
    // What was not finished stays pending, for whoever claims it.
    return stopping && order === 'go' && index < job.total ? 'left' : order;
  };
  const slowerMs = (type) => Number(slower[type] ?? 0);
  return carryOut(pool, job, { ...begin, side: 'new', afterStep, slowerMs });
}
