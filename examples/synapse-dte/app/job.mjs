// The work itself, the same on both sides: steps with an effect each, and a result.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One statement: a step that has had its effect has none again. */
const EFFECT = `
  WITH new AS (INSERT INTO effects VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1)
  INSERT INTO reports SELECT $1, count(*) FROM new
  ON CONFLICT (job_id) DO UPDATE SET items = reports.items + excluded.items`;
const RESULT = `
  INSERT INTO results (job_id, type, side, host, ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (job_id) DO NOTHING`;

/** What happened, told by whoever did it: the scenario believes these lines, not qctl. */
export function tell(what) {
  appendFileSync(
    join(process.env.EVIDENCE, `${process.env.POD_NAME}.ndjson`),
    `${JSON.stringify({ at: Date.now(), ...what })}\n`,
  );
}

/**
 * Carries a job out from step `from` on, for the reason `why`. `afterStep(index)` says how to go on: `go`, else it ends with that word.
 * `slowerMs()` is what spoils this side.
 */
export async function carryOut(pool, job, { from, why, side, afterStep, slowerMs = () => 0 }) {
  const host = process.env.POD_NAME;
  tell({ event: 'began', job: job.id, from, why, side, host, pid: process.pid });
  for (let index = from; index < job.total; index += 1) {
    await sleep(job.stepMs + slowerMs(job.type));
    await pool.query(EFFECT, [job.id, index]);
    tell({ event: 'step', job: job.id, step: index, side, host });
    const order = await afterStep(index + 1);
    if (order !== 'go') return order;
  }
  await pool.query(RESULT, [job.id, job.type, side, host, Date.now() - job.submittedAt]);
  return 'completed';
}
