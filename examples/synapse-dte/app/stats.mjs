// What the checks of the plans ask for: how long jobs took, and how many came through.
const LATENCY = `
  SELECT avg(ms)::float8 AS value FROM (
    SELECT ms FROM results WHERE type = $1 AND side = $2 AND finished_at > $3 ORDER BY finished_at DESC LIMIT 20) newest`;
const COMPLETION = `
  SELECT sum(good)::float8 / count(*) AS value FROM (
    SELECT 1 AS good FROM results WHERE type = $1 AND side = $2 AND finished_at > $3
     UNION ALL SELECT 0 FROM failures WHERE type = $1 AND side = $2 AND at > $3) ended`;

/** Of that side since then: `latencyMs`, of the newest twenty jobs, and `completionRate`; null where nothing has ended yet. */
export async function statsOf(pool, type, { side, since }) {
  const values = [type, side, since];
  const [latency, completion] = await Promise.all([
    pool.query(LATENCY, values),
    pool.query(COMPLETION, values),
  ]);
  return { type, side, since, latencyMs: latency.rows[0].value, completionRate: completion.rows[0].value };
}
