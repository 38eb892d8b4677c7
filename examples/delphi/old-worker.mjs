// delphi-agent-enricher and email-sender as they were: each takes a row of its stage, works on it in a transaction, takes
// the next, and looks again after 100 ms where there is none. At SIGTERM it finishes what it has in hand.
//   node old-worker.mjs enricher|sender
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { askLlm, askWazuh, sendMail } from './calls.mjs';

const POLL_MS = 100;

const stages = {
  enricher: {
    takes: 'new',
    async work({ id, payload }) {
      const agent = await askWazuh(payload);
      await client.query(`UPDATE alerts SET state = 'enriched', agent = $2 WHERE id = $1`, [id, agent]);
    },
  },
  sender: {
    takes: 'enriched',
    async work({ id, payload, agent }) {
      await sendMail(payload, await askLlm(payload, agent), 'old');
      await client.query(`UPDATE alerts SET state = 'sent' WHERE id = $1`, [id]);
    },
  },
};

const stage = stages[process.argv[2]];
const client = new pg.Client({ connectionString: process.env.DELPHI_DATABASE_URL });
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});

/** True where there was one. */
async function takeOne() {
  await client.query('BEGIN');
  const { rows } = await client.query(
    'SELECT * FROM alerts WHERE state = $1 ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED',
    [stage.takes],
  );
  if (rows[0]) await stage.work(rows[0]);
  await client.query('COMMIT');
  return rows.length > 0;
}

await client.connect();
while (!stopping) {
  const found = await takeOne().catch(async (error) => {
    process.stderr.write(`${error.message}\n`);
    await client.query('ROLLBACK');
    return false;
  });
  if (!found) await sleep(POLL_MS);
}
await client.end();
