import type { ClaimSpec } from '../spec.ts';
import { isClaimTime } from './parts.ts';

/**
 * Two workers of our own: one for jobs that were waiting, which a release makes `todo` again, and one
 * for what others had left in `doing` or `failed`, whose status stays.
 */
export function procrastinateClaim(table: string, workers: string): ClaimSpec {
  const fresh = ':time::timestamptz';
  const left = "(:time::timestamptz + interval '10 years')";
  // Without its row there is no such worker, and the foreign key says so.
  const worker = (at: string): string =>
    `coalesce((SELECT min(w.id) FROM ${workers} w WHERE w.last_heartbeat = ${at}), -1)`;
  const register = (at: string): string =>
    `INSERT INTO ${workers} (last_heartbeat) SELECT ${at}
      WHERE NOT EXISTS (SELECT 1 FROM ${workers} w WHERE w.last_heartbeat = ${at})`;
  const waited = `t.worker_id IN (SELECT w.id FROM ${workers} w WHERE w.last_heartbeat = ${fresh})`;
  return {
    prepare: [register(fresh), register(left)],
    set: {
      status: "CASE WHEN t.status = 'todo' THEN 'doing' ELSE t.status END",
      worker_id: `CASE WHEN t.status = 'todo' THEN ${worker(fresh)} ELSE ${worker(left)} END`,
    },
    held: `t.status <> 'todo' AND t.worker_id IN (
      SELECT w.id FROM ${workers} w WHERE w.last_heartbeat IN (${fresh}, ${left}))`,
    anyones: {
      held: `t.worker_id IN (SELECT w.id FROM ${workers} w WHERE ${isClaimTime('w.last_heartbeat')})`,
    },
    release: {
      // Somebody may have asked to abort it meanwhile, and then it was to be cancelled.
      status: `CASE WHEN ${waited} AND t.abort_requested THEN 'cancelled' WHEN ${waited} THEN 'todo' ELSE t.status END`,
      abort_requested: `t.abort_requested AND NOT ${waited}`,
      queueing_lock: freeQueueingLock(table, 't.queueing_lock', `CASE WHEN ${waited} THEN 'todo' END`),
      worker_id: 'NULL',
    },
    cleanup: [
      `DELETE FROM ${workers} w WHERE w.last_heartbeat IN (${fresh}, ${left})
         AND NOT EXISTS (SELECT 1 FROM ${table} t WHERE t.worker_id = w.id)`,
    ],
    single: 't.lock',
  };
}

/** A queueing lock is of one waiting job only: who comes back and finds it taken comes back without. */
export function freeQueueingLock(table: string, lock: string, status: string): string {
  return `CASE WHEN ${status} = 'todo' AND EXISTS (
    SELECT 1 FROM ${table} o WHERE o.queueing_lock = ${lock} AND o.status = 'todo') THEN NULL ELSE ${lock} END`;
}
