import { randomBytes } from 'node:crypto';
import { isGone, type ProcessPlace, placeOfThisProcess } from '../backends/process/place.ts';
import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { releaseCutoverLock } from '../backends/redis/scripts/cutover/release-lock.ts';
import { takeCutoverLock } from '../backends/redis/scripts/cutover/take-lock.ts';
import { QctlError } from '../errors.ts';
import { MAINTAIN_LOCK } from '../model/keys.ts';
import { ask } from './ask.ts';

/** Who does maintenance. */
export interface Operator {
  by: string;
  host: string;
}

/** The lock as it was taken: one for all hosts. */
export interface HeldLock {
  holder: string;
  token: string;
  /** Number of this holding; never falls. */
  fence: number;
  operator: Operator;
  /** What it is held for. */
  reason: string;
  sinceMs: number;
  place: ProcessPlace;
  /** The stream with which the run before did not get to begin; null: it got through. */
  next: string | null;
  /** Who held it before and has gone without a word; null: nobody. */
  lostHolder: string | null;
}

/** A holder that was killed is missed after this; whoever lives says so three times as often. */
export const LEASE_MS = 15_000;

/**
 * Takes the lock. A holder whose lease is over is replaced, and so is one that this very host can see to be gone.
 * Throws `locked` MAINTAIN_LOCKED, which names who holds it since when.
 */
export async function takeLock(
  redis: RedisConnection,
  operator: Operator,
  reason: string,
  leaseMs = LEASE_MS,
): Promise<HeldLock> {
  const seen = await ask(redis, 'look at the lock of maintenance', () => redis.client.hgetall(MAINTAIN_LOCK));
  const place = placeOfThisProcess();
  const holder = `${operator.host}:${place.pid}`;
  const token = randomBytes(8).toString('hex');
  const last = seen.token || '-';
  const gone = seen.process && isGone(JSON.parse(seen.process) as ProcessPlace) ? last : '-';
  const args = [holder, token, 'run', operator.host, operator.by, reason, leaseMs, 0, gone, last];
  const [outcome, fence] = (await ask(redis, 'take the lock of maintenance', () =>
    runScript(redis.client, takeCutoverLock, [MAINTAIN_LOCK], [...args, JSON.stringify(place), '0']),
  )) as [string, string];
  if (outcome !== 'ok') throw await locked(redis);
  return {
    ...{ holder, token, fence: Number(fence), operator, reason, sinceMs: Date.now(), place },
    next: seen.next || null,
    lostHolder: seen.holder ? holderText(seen) : null,
  };
}

/** Ends a holding, and notes with which stream the next one begins. */
export async function releaseLock(
  redis: RedisConnection,
  held: HeldLock,
  next: string | null,
): Promise<void> {
  await ask(redis, 'release the lock of maintenance', async () => {
    // The order of streams is all that two who do this at once could get wrong.
    if (next !== held.next) await redis.client.hset(MAINTAIN_LOCK, 'next', next ?? '');
    await runScript(redis.client, releaseCutoverLock, [MAINTAIN_LOCK], [held.token, 'free']);
  });
}

async function locked(redis: RedisConnection): Promise<QctlError> {
  const now = await redis.client.hgetall(MAINTAIN_LOCK).catch(() => ({}) as Record<string, string>);
  // Between two looks it may have been released: somebody was at work all the same.
  const text = now.holder ? `maintenance is under way: ${holderText(now)}` : 'maintenance was under way';
  return new QctlError('locked', text, {
    code: 'MAINTAIN_LOCKED',
    hint: [
      'nothing was done; what is left the next run does',
      `a holder that is gone loses the lock within ${LEASE_MS / 1000}s`,
    ],
    details: { holder: now.holder ?? null, host: now.host ?? null, since: sinceOf(now) },
  });
}

function holderText(lock: Record<string, string>): string {
  const pid = lock.process ? `pid ${(JSON.parse(lock.process) as ProcessPlace).pid}, ` : '';
  return `${lock.by}@${lock.host} (${pid}${lock.reason}) since ${sinceOf(lock)}`;
}

function sinceOf({ since }: Record<string, string>): string | null {
  return since ? new Date(Number(since)).toISOString() : null;
}
