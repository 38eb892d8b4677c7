// The processors: read the streams of their group, and work on what they hold, the most urgent first.
//
// A stream has one order, that of arrival. Urgent events overtake others here, within what was read ahead; what was read and
// not acknowledged is pending, so that a crash loses none of it. A failed event is delivered once more with XCLAIM, which
// Redis counts; after MAX_RETRIES it is left pending, and maintenance makes a dead letter of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { WORKED } from './events.mjs';

const { env } = process;
const streams = env.STREAMS.split(',');
const [group, consumer] = ['processors', env.CONSUMER];
const workers = Number(env.PROCESSOR_WORKERS ?? 4);
const maxRetries = Number(env.MAX_RETRIES ?? 3);
const readAhead = Number(env.READ_AHEAD ?? 500);
const redis = new Redis(env.REDIS_URL);
const reader = redis.duplicate();

/** What was read and nobody works on yet, a line for each priority. */
const lines = { CRITICAL: [], HIGH: [], NORMAL: [], LOW: [] };
let held = 0;
let busy = 0;
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});

function hold(stream, [id, list], deliveries) {
  const fields = Object.fromEntries(list.flatMap((name, at) => (at % 2 ? [] : [[name, list[at + 1]]])));
  (lines[fields.priority] ?? lines.NORMAL).push({ stream, id, fields, deliveries });
  held += 1;
}

function putToWork() {
  while (!stopping && busy < workers) {
    const entry = Object.values(lines)
      .find((line) => line.length > 0)
      ?.shift();
    if (!entry) return;
    busy += 1;
    void workOn(entry).finally(() => {
      busy -= 1;
      held -= 1;
      putToWork();
    });
  }
}

/** The work counts, and the entry is acknowledged, in one step. */
async function workOn({ stream, id, fields, deliveries }) {
  const data = JSON.parse(fields.data);
  if (!(await succeeds(data, deliveries))) {
    if (deliveries < maxRetries) setTimeout(() => void again(stream, id, deliveries + 1), 50);
    return;
  }
  const { priority, retry_count: retries } = fields;
  const note = { event: data.event, stream, id, priority, retries: Number(retries), deliveries };
  await redis
    .multi()
    .xack(stream, group, id)
    .rpush(WORKED, JSON.stringify({ ...note, by: consumer }))
    .exec();
}

async function succeeds({ mail, flaky, malformed }, deliveries) {
  await sleep(1);
  if (malformed || (flaky && deliveries === 1)) return false;
  return !mail || (await redis.get('gateway:mail')) !== 'down';
}

async function again(stream, id, deliveries) {
  if (stopping) return;
  const [entry] = await redis.xclaim(stream, group, consumer, 0, id);
  if (!entry) return;
  hold(stream, entry, deliveries);
  putToWork();
}

/** What this consumer was given in a former life. */
async function takeUp(stream) {
  const [[, entries]] = await redis.xreadgroup('GROUP', group, consumer, 'STREAMS', stream, '0');
  for (const entry of entries) {
    const [[, , , deliveries]] = await redis.xpending(stream, group, entry[0], entry[0], 1);
    if (entry[1] && deliveries <= maxRetries) hold(stream, entry, deliveries);
  }
}

for (const stream of streams) {
  await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM').catch(() => undefined);
  await takeUp(stream);
}
while (!stopping) {
  putToWork();
  const room = readAhead - held;
  if (room <= 0) {
    await sleep(5);
    continue;
  }
  const at = ['COUNT', room, 'BLOCK', 200, 'STREAMS', ...streams, ...streams.map(() => '>')];
  const found = (await reader.xreadgroup('GROUP', group, consumer, ...at)) ?? [];
  for (const [stream, entries] of found) for (const entry of entries) hold(stream, entry, 1);
}
while (busy > 0) await sleep(5);
await Promise.all([redis.quit(), reader.quit()]);
process.exit();
