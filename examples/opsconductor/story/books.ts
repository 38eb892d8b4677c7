import type { Redis } from 'ioredis';
import { PUBLISHED, WORKED } from '../services/events.mjs';

/** What the processors noted when they had worked on an event, in the step that acknowledged it. */
export interface Worked {
  event: string;
  stream: string;
  id: string;
  priority: string;
  /** `retry_count` of the entry: how often it came back from the dead letters. */
  retries: number;
  deliveries: number;
  by: string;
}

/** What publishers and processors wrote down themselves; qctl has no part in it. */
export class Books {
  private readonly redis: Redis;

  constructor(redis: Redis) {
    this.redis = redis;
  }

  /** Ids of events. */
  published(): Promise<string[]> {
    return this.redis.lrange(PUBLISHED, 0, -1);
  }

  async publishedCount(): Promise<number> {
    return this.redis.llen(PUBLISHED);
  }

  /** In the order in which it was done. */
  async worked(): Promise<Worked[]> {
    return (await this.redis.lrange(WORKED, 0, -1)).map((line) => JSON.parse(line) as Worked);
  }
}
