// The web application: takes jobs, shows them, and lets people pause, resume and restart them. The thread pool of old
// lives in it.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import pg from 'pg';
import { defineScripts, keysOf, PAUSED, streamOf } from './job-scripts.mjs';
import { startPool } from './pool.mjs';
import { statsOf } from './stats.mjs';
import { openRouters, submitter } from './submit.mjs';

const { env } = process;
const TYPES = env.TYPES.split(',');
const TICK_MS = 50;
const redis = defineScripts(new Redis(env.SYNAPSE_REDIS));
const pool = new pg.Pool({ connectionString: env.SYNAPSE_DATABASE, max: 8 });
const { routers, sides } = await openRouters(TYPES, env.SYNAPSE_REDIS);
const submit = submitter(routers, pool, redis);
startPool(pool, redis);

/**
 * Jobs a second by type: what users do all day, `calm`, and `busy` while the route of the type is being moved: so that a
 * share that is held for half a second has jobs to judge by, and the rest of the day costs little.
 */
let traffic = {};
let underWay = 0;
const due = {};
setInterval(() => {
  for (const [type, { calm, busy = calm }] of Object.entries(traffic)) {
    const percent = routers[type].status.percent ?? 0;
    const rate = percent > 0 && percent < 100 ? busy : calm;
    due[type] = (due[type] ?? 0) + (rate * TICK_MS) / 1000;
    for (; due[type] >= 1; due[type] -= 1) {
      underWay += 1;
      submit({ type })
        .catch((error) => console.error(error))
        .finally(() => {
          underWay -= 1;
        });
    }
  }
}, TICK_MS);

async function control(id, what) {
  const { job, checkpoint } = keysOf(id);
  const type = await redis.hget(job, 'task_name');
  if (type === null) return [409, { error: `${id} is not on the new side: a thread knows no ${what}` }];
  if (what === 'pause') await redis.hset(job, 'order', 'pause');
  else await redis.jobPutBack(streamOf(type), job, PAUSED, checkpoint, id, what);
  return [202, await redis.hgetall(job)];
}

const alerts = [];
const routes = {
  'GET /health': () => [200, { pool: 'up' }],
  'POST /traffic': async (_, body) => {
    traffic = body;
    return [200, { underWay }];
  },
  'GET /api/v1/jobs': async ([id]) => [200, await redis.hgetall(keysOf(id).job)],
  'POST /api/v1/jobs': async ([id, what], body) => (id ? control(id, what) : [201, await submit(body)]),
  'GET /api/v1/stats': async ([type]) => [200, await statsOf(pool, type, sides[type])],
  'POST /api/v1/alerts': (_, body) => [204, void alerts.push(body)],
  'GET /api/v1/alerts': () => [200, alerts],
};

async function answer(request) {
  const path = request.url.split('/').slice(1);
  const depth = path[0] === 'api' ? 3 : 1;
  const route = routes[`${request.method} /${path.slice(0, depth).join('/')}`];
  if (!route) return [404, {}];
  const chunks = await request.toArray();
  return route(path.slice(depth), chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {});
}

const server = createServer((request, response) => {
  answer(request)
    .catch((error) => [500, { error: error.message }])
    .then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? '' : JSON.stringify(body));
    });
});
server.listen(Number(env.PORT), '127.0.0.1', () => writeFileSync(env.READY_FILE, 'ready'));
process.on('SIGTERM', () => process.exit(0));
