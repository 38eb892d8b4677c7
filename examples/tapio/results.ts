import type { Redis } from 'ioredis';

/** What an engine has made of an event. */
export interface Result {
  eventId: string;
  engine: 'v1' | 'v2';
  /** When it was written, ms since 1970, by the clock of Redis. */
  at: number;
}

/** A stream of results, as the team's own client reads it: each entry once, and then from where it was. */
export class ResultStream {
  private readonly redis: Redis;
  private readonly stream: string;
  private readonly known: Result[] = [];
  private from = '-';

  constructor(redis: Redis, stream: string) {
    this.redis = redis;
    this.stream = stream;
  }

  /** All that there are by now. */
  async read(): Promise<readonly Result[]> {
    for (;;) {
      const page = await this.redis.xrange(this.stream, this.from, '+', 'COUNT', 1000);
      for (const [id, flat] of page) this.known.push(resultOf(id, flat));
      if (page.length > 0) this.from = `(${page.at(-1)![0]}`;
      if (page.length < 1000) return this.known;
    }
  }
}

function resultOf(id: string, flat: string[]): Result {
  const at = (name: string) => flat[flat.indexOf(name) + 1]!;
  return { eventId: at('eventId'), engine: at('engine') as Result['engine'], at: Number(id.split('-')[0]) };
}

/** How the results cover the events that there were. */
export function coverage(events: Iterable<string>, results: readonly Result[]) {
  const times = new Map<string, number>();
  for (const { eventId } of results) times.set(eventId, (times.get(eventId) ?? 0) + 1);
  const wanted = new Set(events);
  return {
    lost: [...wanted].filter((id) => !times.has(id)).length,
    doubled: [...times.values()].filter((n) => n > 1).length,
    unknown: [...times.keys()].filter((id) => !wanted.has(id)).length,
  };
}

/** Results a second from the first to the last. */
export function throughput(results: readonly Result[]): number {
  const times = results.map(({ at }) => at);
  const ms = Math.max(...times) - Math.min(...times);
  return Math.round((1000 * results.length) / Math.max(ms, 1));
}
