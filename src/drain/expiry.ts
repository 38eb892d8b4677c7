import type { Cluster, Redis } from 'ioredis';
import { runScript } from '../backends/redis/script.ts';
import { expireRun } from '../backends/redis/scripts/expire-run.ts';
import { markLock } from '../backends/redis/scripts/mark-lock.ts';
import { lockKey, partitionKeys, runKey, streamKeys } from '../model/keys.ts';
import type { Manifest } from './manifest.ts';
import type { RunStore } from './run-store.ts';

/*
 * What is kept of a run stands in several slots and cannot expire in one step. The order below makes
 * every half-done state a harmless one:
 *
 * - The record goes first, its checkpoints an hour later: who still finds the record finds the checkpoints.
 *   A record without them would look like a Redis that has lost data.
 * - Expiring: a mark on the lock, the record, then the checkpoints. Killed in between, some small hashes
 *   stay for good.
 * - Keeping: the checkpoints, then the record. Killed in between, the record expires and the next call
 *   begins a new run; nothing was open, else nothing would have been about to expire.
 * - The record expires only while nobody is at work on it, and every beat keeps it. Whoever is at work
 *   keeps the checkpoints every few minutes, which are given an hour at least: a process that joins
 *   while another one is about to let them expire loses nothing.
 * - A run with open messages never expires: its marker is what keeps them from being doubled.
 */

/** Checkpoints outlive the record by this. */
const MARGIN_MS = 3_600_000;
/** How often whoever is at work keeps the checkpoints. */
export const KEEP_MS = 600_000;

/** The default of `--checkpoint-ttl`. */
export const CHECKPOINT_TTL_MS = 7 * 86_400_000;

/** What is kept of a run: the name of its lock, and the keys beside its streams. */
export interface Kept {
  run: string;
  lock: string;
  keys: string[];
}

/** Lets what is kept of a run expire, where nothing of it is open; returns whether it will. */
export async function letExpire(
  client: Redis | Cluster,
  manifest: Manifest,
  open: number,
  ttlMs: number,
): Promise<boolean> {
  if (open > 0) return false;
  const lock = `drain:${manifest.sourceIdentity}`;
  return letKeptExpire(client, { run: manifest.run, lock, keys: keysOf(manifest) }, ttlMs);
}

/** The same for a run of any kind of which nothing is open. */
export async function letKeptExpire(
  client: Redis | Cluster,
  { run, lock, keys }: Kept,
  ttlMs: number,
): Promise<boolean> {
  if (!Number.isFinite(ttlMs)) return false;
  await runScript(client, markLock, [lockKey(lock)], [run]);
  const expires = await runScript(client, expireRun, [runKey(run)], [Math.ceil(ttlMs)]);
  if (expires !== 1) return false;
  await Promise.all(keys.map((key) => client.pexpire(key, Math.ceil(ttlMs) + MARGIN_MS)));
  return true;
}

/** Keeps what stands beside the streams of a run; its record is kept by every beat. May be repeated. */
export async function keep(client: Redis | Cluster, manifest: Manifest): Promise<void> {
  await Promise.all(keysOf(manifest).map((key) => client.persist(key)));
}

/** Keys beside the streams; those of the ledger are its first run's. */
function keysOf({ run, ledgerRun, lanes, target }: Manifest): string[] {
  return partitionKeys(target.stream, target.partitions).flatMap((stream) => {
    const keys = streamKeys(stream);
    if (lanes === 0) return [keys.ledger(ledgerRun), keys.stats(run)];
    return Array.from({ length: lanes }, (_, lane) => keys.checkpoint(run, lane));
  });
}

/** When a run's record expires, RFC 3339; null where it does not. */
export async function expiresAt(client: Redis | Cluster, run: string, nowMs: number): Promise<string | null> {
  // Who may only look at runs may not be allowed to ask this.
  const leftMs = await client.pttl(runKey(run)).catch(() => -1);
  return leftMs < 0 ? null : new Date(nowMs + leftMs).toISOString();
}

/**
 * After a source was found empty, nothing that earlier runs of it have left open can come back: their
 * records and ledgers may go.
 */
export async function letEarlierExpire(
  client: Redis | Cluster,
  store: RunStore,
  manifest: Manifest,
  ttlMs: number,
): Promise<void> {
  if (!Number.isFinite(ttlMs)) return;
  const earlier = [...(manifest.elsewhere ?? []).map(({ ledgerRun }) => ledgerRun), manifest.ledgerRun];
  for (const run of earlier) {
    const record = run === manifest.run ? undefined : await store.load(run);
    if (record) await letExpire(client, record.manifest, 0, ttlMs);
  }
  for (const { stream, partitions, ledgerRun } of manifest.elsewhere ?? [])
    for (const key of partitionKeys(stream, partitions))
      await client.pexpire(streamKeys(key).ledger(ledgerRun), Math.ceil(ttlMs) + MARGIN_MS);
}
