/*
 * A producer as teams have them: sends a message every few milliseconds to the queue that QUEUE_TYPE names, and
 * writes the id of each that was accepted to PRODUCED_FILE. At SIGTERM it waits for the last answer.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const { env } = process;
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});

const senders = {
  async postgres() {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: env.DATABASE_URL });
    await client.connect();
    return [
      (id, body) =>
        client.query("INSERT INTO jobs (id, payload, state) VALUES ($1, $2, 'pending')", [id, body]),
      () => client.end(),
    ];
  },
  async sqs() {
    const { SendMessageCommand, SQSClient } = (await import('@aws-sdk/client-sqs')).default;
    const client = new SQSClient({ endpoint: env.SQS_ENDPOINT, region: 'us-east-1' });
    return [
      (_, MessageBody) => client.send(new SendMessageCommand({ QueueUrl: env.QUEUE_URL, MessageBody })),
      () => client.destroy(),
    ];
  },
  async redis() {
    const { Redis } = (await import('ioredis')).default;
    const redis = new Redis(env.REDIS_URL, { maxRetriesPerRequest: null });
    redis.on('error', () => {});
    return [(id, body) => redis.xadd(env.STREAM, '*', 'id', id, 'body', body), () => redis.disconnect()];
  },
};

const [send, close] = await senders[env.QUEUE_TYPE]();
if (env.READY_FILE) writeFileSync(env.READY_FILE, 'ready');
while (!stopping) {
  const id = randomUUID();
  await send(id, JSON.stringify({ id, at: Date.now() }));
  appendFileSync(env.PRODUCED_FILE, `${id}\n`);
  await sleep(40);
}
await close();
