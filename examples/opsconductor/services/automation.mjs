// The automation service: publishes what becomes of its jobs, fifty times a second, to the stream that automation.env names.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { publish } from './events.mjs';

const { REDIS_URL, STREAM } = process.env;
const redis = new Redis(REDIS_URL);
const TYPES = ['automation_scheduled', 'automation_started', 'automation_completed'];
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});

for (let n = 0; !stopping; n += 1) {
  await publish(redis, { stream: STREAM, service: 'automation', type: TYPES[n % TYPES.length] });
  await sleep(20);
}
await redis.quit();
