import type { SolidQueue } from './solid-queue-states.ts';

/**
 * Gives jobs that have been put back their executions. One with a concurrency key comes back as blocked,
 * its time over: so the dispatcher lets it in as soon as its semaphore allows. Nobody has said what the
 * limit is; only Ruby knows.
 */
export function restoreStatement(queue: SolidQueue): string {
  const { jobs, ready, scheduled, blocked, failed, now } = queue;
  const put = (table: string, columns: Record<string, string>, where: string): string =>
    `INSERT INTO ${table} (job_id, ${Object.keys(columns).join(', ')})
      SELECT id, ${Object.values(columns).join(', ')} FROM qctl_back WHERE ${where} ON CONFLICT (job_id) DO NOTHING`;
  const place = { queue_name: 'queue_name', priority: 'priority', created_at: now };
  const alive = `state IS DISTINCT FROM 'dead'`;
  const due = `${alive} AND (scheduled_at IS NULL OR scheduled_at <= ${now})`;
  return `
    WITH qctl_back AS (
      SELECT j.*, m.attr ->> 'state' AS state, m.attr ->> 'error' AS error
        FROM unnest($1::text[]::bigint[], $2::jsonb[]) AS m (id, attr) JOIN ${jobs} j ON j.id = m.id
       WHERE j.finished_at IS NULL),
    qctl_failed AS (${put(failed, { error: 'error', created_at: now }, `state = 'dead'`)}),
    qctl_scheduled AS (${put(scheduled, { ...place, scheduled_at: 'scheduled_at' }, `${alive} AND scheduled_at > ${now}`)}),
    qctl_blocked AS (${put(blocked, { ...place, concurrency_key: 'concurrency_key', expires_at: `${now} - interval '1 second'` }, `${due} AND concurrency_key IS NOT NULL`)})
    ${put(ready, place, `${due} AND concurrency_key IS NULL`)}`;
}
