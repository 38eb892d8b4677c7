/*
 * The queue factory of the team: QUEUE_TYPE says whether webhooks go by SQS or by Redis Streams. Both sides have
 * the same three verbs: send, receive, close. What was received is let go of by its `done`, or given back.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const { env } = process;

/** Redis behind Sentinel over TLS, by the variables of the team's own document. */
export function connectRedis() {
  const redis = new Redis({
    sentinels: env.REDIS_SENTINEL_ADDRESSES.split(',').map((address) => {
      const [host, port] = address.split(':');
      return { host, port: Number(port) };
    }),
    name: env.REDIS_SENTINEL_MASTER_NAME,
    password: env.REDIS_PASSWORD,
    tls: tls(),
    enableTLSForSentinelMode: true,
    sentinelTLS: tls(),
    retryStrategy: () => 100,
    sentinelRetryStrategy: () => 100,
    // A command that was in flight may have been carried out. It fails, and whoever sent it decides.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  });
  redis.on('error', () => {});
  return redis;
}

function tls() {
  const read = (name) => readFileSync(env[name]);
  return {
    ca: read('REDIS_TLS_CA_FILE'),
    cert: read('REDIS_TLS_CERT_FILE'),
    key: read('REDIS_TLS_KEY_FILE'),
  };
}

/** Sends a command until it is answered; for those that may be repeated. */
export async function insist(command) {
  for (;;) {
    try {
      return await command();
    } catch {
      await sleep(50);
    }
  }
}

/** Opens it; a connection to Redis that there is already serves the stream as well. */
export const openQueue = { sqs: sqsQueue, redis: streamQueue }[env.QUEUE_TYPE];

function sqsQueue() {
  const call = async (action, input) => {
    const answer = await fetch(env.AWS_ENDPOINT_URL, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` },
      body: JSON.stringify({ QueueUrl: env.SQS_QUEUE_URL, ...input }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  return {
    send: ({ body }) => call('SendMessage', { MessageBody: body }),
    async receive() {
      const { Messages = [] } = await call('ReceiveMessage', { MaxNumberOfMessages: 10, WaitTimeSeconds: 0 });
      return Messages.map(({ Body, ReceiptHandle }) => ({
        body: Body,
        done: () => call('DeleteMessage', { ReceiptHandle }),
        giveBack: () => call('ChangeMessageVisibility', { ReceiptHandle, VisibilityTimeout: 0 }),
      }));
    },
    close() {},
  };
}

async function streamQueue(redis = connectRedis()) {
  const [stream, group] = [env.REDIS_STREAM_NAME, env.REDIS_CONSUMER_GROUP];
  await insist(() =>
    redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM').catch((error) => {
      if (!error.message.startsWith('BUSYGROUP')) throw error;
    }),
  );
  let ownLookedAt = 0;
  return {
    send: (webhook) => insist(() => append(redis, stream, webhook)),
    async receive({ ahead = false } = {}) {
      // What another consumer had in hand and was claimed for this one stands in its own list.
      const own = !ahead && Date.now() - ownLookedAt > 300;
      if (own) ownLookedAt = Date.now();
      const where = own ? ['STREAMS', stream, '0'] : ['BLOCK', 200, 'STREAMS', stream, '>'];
      const reply = await insist(() => redis.xreadgroup('GROUP', group, env.POD_NAME, 'COUNT', 10, ...where));
      return (reply?.[0][1] ?? []).map(([entry, fields]) => ({
        body: fields[fields.indexOf('body') + 1],
        done: () => insist(() => redis.xack(stream, group, entry)),
        // It stays pending with this consumer, for whoever claims it.
        giveBack: async () => {},
      }));
    },
    close: () => redis.disconnect(),
  };
}

/** Accepted is what a replica has as well. */
function append(redis, stream, { delivery, event, body }) {
  const fields = ['id', delivery, 'body', body, 'type', event];
  return replicated(redis, ['xadd', stream, 'MAXLEN', '~', env.REDIS_MAX_LEN, '*', ...fields]);
}

/** Carries a command out, and waits until a replica has what it did: a failover forgets nothing of it. */
export async function replicated(redis, command) {
  const connection = redis.stream;
  const [[failed], [, replicas]] = await redis.pipeline([command]).wait(1, 1000).exec();
  if (failed) throw failed;
  // WAIT speaks of what was written on its own connection, and on no other.
  for (let has = replicas; !(has >= 1); has = await redis.wait(1, 1000))
    if (redis.stream !== connection) throw new Error('the primary has changed');
}
