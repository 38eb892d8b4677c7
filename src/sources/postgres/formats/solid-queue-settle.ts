import { HOLDING, markOf, type SolidQueue, STATES } from './solid-queue-states.ts';

/**
 * Deletes jobs, and with them by their foreign keys what else stands of them. A job that was ready held
 * one of its semaphore: the next one that waits for it takes its place, as when Solid Queue finishes a
 * job; where none waits, the semaphore gets it back.
 */
export function settleStatement(queue: SolidQueue): string {
  const { jobs, ready, blocked, semaphores, now } = queue;
  const marks = STATES.map((state) => markOf(state, queue)).join(', ');
  const holding = HOLDING.map((state) => markOf(state, queue)).join(', ');
  return `
    WITH qctl_done AS MATERIALIZED (
      SELECT id, concurrency_key, finished_at FROM ${jobs}
       WHERE id = ANY($1::text[]::bigint[]) AND finished_at IN (${marks})),
    qctl_freed AS MATERIALIZED (
      SELECT s.key AS qctl_key, f.n FROM ${semaphores} s JOIN (
        SELECT concurrency_key, count(*)::int AS n FROM qctl_done
         WHERE concurrency_key IS NOT NULL AND finished_at IN (${holding}) GROUP BY 1) f ON f.concurrency_key = s.key
       ORDER BY s.key FOR UPDATE OF s),
    qctl_next AS MATERIALIZED (
      SELECT w.* FROM qctl_freed f CROSS JOIN LATERAL (
        SELECT b.id, b.job_id, b.queue_name, b.priority, b.concurrency_key, b.expires_at - b.created_at AS lasts
          FROM ${blocked} b WHERE b.concurrency_key = f.qctl_key ORDER BY b.priority, b.job_id LIMIT f.n
           FOR UPDATE SKIP LOCKED) w),
    qctl_promoted AS (
      INSERT INTO ${ready} (job_id, queue_name, priority, created_at)
      SELECT job_id, queue_name, priority, ${now} FROM qctl_next ON CONFLICT (job_id) DO NOTHING),
    qctl_unblocked AS (DELETE FROM ${blocked} b USING qctl_next x WHERE b.id = x.id),
    qctl_signalled AS (
      UPDATE ${semaphores} s SET value = s.value + f.n - coalesce(p.n, 0)::int, updated_at = ${now},
             expires_at = coalesce(${now} + p.lasts, s.expires_at)
        FROM qctl_freed f LEFT JOIN (
          SELECT concurrency_key, count(*) AS n, max(lasts) AS lasts FROM qctl_next GROUP BY 1) p
          ON p.concurrency_key = f.qctl_key
       WHERE s.key = f.qctl_key)
    DELETE FROM ${jobs} t WHERE t.id IN (SELECT id FROM qctl_done)`;
}
