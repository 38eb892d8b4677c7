import { beforeAll, expect, test } from 'vitest';
import { ownDatabase } from '../drain/driver.ts';
import { uniqueName } from '../support/shared.ts';
import { runCommand } from './run-command.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;

beforeAll(async () => {
  database = await ownDatabase();
  await database.sql(`
    CREATE TABLE outbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id bigint, channel text, message jsonb,
      delivery_status text NOT NULL, created timestamptz);
    INSERT INTO outbox (account_id, channel, message, delivery_status, created)
    SELECT i % 7, 'mail', '{}', CASE WHEN i % 4 = 0 THEN 'delivered' ELSE 'queued' END, now() FROM generate_series(1, 1200) i;
    ANALYZE outbox`);
});

const planned = (...more: string[]) =>
  runCommand([
    ...['drain', 'postgres', '--postgres-url', database.url, '--table', 'outbox', '--payload', 'message'],
    ...['--stream', uniqueName('described'), '--dry-run', ...more],
  ]);

test('the plan shows which rows are taken, in which order, and what the columns are used for', async () => {
  const { code, stdout } = await planned(
    ...['--ready', "delivery_status = 'queued'", '--key', 'account_id', '--order', 'created,id'],
    ...['--attribute', 'channel=channel'],
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/^rows +delivery_status = 'queued', of about 1,200$/m);
  expect(stdout).toMatch(/^order +created, id; kept within account_id$/m);
  expect(stdout).toMatch(/^columns +id id, body message, key account_id, attr\.channel channel$/m);
});

test('a condition that was forgotten, or misspelt, is told in the plan', async () => {
  const forgotten = await planned();
  expect(forgotten.stdout).toMatch(/^rows +all of about 1,200$/m);
  expect(forgotten.stdout).toContain(`-> --ready "delivery_status = 'queued'"`);
  const misspelt = await planned('--ready', "delivery_status = 'queud'", '-o', 'json');
  const { depth, described, findings } = JSON.parse(misspelt.stdout);
  expect(depth.ready).toBe(0);
  expect(described).toEqual({
    ready: "delivery_status = 'queud'",
    rows: 1200,
    order: ['id'],
    key: null,
    fields: { id: 'id', body: 'message' },
  });
  expect(findings).toContainEqual(
    expect.objectContaining({
      code: 'NOTHING_READY',
      text: expect.stringContaining("delivery_status has 'queued', 'delivered'"),
      remedy: `did you mean --ready "delivery_status = 'queued'"?`,
    }),
  );
});
