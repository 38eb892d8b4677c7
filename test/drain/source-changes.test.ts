import {
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../commands/drain/run-drain.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { type DrainCase, drain, entriesOf, failureOf, ownDatabase } from './driver.ts';

/** A drain in whose middle something happens, once. */
async function drainWhile(test: DrainCase, after: number, happening: () => Promise<unknown>) {
  let happened: Promise<unknown> | undefined;
  const outcome = await drain({
    ...test,
    onSnapshot: ({ appended }) => {
      if (appended >= after) happened ??= happening();
    },
  });
  expect(happened, 'nothing has happened').toBeDefined();
  await happened;
  return outcome;
}

async function queueWith(messages: number, rate = 200) {
  const sqs = sharedSqs();
  const name = uniqueName('changed');
  const queueUrl = await sqs.createQueue(name);
  const created = Date.now();
  await sqs.send(
    queueUrl,
    Array.from({ length: messages }, (_, n) => `message ${n}`),
  );
  const stream = uniqueName('changed');
  const of = (settings: DrainCase['settings'] = {}): DrainCase => ({
    queueUrl,
    endpoint: sqs.endpoint,
    target: { stream },
    settings: { ratePerSecond: rate, ...settings },
  });
  /** Works on messages as an old consumer does. */
  const consume = async (count: number) => {
    for (let taken = 0; taken < count; ) {
      const { Messages = [] } = await sqs.client.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
      );
      const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      await sqs.client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      taken += Messages.length;
    }
  };
  return { sqs, name, queueUrl, stream, created, of, consume };
}

describe.concurrent('a queue', () => {
  test('of which another consumer takes a part is not called drained', async () => {
    const queue = await queueWith(600);
    const { report, notes } = await drainWhile(queue.of(), 50, () => queue.consume(100));
    expect(report).toMatchObject({ converged: false, appended: 500, remaining: 0 });
    const [change, ...others] = report.sourceChanges;
    expect(others).toEqual([]);
    expect(change).toMatchObject({ level: 'problem', count: 100 });
    expect(['LEFT', 'COMPETING_CONSUMER']).toContain(change!.code);
    expect(report.problems).toEqual([change!.text]);
    expect(change!.text).toMatch(/about 100 messages or more left the queue without this run/);
    expect(exitCodeOf(report)).toBe(8);
    void notes;
  });

  test('of which another consumer takes a part is drained where that is allowed', async () => {
    const queue = await queueWith(400);
    const { report } = await drainWhile(queue.of({ allowCompeting: true }), 50, () => queue.consume(100));
    expect(report).toMatchObject({ converged: true, appended: 300, problems: [] });
    expect(report.sourceChanges).toMatchObject([{ level: 'note', count: 100 }]);
    expect(report.notes.join()).toMatch(/left the queue without this run/);
  });

  test('that is purged is not called drained', async () => {
    const queue = await queueWith(1000);
    const { report } = await drainWhile(queue.of(), 50, () =>
      queue.sqs.client.send(new PurgeQueueCommand({ QueueUrl: queue.queueUrl })),
    );
    expect(report.converged).toBe(false);
    expect(report.sourceChanges).toMatchObject([{ code: 'PURGED', level: 'problem' }]);
    expect(report.sourceChanges[0]!.count).toBeGreaterThanOrEqual(600);
    expect(report.sourceChanges[0]!.count! + report.appended).toBeLessThanOrEqual(1000);
    expect(exitCodeOf(report)).toBe(8);
  });

  test('that is deleted and made anew is waited for, and told', async () => {
    const queue = await queueWith(600);
    // The time of making has whole seconds.
    await waitFor(() => Date.now() - queue.created > 1100, { what: 'another second', timeoutMs: 3000 });
    const { report, waits } = await drainWhile(queue.of(), 50, async () => {
      await queue.sqs.client.send(new DeleteQueueCommand({ QueueUrl: queue.queueUrl }));
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await queue.sqs.createQueue(queue.name);
      await queue.sqs.send(queue.queueUrl, ['new 1', 'new 2']);
    });
    expect(waits.join()).toMatch(/the queue does not exist any more/);
    expect(report.converged).toBe(false);
    expect(report.sourceChanges).toMatchObject([{ code: 'RECREATED', level: 'problem' }]);
    const bodies = (await entriesOf(queue.stream)).map((entry) => entry.text('body'));
    expect(bodies).toContain('new 2');
    expect(exitCodeOf(report)).toBe(8);
  });

  test('that is deleted for good ends the drain as a failure of the source', async () => {
    const queue = await queueWith(400);
    const failure = await failureOf(
      drainWhile(queue.of({ goneMs: 800 }), 50, () =>
        queue.sqs.client.send(new DeleteQueueCommand({ QueueUrl: queue.queueUrl })),
      ),
    );
    expect(failure).toMatchObject({ kind: 'source', code: 'SQS_NO_QUEUE' });
  });

  test('to which messages are added, and which nobody else touches, is drained without a word', async () => {
    const queue = await queueWith(300);
    const { report } = await drainWhile(queue.of(), 50, () =>
      queue.sqs.send(queue.queueUrl, ['a', 'b', 'c']),
    );
    expect(report).toMatchObject({
      converged: true,
      appended: 303,
      sourceChanges: [],
      notes: expect.any(Array),
    });
  });
});

async function tableWith(rows: number) {
  const { url, sql } = await ownDatabase();
  await sql('CREATE TABLE jobs (id bigserial PRIMARY KEY, payload text NOT NULL)');
  await sql(`INSERT INTO jobs (payload) SELECT 'job ' || n FROM generate_series(1, ${rows}) n`);
  const stream = uniqueName('changed');
  const of = (settings: DrainCase['settings'] = {}): DrainCase => ({
    spec: { table: 'jobs' },
    database: url,
    target: { stream },
    settings: { batch: 20, ratePerSecond: 300, ...settings },
  });
  return { sql, stream, of };
}

describe.concurrent('a table', () => {
  test('that is truncated is not called drained', async () => {
    const { of, sql } = await tableWith(2000);
    const { report } = await drainWhile(of(), 100, () => sql('TRUNCATE jobs'));
    expect(report.converged).toBe(false);
    expect(report.sourceChanges).toMatchObject([{ code: 'TRUNCATED', level: 'problem' }]);
    expect(report.sourceChanges[0]!.count).toBe(2000 - report.appended);
    expect(exitCodeOf(report)).toBe(8);
  });

  test('whose rows others delete is not called drained, with the number', async () => {
    const { of, sql } = await tableWith(900);
    const taken = () => sql('DELETE FROM jobs WHERE id > 800');
    const { report } = await drainWhile(of(), 50, taken);
    expect(report).toMatchObject({ converged: false, appended: 800 });
    expect(report.sourceChanges).toMatchObject([
      { code: 'COMPETING_CONSUMER', level: 'problem', count: 100 },
    ]);
    expect(report.problems).toEqual([report.sourceChanges[0]!.text]);
    const allowed = await tableWith(900);
    const again = await drainWhile(allowed.of({ allowCompeting: true }), 50, () =>
      allowed.sql('DELETE FROM jobs WHERE id > 800'),
    );
    expect(again.report).toMatchObject({ converged: true, appended: 800, problems: [] });
  });

  test('that is dropped and made anew is not called drained', async () => {
    const { of, sql } = await tableWith(2000);
    const { report } = await drainWhile(of(), 100, () =>
      sql(
        'BEGIN; DROP TABLE jobs; CREATE TABLE jobs (id bigserial PRIMARY KEY, payload text NOT NULL); COMMIT',
      ),
    );
    expect(report.converged).toBe(false);
    expect(report.sourceChanges).toMatchObject([{ code: 'RECREATED', level: 'problem' }]);
    expect(report.sourceChanges[0]!.count).toBe(2000 - report.appended);
  });

  test('that is vacuumed and gets new rows is drained without a word', async () => {
    const { of, sql } = await tableWith(600);
    const { report } = await drainWhile(of(), 50, async () => {
      await sql('VACUUM FULL jobs');
      await sql(`INSERT INTO jobs (payload) SELECT 'later' FROM generate_series(1, 30)`);
    });
    expect(report).toMatchObject({ converged: true, appended: 630, sourceChanges: [] });
  });
});
