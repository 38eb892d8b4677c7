/*
 * Correlation engine V1: takes events from its event store, a table, and evaluates one rule after the other, each with
 * a lookup of its own. At SIGTERM it finishes what it has in hand.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { CONTEXT, contextField, judge, rulesFor } from './rules.mjs';

const { env } = process;
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});

const redis = new Redis(env.REDIS_URL, { maxRetriesPerRequest: null });
redis.on('error', () => {});
const store = new pg.Client({ connectionString: env.DATABASE_URL });
await store.connect();

const TAKE = `SELECT id, namespace, category, payload FROM event_store WHERE state = 'pending'
  ORDER BY seq LIMIT 20 FOR UPDATE SKIP LOCKED`;

async function correlate({ id, namespace, category, payload }) {
  const event = JSON.parse(payload);
  const findings = [];
  for (const rule of rulesFor(category))
    findings.push(judge(event, rule, await redis.hget(CONTEXT, contextField(namespace, rule))));
  const fields = {
    eventId: id,
    engine: 'v1',
    namespace,
    category: category ?? '',
    at: new Date().toISOString(),
  };
  await redis.xadd(env.RESULTS, '*', ...Object.entries(fields).flat(), 'body', JSON.stringify(findings));
}

while (!stopping) {
  await store.query('BEGIN');
  const { rows } = await store.query(TAKE);
  for (const row of rows) await correlate(row);
  await store.query('DELETE FROM event_store WHERE id = ANY($1)', [rows.map(({ id }) => id)]);
  await store.query('COMMIT');
  if (rows.length === 0) await sleep(20);
}
await store.end();
redis.disconnect();
