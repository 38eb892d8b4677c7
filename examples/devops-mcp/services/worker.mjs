/*
 * A worker: takes webhooks from the queue that QUEUE_TYPE names and works on them. Before it does it asks Redis whether
 * the delivery was worked on already, as the team has always done. Each line of WORKED_FILE is `SIDE POD worked|known ID`.
 *
 * FAULTS_FILE, read anew each time: `hang` names a deployment whose pods take webhooks ahead and never finish them,
 * `redisMs` and `sqsMs` say how long one webhook takes on that side.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis, insist, openQueue, replicated } from './queue.mjs';

const { env } = process;
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});

function faults() {
  try {
    return JSON.parse(readFileSync(env.FAULTS_FILE, 'utf8'));
  } catch {
    return {};
  }
}

const hangs = () => env.POD_NAME.startsWith(`${faults().hang}-`);
const note = (what, delivery) =>
  appendFileSync(env.WORKED_FILE, `${env.QUEUE_TYPE} ${env.POD_NAME} ${what} ${delivery}\n`);

async function workOn({ body, done }) {
  const { delivery } = JSON.parse(body);
  const key = `webhook:done:${delivery}`;
  if (await insist(() => redis.exists(key))) note('known', delivery);
  else {
    note('worked', delivery);
    await insist(() => replicated(redis, ['set', key, env.POD_NAME, 'EX', 86_400]));
  }
  await done();
}

const redis = connectRedis();
const queue = await openQueue(redis);
writeFileSync(env.READY_FILE, 'ready');
while (!stopping) {
  const batch = await queue.receive();
  while (batch.length > 0 && hangs() && !stopping) batch.push(...(await queue.receive({ ahead: true })));
  for (const webhook of batch) {
    if (stopping) {
      await webhook.giveBack();
      continue;
    }
    await workOn(webhook);
    await sleep(faults()[`${env.QUEUE_TYPE}Ms`] ?? 0);
  }
  if (batch.length === 0) await sleep(env.QUEUE_TYPE === 'sqs' ? 200 : 5);
}
await queue.close();
redis.disconnect();
