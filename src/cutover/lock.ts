import { randomBytes } from 'node:crypto';
import { isGone, type ProcessPlace, placeOfThisProcess } from '../backends/process/place.ts';
import { runScript } from '../backends/redis/index.ts';
import { releaseCutoverLock } from '../backends/redis/scripts/cutover/release-lock.ts';
import { takeCutoverLock } from '../backends/redis/scripts/cutover/take-lock.ts';
import { QctlError } from '../errors.ts';
import { cutoverKeys, cutoverLockKey } from '../model/keys.ts';
import { pause } from '../model/patience.ts';
import { askRedis } from './door.ts';
import type { CutoverHost } from './host.ts';

/** A lock, as anybody sees it. */
export interface LockStatus {
  name: string;
  /** `hand`: it was taken by `lock acquire`, and has no end. `free`: nobody holds it. */
  kind: 'run' | 'hand' | 'free';
  /** The run that holds it; null: none. */
  run: string | null;
  host: string | null;
  pid: number | null;
  /** `user@host`. */
  by: string | null;
  reason: string | null;
  /** RFC 3339. */
  since: string | null;
  /** RFC 3339; null where it has none. */
  leaseUntil: string | null;
  /** False: the process that held it is gone, or silent for longer than its lease. */
  alive: boolean;
  /** Number of the last holding; never falls. */
  fence: number;
  /** The run that last began under this lock; null: none is known. */
  lastRun: string | null;
}

/** Who wants a lock, and what for. */
export interface LockClaim {
  run: string;
  by: string;
  host: string;
  reason: string;
  leaseMs: number;
  /** The highest fence that the journal knows of: a server that has lost its data begins behind it. */
  lastFence: number;
  /** False where the run goes on with what it has begun. */
  fresh: boolean;
}

/** A lock that was taken. */
export interface HeldLock {
  name: string;
  token: string;
  fence: number;
  sinceMs: number;
  place: ProcessPlace;
  claim: LockClaim;
}

/** How long, and how, one waits for a lock. */
export interface LockWait {
  /** 0: not at all. */
  waitMs: number;
  signal: AbortSignal;
  waiting(reason: string | null): void;
}

const ASK_AGAIN_MS = 500;

/** Looks at a lock; reads only. */
export async function lockStatus(host: CutoverHost, name: string): Promise<LockStatus> {
  return (await look(host, name)).status;
}

interface Look {
  status: LockStatus;
  token: string;
  /** The process is seen to be gone, though its lease runs. */
  gone: boolean;
}

async function look(host: CutoverHost, name: string): Promise<Look> {
  const [time, lock] = await askRedis(host, 'look at the lock', ({ client }) =>
    Promise.all([client.time(), client.hgetall(cutoverLockKey(name))]),
  );
  const held = (lock.holder ?? '') !== '';
  const hand = lock.kind === 'hand';
  const place = held && lock.process ? (JSON.parse(lock.process) as ProcessPlace) : undefined;
  const gone = held && !hand && place !== undefined && isGone(place);
  const status: LockStatus = {
    name,
    kind: held ? (hand ? 'hand' : 'run') : 'free',
    run: held && !hand ? lock.holder! : null,
    host: held ? (lock.host ?? null) : null,
    pid: place?.pid ?? null,
    by: held ? (lock.by ?? null) : null,
    reason: held ? lock.reason || null : null,
    since: held ? timeOf(lock.since) : null,
    leaseUntil: held && !hand ? timeOf(lock.until) : null,
    alive: held && (hand || (!gone && Number(lock.until ?? 0) > Number(time[0]) * 1000)),
    fence: Number(lock.fence ?? 0),
    lastRun: lock.last || null,
  };
  return { status, token: held ? (lock.token ?? '') : '', gone };
}

function timeOf(ms: string | undefined): string | null {
  return ms === undefined || ms === '0' ? null : new Date(Number(ms)).toISOString();
}

/**
 * Takes the lock for a run. Throws `locked` where somebody holds it (one who holds it by hand is not waited
 * for), `refused` UNFINISHED_RUN where it belongs to a run that nobody has brought to its end.
 */
export async function takeLock(
  host: CutoverHost,
  name: string,
  claim: LockClaim,
  wait: LockWait,
): Promise<HeldLock> {
  const until = performance.now() + wait.waitMs;
  for (;;) {
    wait.signal.throwIfAborted();
    const seen = await look(host, name);
    const held = await tryTake(host, name, claim, seen);
    if (typeof held !== 'string') {
      wait.waiting(null);
      return held;
    }
    if (held === 'dead') throw unfinished(seen.status);
    if (seen.status.kind === 'hand' || performance.now() >= until) throw locked(seen.status);
    wait.waiting(`lock ${name} is held by ${holderText(seen.status)}`);
    await pause(ASK_AGAIN_MS, wait.signal);
  }
}

async function tryTake(
  host: CutoverHost,
  name: string,
  claim: LockClaim,
  seen: Look,
): Promise<HeldLock | 'held' | 'dead'> {
  const token = randomBytes(8).toString('hex');
  const place = placeOfThisProcess();
  const replace = await replaceable(host, seen, claim.run);
  const { run, by, reason, leaseMs, lastFence, fresh } = claim;
  const args = [run, token, 'run', claim.host, by, reason, leaseMs, lastFence];
  const more = [seen.gone ? seen.token : '-', replace, JSON.stringify(place), fresh ? '1' : '0'];
  const [outcome, fence] = (await askRedis(host, 'take the lock', ({ client }) =>
    runScript(client, takeCutoverLock, [cutoverLockKey(name)], [...args, ...more]),
  )) as [string, string];
  if (outcome !== 'ok') return outcome as 'held' | 'dead';
  return { name, token, fence: Number(fence), sinceMs: host.now().getTime(), place, claim };
}

/** The token of a dead holder whose run is over, or never began, which may be replaced; `-`: there is none. */
async function replaceable(host: CutoverHost, { status, token }: Look, run: string): Promise<string> {
  if (status.alive || status.run === null || status.run === run) return '-';
  const { record, journal } = cutoverKeys(status.run);
  const [state, lines] = await askRedis(host, 'look at the run', ({ client }) =>
    Promise.all([client.hget(record, 'state'), client.llen(journal)]),
  );
  // Nothing is changed before Redis has the line that says so: a run without any has never begun.
  const unbegun = state === null && lines === 0;
  return unbegun || state === 'completed' || state === 'rolledBack' ? token : '-';
}

/** Takes a lock by hand: nobody waits for it, and it has no end. Throws `locked` where somebody holds it. */
export async function acquireLock(host: CutoverHost, name: string, reason: string): Promise<LockStatus> {
  const { by, host: where } = host.operator;
  const token = randomBytes(8).toString('hex');
  const args = [by, token, 'hand', where, by, reason, 0, 0, '-', '-', '', '0'];
  const [outcome] = (await askRedis(host, 'take the lock', ({ client }) =>
    runScript(client, takeCutoverLock, [cutoverLockKey(name)], args),
  )) as [string];
  const status = await lockStatus(host, name);
  if (outcome === 'ok') return status;
  throw outcome === 'dead' ? unfinished(status) : locked(status);
}

/**
 * Releases a lock that was taken by hand; with `force` any: whoever is at work stops before its next step.
 * Returns what it was. Throws `refused` where a run holds it and it is not forced.
 */
export async function releaseLock(
  host: CutoverHost,
  name: string,
  { force = false } = {},
): Promise<LockStatus> {
  const { status, token } = await look(host, name);
  if (status.kind === 'free') return status;
  if (status.kind === 'run' && !force) throw status.alive ? inUse(status) : unfinished(status);
  await askRedis(host, 'release the lock', ({ client }) =>
    runScript(client, releaseCutoverLock, [cutoverLockKey(name)], [token, force ? 'force' : 'free']),
  );
  return status;
}

/** Ends a holding; `leave`: the run is not over, and only it may take the lock up again. */
export async function giveUpLock(host: CutoverHost, held: HeldLock, how: 'free' | 'leave'): Promise<void> {
  await askRedis(host, 'release the lock', ({ client }) =>
    runScript(client, releaseCutoverLock, [cutoverLockKey(held.name)], [held.token, how]),
  );
}

function holderText({ run, by, host, since, reason }: LockStatus): string {
  const who = run === null ? `${by} by hand` : `run ${run} on ${host}`;
  return `${who} since ${since}${reason ? ` (${reason})` : ''}`;
}

function locked(status: LockStatus): QctlError {
  const byHand = status.kind === 'hand';
  return new QctlError('locked', `lock ${status.name} is held by ${holderText(status)}`, {
    code: 'LOCKED',
    hint: byHand
      ? ['it was taken by hand and is not waited for', `qctl cutover lock release ${status.name}`]
      : [`qctl cutover status ${status.run}`, 'wait for it with --lock-wait'],
    details: { lock: status.name, run: status.run, host: status.host, since: status.since },
  });
}

function unfinished({ name, run }: LockStatus): QctlError {
  return new QctlError(
    'refused',
    `run ${run} holds lock ${name}, is not at its end, and nobody is at work on it`,
    {
      code: 'UNFINISHED_RUN',
      hint: [`to go on with it: qctl cutover resume ${run}`, `to go back: qctl rollback ${run}`],
      details: { lock: name, run },
    },
  );
}

function inUse({ name, run, host }: LockStatus): QctlError {
  return new QctlError('refused', `run ${run} on ${host} is at work under lock ${name}`, {
    code: 'LOCK_IN_USE',
    hint: [`to go back: qctl cutover abort ${run}`, 'where its process is known to be gone: --force'],
    details: { lock: name, run },
  });
}
