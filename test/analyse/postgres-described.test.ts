import { beforeAll, describe, expect, test } from 'vitest';
import type { PostgresSpec } from '../../src/drain/index.ts';
import { ownDatabase } from '../drain/driver.ts';
import { analysed, type Case, found } from './driver.ts';

/** An outbox as its owners made it: qctl is told of it by flags alone. */
const OUTBOX = `
  CREATE TABLE outbox (
    notification_id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id bigint, channel text, message jsonb,
    delivery_status text NOT NULL DEFAULT 'queued', send_after timestamptz, created timestamptz, delivered_at timestamptz);
  INSERT INTO outbox (account_id, channel, message, delivery_status, send_after, created)
  SELECT i % 7, 'mail', '{}', CASE WHEN i % 5 = 0 THEN 'delivered' ELSE 'queued' END,
         now() + CASE WHEN i % 20 = 1 THEN interval '1 hour' ELSE interval '-1 hour' END, now() - i * interval '1 s'
    FROM generate_series(1, 400) i;
  ANALYZE outbox`;

let database: Awaited<ReturnType<typeof ownDatabase>>;

beforeAll(async () => {
  database = await ownDatabase();
  await database.sql(OUTBOX);
});

const caseOf = (spec: Partial<PostgresSpec>): Case => ({
  postgres: {
    url: database.url,
    spec: { table: 'outbox', id: ['notification_id'], payload: 'message', ...spec },
  },
});
const ready = "delivery_status = 'queued'";

describe('the order of a key', () => {
  test('by a random id is warned of, until a column that grows is named', async () => {
    const keyed = { ready, key: 'account_id' };
    expect(await found(caseOf(keyed), 'KEY_WITHOUT_ORDER')).toMatchObject([
      {
        level: 'warning',
        what: expect.stringContaining(
          'messages of one account_id come in the order of notification_id (uuid)',
        ),
        remedy: '--order created',
      },
    ]);
    expect(await found(caseOf({ ...keyed, order: ['created'] }), 'KEY_WITHOUT_ORDER')).toEqual([]);
    expect(await found(caseOf({ ready }), 'KEY_WITHOUT_ORDER')).toEqual([]);
  });

  test('by ids that begin with the time is none to warn of', async () => {
    await database.sql(
      'CREATE TABLE timely (id uuid PRIMARY KEY, account_id bigint, payload text, n serial)',
    );
    const insert = (version: number) =>
      database.sql(
        `INSERT INTO timely SELECT overlay(gen_random_uuid()::text PLACING '${version}' FROM 15 FOR 1)::uuid, 1, 'x'
           FROM generate_series(1, 5)`,
      );
    const timely = caseOf({ table: 'timely', id: ['id'], payload: 'payload', key: 'account_id' });
    await insert(7);
    expect(await found(timely, 'KEY_WITHOUT_ORDER')).toEqual([]);
    await insert(4);
    expect(await found(timely, 'KEY_WITHOUT_ORDER')).toMatchObject([{ remedy: '--order n' }]);
  });
});

describe('the condition', () => {
  test('that is missing is warned of where a column tells which rows wait', async () => {
    expect(await found(caseOf({}), 'READY_MISSING')).toMatchObject([
      {
        level: 'warning',
        what: expect.stringContaining("delivery_status has several values ('queued', 'delivered')"),
        remedy: `--ready "${ready}"`,
      },
    ]);
    expect(await found(caseOf({ mode: 'copy' }), 'READY_MISSING')).toMatchObject([{ level: 'note' }]);
    expect(await found(caseOf({ ready }), 'READY_MISSING')).toEqual([]);
  });

  test('that no row fulfils is told of with the values that there are', async () => {
    const misspelt = caseOf({ ready: "delivery_status = 'queud'" });
    expect(await found(misspelt, 'NOTHING_READY')).toMatchObject([
      {
        level: 'note',
        what: expect.stringContaining("delivery_status has 'queued', 'delivered'"),
        remedy: `did you mean --ready "${ready}"?`,
      },
    ]);
    await database.sql('CREATE TABLE unknown AS SELECT * FROM outbox');
    await database.sql('ALTER TABLE unknown ADD PRIMARY KEY (notification_id)');
    const unanalysed = caseOf({ table: 'unknown', ready: "delivery_status = 'queud'" });
    expect((await found(unanalysed, 'NOTHING_READY'))[0]!.what).toContain("'queued', 'delivered'");
    const other = await found(caseOf({ ready: 'account_id > 99' }), 'NOTHING_READY');
    expect(other[0]!.what).toMatch(
      /no row of public\.outbox fulfils account_id > 99, and the table is not empty$/,
    );
    expect(await found(caseOf({ ready }), 'NOTHING_READY')).toEqual([]);
  });
});

describe('a time to wait for', () => {
  test('that no field has is warned of while ready rows wait', async () => {
    expect(await found(caseOf({ ready }), 'NOT_BEFORE_UNUSED')).toMatchObject([
      {
        level: 'warning',
        what: expect.stringContaining('20 ready rows have send_after in the future'),
        remedy: '--not-before send_after',
      },
    ]);
    const waiting = { ready: `${ready} AND send_after <= now()` };
    expect(await found(caseOf(waiting), 'NOT_BEFORE_UNUSED')).toEqual([]);
    expect(await found(caseOf({ ready, notBefore: 'send_after' }), 'NOT_BEFORE_UNUSED')).toEqual([]);
  });

  test('columns that do not go along are named with the flag that carries them', async () => {
    const { moves } = await analysed(caseOf({ ready, key: 'account_id', order: ['created'] }));
    expect(moves[0]!.notCarried[0]).toContain(
      'columns channel, delivery_status, send_after, created, delivered_at of public.outbox: --attribute channel=channel carries one along',
    );
  });
});
