// delphi-worker-v2: reads the stream in its consumer group, and has DELPHI_CONCURRENCY alerts in hand at once. Each API stands
// behind a circuit breaker that all processes share. At SIGTERM it takes no more, and finishes what it has in hand.
import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { CircuitBreaker, recordStage } from 'qctl';
import { askLlm, askWazuh, sendMail } from './calls.mjs';

/** How long a mail is tried; whatever is pending for CLAIM_IDLE_MS, which is longer by far, nobody has in hand any more. */
const TRY_MS = 30_000;
const CLAIM_IDLE_MS = 120_000;
const CLAIM_EVERY_MS = 30_000;

const { env } = process;
const stream = env.DELPHI_STREAM_NAME;
const group = env.DELPHI_CONSUMER_GROUP;
const url = `redis://${env.DELPHI_REDIS_ADDR}`;
const reader = new Redis(url, { maxRetriesPerRequest: null });
const redis = new Redis(url, { maxRetriesPerRequest: null, enableAutoPipelining: true });
for (const client of [reader, redis]) client.on('error', () => {});
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
  console.log('told to stop: finishes what it has in hand, and takes no more');
});

const wazuh = breaker('wazuh-api', 'WAZUH');
const llm = breaker('llm-api', 'LLM');
const email = breaker('email-api', 'EMAIL');
const breakers = [wazuh, llm, email];

function breaker(name, prefix) {
  const setting = (ending) => env[`${prefix}_CB_${ending}`];
  return new CircuitBreaker(name, {
    redis: url,
    failureThreshold: Number(setting('FAILURE_THRESHOLD')),
    openTime: setting('TIMEOUT'),
    maxOpenTime: setting('MAX_OPEN_TIME'),
  });
}

/** The agent as it was last seen. */
const agents = new Map();

async function enrich(alert) {
  const cached = () => ({ ...agents.get(alert.agent.id), cached: true });
  const agent = await wazuh.execute(() => askWazuh(alert), { fallback: cached });
  if (!agent.cached) agents.set(alert.agent.id, agent);
  return agent;
}

function structure(alert, agent) {
  return llm.execute(() => askLlm(alert, agent), { fallback: () => ({ answer: 'see the attached alert' }) });
}

/** Without a mail an alert is not finished: it is tried for a while, and comes again later. */
async function send(alert, text) {
  for (const until = Date.now() + TRY_MS; ; )
    try {
      return await email.execute(() => sendMail(alert, text, 'new'));
    } catch (error) {
      if (stopping || Date.now() >= until) throw error;
      await sleep(1000);
    }
}

async function timed(stage, work) {
  const from = performance.now();
  const result = await work();
  const ms = performance.now() - from;
  recordStage(redis, { stream, group, stage, ms, outcome: 'finished' }).catch(() => {});
  return result;
}

async function handle([entry, fields]) {
  const alert = JSON.parse(fields[fields.indexOf('body') + 1]);
  const agent = await timed('enrich', () => enrich(alert));
  const text = await timed('structure', () => structure(alert, agent));
  await timed('send', () => send(alert, text));
  await redis.xack(stream, group, entry);
  if (agent.cached) appendFileSync(env.CACHED_FILE, `${alert.id}\n`);
}

const consumer = `${hostname()}-v2`;
let claimAt = 0;

/** What was left behind, else what is new. */
async function take(room) {
  if (Date.now() >= claimAt) {
    claimAt = Date.now() + CLAIM_EVERY_MS;
    const [, left] = await redis.xautoclaim(stream, group, consumer, CLAIM_IDLE_MS, '0', 'COUNT', room);
    if (left.length > 0) return left.filter(Boolean);
  }
  const own = ['GROUP', group, consumer, 'COUNT', room, 'BLOCK', 200];
  const reply = await reader.xreadgroup(...own, 'STREAMS', stream, '>');
  return reply?.[0][1] ?? [];
}

await Promise.all(breakers.map((each) => each.ready()));
await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM').catch(() => {});
const inHand = new Set();
while (!stopping) {
  const room = Number(env.DELPHI_CONCURRENCY) - inHand.size;
  if (room === 0) {
    await Promise.race(inHand);
    continue;
  }
  for (const message of await take(room)) {
    // What fails stays pending.
    const work = handle(message).catch((error) => process.stderr.write(`${error.message}\n`));
    inHand.add(work);
    void work.finally(() => inHand.delete(work));
  }
}
await Promise.all(inHand);
await Promise.all(breakers.map((each) => each.close()));
reader.disconnect();
await redis.quit();
