// Celery's broker in Redis as its producers and workers leave it: what kombu writes, byte for byte in its form.
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';

const QUEUE = 'celery';
/** Between the parts of a binding. */
const SEPARATOR = '\x06\x16';

/** JSON as Python writes it: a blank behind each comma and colon. */
function python(value) {
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, one]) => `${JSON.stringify(name)}: ${python(one)}`)
    .join(', ')}}`;
}

/** A task of protocol 2, as `apply_async(kwargs=...)` writes it. */
function envelope(task, kwargs) {
  const [id, tag] = [randomUUID(), randomUUID()];
  const after = { callbacks: null, errbacks: null, chain: null, chord: null };
  const called = { argsrepr: '()', kwargsrepr: python(kwargs), origin: 'gen1@web-1', ignore_result: false };
  const times = { eta: null, expires: null, retries: 0, timelimit: [null, 3600] };
  const raw = python({
    body: Buffer.from(python([[], kwargs, after])).toString('base64'),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: {
      lang: 'py',
      task,
      id,
      shadow: null,
      ...times,
      group: null,
      group_index: null,
      root_id: id,
      parent_id: null,
      ...called,
      stamped_headers: null,
      stamps: {},
    },
    properties: {
      correlation_id: id,
      reply_to: randomUUID(),
      delivery_mode: 2,
      delivery_info: { exchange: '', routing_key: QUEUE },
      priority: 0,
      body_encoding: 'base64',
      delivery_tag: tag,
    },
  });
  return { tag, raw };
}

/** A broker with one application. */
export class Broker {
  constructor(url) {
    this.redis = new Redis(url);
  }

  /** Enqueues a task for each of the arguments; returns their delivery tags. */
  async send(task, all) {
    await this.redis.sadd(`_kombu.binding.${QUEUE}`, [QUEUE, '', QUEUE].join(SEPARATOR));
    const written = all.map((kwargs) => envelope(task, kwargs));
    await this.redis.lpush(QUEUE, ...written.map(({ raw }) => raw));
    return written.map(({ tag }) => tag);
  }

  /** A worker fetches some, and is killed. */
  async fetchAndDie(count) {
    for (let n = 0; n < count; n += 1) {
      const raw = await this.redis.rpop(QUEUE);
      const { delivery_tag: tag, delivery_info: info } = JSON.parse(raw).properties;
      const kept = `[${raw}, ${JSON.stringify(info.exchange)}, ${JSON.stringify(info.routing_key)}]`;
      await this.redis
        .multi()
        .zadd('unacked_index', Date.now() / 1000, tag)
        .hset('unacked', tag, kept)
        .exec();
    }
  }

  /** `celery worker -Q none`, with the visibility timeout over: every worker gives back what others have left. */
  async restore() {
    for (const [tag, kept] of Object.entries(await this.redis.hgetall('unacked'))) {
      const [message, , key] = JSON.parse(kept);
      message.headers.redelivered = true;
      message.properties.delivery_info.redelivered = true;
      await this.redis
        .multi()
        .rpush(key, python(message))
        .hdel('unacked', tag)
        .zrem('unacked_index', tag)
        .exec();
    }
  }

  /** What is left in the queue, and in the hands of workers. */
  async left() {
    return (await this.redis.llen(QUEUE)) + (await this.redis.hlen('unacked'));
  }

  close() {
    this.redis.disconnect();
  }
}
