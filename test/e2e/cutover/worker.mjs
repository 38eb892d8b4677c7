/*
 * A worker as teams have them: takes messages from the queue that QUEUE_TYPE names, and writes the id of each
 * that it has worked on to PROCESSED_FILE, with its SIDE. At SIGTERM it finishes what it has in hand; of a slow
 * Redis side it gives up the message that it waits for, and leaves it unacknowledged.
 *
 * FAULTS_FILE, read anew before each message, spoils the Redis side: { errors: true } throws instead of
 * working, { delayMs } works slowly. Errors, and the time a message took, are told in Redis.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const { env } = process;
let stopping = false;
const giveUp = new AbortController();
process.on('SIGTERM', () => {
  stopping = true;
  giveUp.abort();
});

const redis = new Redis(env.REDIS_URL, { maxRetriesPerRequest: null });
redis.on('error', () => {});

function faults() {
  try {
    return JSON.parse(readFileSync(env.FAULTS_FILE, 'utf8'));
  } catch {
    return {};
  }
}

function done(side, body) {
  const { id } = JSON.parse(body);
  appendFileSync(env.PROCESSED_FILE, `${side} ${id}\n`);
}

const sides = { postgres: fromPostgres, sqs: fromSqs, redis: fromRedis };

async function fromPostgres() {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: env.DATABASE_URL });
  await client.connect();
  ready();
  while (!stopping) {
    await client.query('BEGIN');
    const { rows } = await client.query(
      `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = 'pending' ORDER BY id LIMIT 5
       FOR UPDATE SKIP LOCKED) RETURNING payload`,
    );
    await client.query('COMMIT');
    for (const { payload } of rows) done('old', payload);
    if (rows.length === 0) await sleep(100);
  }
  await client.end();
}

async function fromSqs() {
  const { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } = (await import('@aws-sdk/client-sqs'))
    .default;
  const client = new SQSClient({ endpoint: env.SQS_ENDPOINT, region: 'us-east-1' });
  ready();
  while (!stopping) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: env.QUEUE_URL, MaxNumberOfMessages: 5, WaitTimeSeconds: 0 }),
    );
    for (const { Body, ReceiptHandle } of Messages) {
      done('old', Body);
      await client.send(new DeleteMessageCommand({ QueueUrl: env.QUEUE_URL, ReceiptHandle }));
    }
    if (Messages.length === 0) await sleep(150);
  }
  client.destroy();
}

async function fromRedis() {
  await redis.xgroup('CREATE', env.STREAM, env.GROUP, '0', 'MKSTREAM').catch(() => {});
  const own = ['GROUP', env.GROUP, env.CONSUMER ?? `worker-${process.pid}`];
  ready();
  while (!stopping) {
    const reply = await redis.xreadgroup(...own, 'COUNT', 5, 'BLOCK', 100, 'STREAMS', env.STREAM, '>');
    for (const [entry, fields] of reply?.[0][1] ?? []) {
      const { errors, delayMs = 0 } = faults();
      if (errors) {
        await redis.incr('new:errors');
        continue;
      }
      const began = performance.now();
      if (delayMs > 0 && !(await waited(delayMs))) continue;
      done('new', fields[fields.indexOf('body') + 1]);
      await redis
        .multi()
        .xack(env.STREAM, env.GROUP, entry)
        .incr('new:done')
        .set('new:latency', Math.round(performance.now() - began))
        .exec();
    }
  }
}

function waited(ms) {
  return sleep(ms, true, { signal: giveUp.signal }).catch(() => false);
}

function ready() {
  if (env.READY_FILE) writeFileSync(env.READY_FILE, 'ready');
}

await sides[env.QUEUE_TYPE]();
redis.disconnect();
