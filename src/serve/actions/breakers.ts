import { type RedisConnection, toTargetError } from '../../backends/redis/index.ts';
import {
  checkBreakerName,
  lookAtBreakers,
  type Operation,
  type OverrideMode,
  operateBreaker,
} from '../../breaker/index.ts';
import { isQctlError, QctlError } from '../../errors.ts';
import type { GivenSettings } from '../../model/breaker-settings.ts';
import { dueMsOf } from '../../model/due.ts';
import { parseDurationMs } from '../../model/duration.ts';
import { HttpError } from '../errors.ts';
import type { Act } from './audit.ts';

/** What is said of a breaker. */
export interface BreakerRequest {
  verb: 'trip' | 'reset' | 'hold' | 'release';
  mode?: OverrideMode;
  for?: string;
  until?: string;
}

const HELD_MS = 86_400_000;
const SHORTEST_MS = 1000;
const LONGEST_MS = 365 * 86_400_000;

/** What the request means. Throws 400 for what cannot be meant, before anything is asked or written. */
export function toOperation({ verb, mode, for: span, until }: BreakerRequest): Operation {
  const forMs = span === undefined ? undefined : readSpan(span);
  if (verb === 'trip') return { verb, ...(forMs !== undefined && { forMs }) };
  if (verb !== 'hold') return { verb };
  if (mode === undefined) throw bad('MODE_MISSING', 'hold needs a mode: open, closed, disabled or observe');
  if (until === 'released') return { verb, mode };
  if (until === undefined) return { verb, mode, forMs: forMs ?? HELD_MS };
  const untilMs = dueMsOf(until);
  if (untilMs === undefined) throw bad('UNTIL_INVALID', 'until is no time such as 2026-11-22T06:00:00Z');
  return { verb, mode, untilMs };
}

function readSpan(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= SHORTEST_MS && ms <= LONGEST_MS) return ms;
  throw bad('SPAN_INVALID', 'for is no duration from 1s to 365d, such as 30s, 10m or 2h');
}

function bad(code: string, message: string): HttpError {
  return new HttpError(400, code, message);
}

/** Carries it out as `qctl breaker` does. A breaker that nobody knows is refused, so that a typo makes none. */
export async function operate(
  redis: RedisConnection,
  operation: Operation,
  { object: name, who, address, reason }: Act,
  configured: GivenSettings | undefined,
): Promise<void> {
  checkBreakerName(name);
  await asking(redis, `${operation.verb} the breaker`, async () => {
    const [view] = await lookAtBreakers(redis, [name]);
    if (!view!.known && configured === undefined) throw unknownBreaker(name);
    if (operation.verb === 'hold') checkEnd(operation.untilMs, view!.nowMs);
    const declared = view!.rev === 0 && operation.verb !== 'release' ? configured : undefined;
    await operateBreaker(redis, name, { ...operation, declared }, { by: who, host: address, reason });
  });
}

/** By the clock of Redis, which decides when it ends. */
function checkEnd(untilMs: number | undefined, nowMs: number): void {
  if (untilMs === undefined || (untilMs > nowMs && untilMs - nowMs <= LONGEST_MS)) return;
  throw bad('UNTIL_INVALID', 'until is in the past, or more than a year away');
}

function unknownBreaker(name: string): QctlError {
  return new QctlError('usage', `there is no breaker ${name}`, {
    code: 'BREAKER_UNKNOWN',
    hint: ['GET /api/breakers lists those that there are'],
  });
}

async function asking(redis: RedisConnection, doing: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isQctlError(error) || error instanceof HttpError) throw error;
    throw toTargetError(error, redis.label, doing);
  }
}
