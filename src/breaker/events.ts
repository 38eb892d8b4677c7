import type { RedisConnection } from '../backends/redis/index.ts';
import { BREAKER_EVENTS } from '../model/keys.ts';
import { type Hash, toHash } from './parse.ts';
import type { BreakerState, Cause, OverrideMode } from './view.ts';

/** What happened to a breaker; what an event does not have is null. */
export interface BreakerEvent {
  /** Of the entry in the stream of events. */
  id: string;
  atMs: number;
  breaker: string;
  /** With `breaker` the name of the event. */
  seq: number;
  /**
   * `transition`, `hold`, `release`, `lapse` (an override whose time was over), `set` (by an operator), `declare` (by
   * a program or file), `restore` (Redis had lost it), `forget` (nobody had been heard of for long).
   */
  type: string;
  from: BreakerState | null;
  to: BreakerState | null;
  cause: Cause | null;
  detail: string | null;
  /** True where nobody was rejected, since an override only watches. */
  observed: boolean;
  mode: OverrideMode | null;
  untilMs: number | null;
  settings: string | null;
  /** The process that has noticed it; null where an operator did it. */
  instance: string | null;
  by: string | null;
  host: string | null;
  reason: string | null;
}

/** Which events. */
export interface EventQuery {
  /** Null: of all. */
  wanted: ((breaker: string) => boolean) | null;
  /** From this time on, ms. */
  sinceMs?: number;
  /** At most so many, the newest. */
  limit: number;
}

const PAGE = 1000;

/** The newest events that are wanted, the oldest of them first. Throws the raw error of Redis. */
export async function readEvents(redis: RedisConnection, query: EventQuery): Promise<BreakerEvent[]> {
  const found: BreakerEvent[] = [];
  const seen = new Set<string>();
  let end = '+';
  const start = query.sinceMs === undefined ? '-' : `${Math.max(0, query.sinceMs)}`;
  for (;;) {
    const page = await redis.client.xrevrange(BREAKER_EVENTS, end, start, 'COUNT', PAGE);
    for (const [id, fields] of page) {
      const event = parseEvent(id, toHash(fields));
      // With the time: a breaker that was forgotten begins to count anew.
      const name = `${event.seq} ${event.atMs} ${event.breaker}`;
      if (seen.has(name) || (query.wanted && !query.wanted(event.breaker))) continue;
      seen.add(name);
      found.push(event);
      if (found.length === query.limit) return found.reverse();
    }
    if (page.length < PAGE) return found.reverse();
    end = `(${page.at(-1)![0]}`;
  }
}

/** The id behind which the next event will stand. */
export async function endOfEvents({ client }: RedisConnection): Promise<string> {
  const [last] = await client.xrevrange(BREAKER_EVENTS, '+', '-', 'COUNT', 1);
  return last?.[0] ?? '0-0';
}

/**
 * The events behind an id, waiting for the first for up to `blockMs`; nothing where none came. The connection must
 * be one of its own. Throws the raw error of Redis.
 */
export async function nextEvents(
  { client }: RedisConnection,
  behind: string,
  blockMs: number,
): Promise<BreakerEvent[]> {
  const reply = await client.xread('COUNT', PAGE, 'BLOCK', blockMs, 'STREAMS', BREAKER_EVENTS, behind);
  const [, entries] = reply?.[0] ?? ['', []];
  return entries.map(([id, fields]) => parseEvent(id, toHash(fields)));
}

function parseEvent(id: string, hash: Hash): BreakerEvent {
  const text = (field: string) => hash[field] ?? null;
  const until = Number(hash.until ?? 0);
  return {
    id,
    atMs: Number(hash.at ?? id.split('-')[0]),
    breaker: hash.breaker ?? '',
    seq: Number(hash.seq ?? 0),
    type: hash.type ?? '',
    from: text('from') as BreakerState | null,
    to: text('to') as BreakerState | null,
    cause: text('cause') as Cause | null,
    detail: text('detail'),
    observed: hash.observed === '1',
    mode: text('mode') as OverrideMode | null,
    untilMs: until > 0 ? until : null,
    settings: text('settings'),
    instance: text('instance'),
    by: text('by'),
    host: text('host'),
    reason: text('reason'),
  };
}
