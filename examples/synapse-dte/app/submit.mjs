// The adapter before both sides: asks the route of the type, for each job, where it goes.
import { createHash } from 'node:crypto';
import { Router } from 'qctl/router';
import { tell } from './job.mjs';
import { keysOf, streamOf } from './job-scripts.mjs';

const INSERT = 'INSERT INTO jobs (id, type, report_id, payload) VALUES ($1, $2, $3, $4)';
const REPORTS = 200;
const GOLDEN = 0.618034;
const DAY_MS = 86_400_000;

/** The router of each type, and `sides`: which side stats are about, since when. */
export async function openRouters(types, redis) {
  const sides = {};
  const open = async (route) => {
    const router = await Router.open({ redis, route, fallback: 'old', pollIntervalMs: 100 });
    const look = () => {
      const side = router.status.percent > 0 ? 'new' : 'old';
      if (sides[route]?.side !== side) sides[route] = { side, since: new Date() };
    };
    router.on('change', look);
    look();
    return [route, router];
  };
  return { routers: Object.fromEntries(await Promise.all(types.map(open))), sides };
}

/**
 * The reports in an order in which any ten in a row come from all tenths of the route: minutes of many users in a
 * second of an example.
 */
function reportsFor(type) {
  const place = (key) =>
    Number.parseInt(createHash('sha1').update(`${type}:${key}`).digest('hex').slice(0, 8), 16) % 10_000;
  const sorted = Array.from({ length: REPORTS }, (_, n) => `report-${n}`).sort((a, b) => place(a) - place(b));
  let at = 0;
  return () => {
    at = (at + GOLDEN) % 1;
    return sorted[Math.floor(at * REPORTS)];
  };
}

/** All jobs of one report go to the same side: the key is the report. */
export function submitter(routers, pool, redis) {
  const counts = {};
  const reports = Object.fromEntries(Object.keys(routers).map((type) => [type, reportsFor(type)]));
  return async ({ type, report, total = 2, stepMs = 4, ttlMs = DAY_MS, id }) => {
    counts[type] = (counts[type] ?? 0) + 1;
    const key = report ?? reports[type]();
    const job = {
      id: id ?? `${type}-${counts[type]}`,
      type,
      report: key,
      total,
      stepMs,
      ttlMs,
      submittedAt: Date.now(),
    };
    const router = routers[type];
    const [side, percent] = [router.side({ key, type }), router.status.percent ?? 0];
    const body = JSON.stringify(job);
    // In the shape that qctl writes itself, so that it can be given back as it is.
    const entry = [
      'id',
      job.id,
      'body',
      body,
      'type',
      type,
      'key',
      key,
      'enqueuedAt',
      new Date().toISOString(),
    ];
    const known = { status: 'queued', task_name: type, total_items: total };
    if (side === 'new')
      await redis
        .multi()
        .hset(keysOf(job.id).job, known)
        .xadd(streamOf(type), '*', ...entry)
        .exec();
    else await pool.query(INSERT, [job.id, type, key, body]);
    tell({ event: 'submitted', job: job.id, type, key, side, percent, total });
    return { id: job.id, side };
  };
}
