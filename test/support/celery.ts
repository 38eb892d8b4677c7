import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';

/** What a test says of one task; the rest is as a producer without further options writes it. */
export interface Task {
  task?: string;
  args?: unknown[];
  id?: string;
  tag?: string;
  priority?: number;
  eta?: string | null;
  expires?: string | null;
  retries?: number;
  exchange?: string;
  routingKey?: string;
}

/** The text that kombu puts into a list for a task of protocol 2, member by member in its order. */
export function envelope({
  task = 'reports.generate',
  args = [],
  id = randomUUID(),
  tag = randomUUID(),
  priority = 0,
  eta = null,
  expires = null,
  retries = 0,
  exchange = '',
  routingKey = 'celery',
}: Task = {}): string {
  const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
  return pythonJson({
    body: Buffer.from(pythonJson([args, {}, embed])).toString('base64'),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: {
      ...{ lang: 'py', task, id, shadow: null, eta, expires, group: null, group_index: null, retries },
      ...{ timelimit: [null, null], root_id: id, parent_id: null, argsrepr: '()', kwargsrepr: '{}' },
      ...{ origin: 'gen1@web-1', ignore_result: false, stamped_headers: null, stamps: {} },
    },
    properties: {
      ...{ correlation_id: id, reply_to: 'f1d5', delivery_mode: 2 },
      delivery_info: { exchange, routing_key: routingKey },
      ...{ priority, body_encoding: 'base64', delivery_tag: tag },
    },
  });
}

/** JSON as Python writes it: a space behind each comma and colon. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, one]) => `${JSON.stringify(name)}: ${pythonJson(one)}`)
    .join(', ')}}`;
}

/** The list of a priority, as kombu names it. */
export function listOf(queue: string, priority = 0): string {
  return priority === 0 ? queue : `${queue}\x06\x16${priority}`;
}

/** A producer and a worker of one queue, as far as they touch the broker. */
export class CeleryApp {
  readonly queue: string;
  readonly redis: Redis;

  constructor(url: string, queue: string) {
    this.queue = queue;
    this.redis = new Redis(url);
    this.redis.on('error', () => undefined);
    onTestFinished(() => this.redis.disconnect());
  }

  /** Enqueues tasks in their order; returns their delivery tags. */
  async send(tasks: Task[]): Promise<string[]> {
    const tags: string[] = [];
    // Whoever sends declares the queue.
    const pipeline = this.redis.pipeline();
    pipeline.sadd(`_kombu.binding.${this.queue}`, [this.queue, '', this.queue].join('\x06\x16'));
    for (const task of tasks) {
      const tag = task.tag ?? randomUUID();
      tags.push(tag);
      const raw = envelope({ routingKey: this.queue, ...task, tag });
      pipeline.lpush(listOf(this.queue, task.priority), raw);
    }
    await pipeline.exec();
    return tags;
  }

  /** Takes the next message as a worker does, and acknowledges nothing. Returns its delivery tag. */
  async fetch(): Promise<string | undefined> {
    const raw = await this.redis.rpop(this.queue);
    if (raw === null) return undefined;
    const { properties } = JSON.parse(raw) as {
      properties: { delivery_tag: string; delivery_info: { exchange: string; routing_key: string } };
    };
    const { delivery_tag: tag, delivery_info: info } = properties;
    const { exchange, routing_key: key } = info;
    await this.redis
      .pipeline()
      .zadd('unacked_index', Date.now() / 1000, tag)
      .hset('unacked', tag, `[${raw}, ${JSON.stringify(exchange)}, ${JSON.stringify(key)}]`)
      .exec();
    return tag;
  }
}
