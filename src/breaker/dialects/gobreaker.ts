import type { RedisConnection } from '../../backends/redis/index.ts';
import type { BreakerState } from '../view.ts';
import { type ForeignBreaker, unknownBreaker } from './foreign.ts';
import { findKeys, isReadable, readEach, unlessWrongType } from './read-keys.ts';

const PREFIX = 'gobreaker:state:';
const STATES: readonly BreakerState[] = ['closed', 'half-open', 'open'];
const MOST_BYTES = 1024 * 1024;

/** The parts of gobreaker's SharedState that say something to an operator. */
interface SharedState {
  state: number;
  counts?: { TotalFailures?: number };
  start?: string;
  expiry?: string;
}

/** The breakers that gobreaker v2 keeps in its Redis store: a string of JSON each. */
export async function listGobreaker(redis: RedisConnection, nowMs: number): Promise<ForeignBreaker[]> {
  const keys = await findKeys(redis, `${PREFIX}*`);
  return readEach(keys, (key) => readOne(redis, key, nowMs));
}

async function readOne(redis: RedisConnection, key: string, nowMs: number): Promise<ForeignBreaker> {
  const unknown = unknownBreaker('gobreaker', key.slice(PREFIX.length), null);
  if (!isReadable(key)) return { ...unknown, note: 'its name is no UTF-8 text' };
  const text = await unlessWrongType(redis.client.getrange(key, 0, MOST_BYTES));
  const shared = text === undefined ? undefined : parse(text);
  const stored = shared && STATES[shared.state];
  if (!stored) return { ...unknown, note: `${key} holds no state that gobreaker knows` };
  const [startMs, expiryMs] = [timeOf(shared.start), timeOf(shared.expiry)];
  // What is written there stays open until somebody asks; who asks finds it half-open.
  const isOver = stored === 'open' && expiryMs !== null && expiryMs < nowMs;
  // A closed one may begin its counts anew at intervals, and its start with them.
  const sinceMs = stored === 'closed' && expiryMs !== null ? null : startMs;
  return {
    ...unknown,
    state: isOver ? 'half-open' : stored,
    failures: countOf(shared.counts?.TotalFailures),
    sinceMs: isOver ? expiryMs : sinceMs,
    nextChangeMs: stored === 'open' && !isOver ? expiryMs : null,
  };
}

function parse(text: string): SharedState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as SharedState) : undefined;
  } catch {
    return undefined;
  }
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

/** A time of Go; its zero, in the year 1, is none. */
function timeOf(text: unknown): number | null {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return ms > 0 ? ms : null;
}
