import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { beforeAll, expect, test } from 'vitest';
import type { SourceConfig } from '../../src/config/schema.ts';
import { sharedPostgres, sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { measuring } from './measuring.ts';

let url: string;
let measure: ReturnType<typeof measuring>;

const SOURCES: Record<string, SourceConfig> = {
  alerts: { kind: 'postgres', table: 'alerts', ready: "state = 'pending'" },
  jobs: { kind: 'postgres', format: 'pgbosss' },
  webhooks: { kind: 'sqs', queueUrl: '' },
};

beforeAll(async () => {
  const postgres = sharedPostgres();
  url = await postgres.createDatabase();
  await ask("CREATE TABLE alerts (id serial PRIMARY KEY, state text NOT NULL DEFAULT 'pending')");
  await ask(
    `INSERT INTO alerts (state) SELECT CASE WHEN n > 4 THEN 'processing' ELSE 'pending' END FROM generate_series(1, 6) n`,
  );
  measure = measuring({
    postgres: async () => ({ url }),
    config: async () => ({ sources: SOURCES, streams: {} }),
  });
});

const ask = (sql: string) => sharedPostgres().query(sql, [], new URL(url).pathname.slice(1));

test('rows that are ready, and rows that somebody has in hand', async () => {
  expect(await measure('source.depth', { source: 'alerts' })).toBe(4);
  expect(await measure('source.inFlight', { source: 'alerts', rows: "state = 'processing'" })).toBe(2);
  await expect(measure('source.inFlight', { source: 'alerts' })).rejects.toThrow('is not known');
});

test('a source that is not there, or names a format that is not there, is named', async () => {
  await expect(measure('source.depth', { source: 'alertz' })).rejects.toMatchObject({
    message: 'there is no source alertz in qctl.yaml',
    hint: ['did you mean alerts?'],
  });
  await expect(measure('source.depth', { source: 'jobs' })).rejects.toMatchObject({
    message: 'format pgbosss is not known',
    hint: expect.arrayContaining(['did you mean pgboss?']),
  });
});

test('messages of a queue, of which nothing is received', async () => {
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('webhooks'));
  await sqs.send(queueUrl, ['a', 'b', 'c']);
  await sqs.client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 1 }));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const options = { queueUrl, endpoint: sqs.endpoint, region: 'eu-west-1', credentials };
  const ofQueue = measuring({
    sqs: async () => options,
    config: async () => ({ sources: SOURCES, streams: {} }),
  });
  expect(await ofQueue('source.depth', { source: 'webhooks' })).toBe(2);
  expect(await ofQueue('source.inFlight', { source: 'webhooks' })).toBe(1);
  expect((await sqs.depth(queueUrl)).visible).toBe(2);
});

test.each([
  ['SELECT count(*) FROM alerts', 6],
  ['SELECT 1.5::numeric', 1.5],
  ['SELECT max(state) FROM alerts', 'processing'],
  ['SELECT true', true],
  ['SELECT id FROM alerts WHERE false', null],
  ['SELECT max(id) FROM alerts WHERE false', null],
])('%s gives %j', async (query, value) => {
  expect(await measure('sql', { query })).toBe(value);
});

test.each([
  ['SELECT id FROM alerts', 'gives 6 rows of 1 columns, expected one of one'],
  ['SELECT 1, 2', 'gives 1 rows of 2 columns'],
  ['SELECT now()', 'gives a time'],
  ['SELECT 1; SELECT 2', 'multiple commands'],
  ['DELETE FROM alerts RETURNING 1', 'read-only'],
  ['SELEC 1', 'syntax error'],
])('%s is an error', async (query, message) => {
  await expect(measure('sql', { query })).rejects.toThrow(message);
  expect(await measure('sql', { query: 'SELECT count(*) FROM alerts' })).toBe(6);
});

test('a query that nobody waits for any more is ended in the server', async () => {
  const stop = new AbortController();
  const asked = measure('sql', { query: 'SELECT pg_sleep(60)::text' }, stop.signal);
  const running = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
    AND query LIKE 'SELECT pg_sleep%'`;
  await waitFor(async () => (await ask(running)).length === 1);
  stop.abort();
  await expect(asked).rejects.toThrow();
  await waitFor(async () => (await ask(running)).length === 0);
});
