// The old side: a pool of threads in the web application, fed from a table that it looks at every second and a half.
import { carryOut } from './job.mjs';
import { keysOf } from './job-scripts.mjs';

const SLOTS = 300;
const POLL_MS = 1500;
const TAKE = `
  UPDATE jobs SET state = 'running' WHERE id IN (
    SELECT id FROM jobs WHERE state = 'pending' AND taken_by IS NULL ORDER BY enqueued_at LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING id, payload`;

/** Starts it. A job that comes back from the new side goes on from its checkpoint. */
export function startPool(pool, redis) {
  let busy = 0;
  const run = async ({ id, payload }) => {
    const { job, checkpoint } = keysOf(id);
    const index = await redis.hget(checkpoint, 'current_index');
    const why = index === null ? 'new' : 'checkpoint';
    await carryOut(pool, payload, {
      from: Number(index ?? 0),
      why,
      side: 'old',
      afterStep: async () => 'go',
    });
    await pool.query('DELETE FROM jobs WHERE id = $1', [id]);
    await redis.del(checkpoint, job);
  };
  const look = async () => {
    const { rows } = await pool.query(TAKE, [SLOTS - busy]);
    for (const row of rows) {
      busy += 1;
      run(row)
        .catch((error) => console.error(error))
        .finally(() => {
          busy -= 1;
        });
    }
  };
  setInterval(() => void (busy < SLOTS && look().catch((error) => console.error(error))), POLL_MS);
}
