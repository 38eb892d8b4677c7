import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import type { SqsSelection } from '../../src/drain/index.ts';
import { openDrain, runDrain } from '../../src/drain/index.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { sqsFaultProxy, type TestMessage } from '../support/sqs.ts';
import { waitFor } from '../support/wait.ts';
import { type DrainCase, drain, entriesOf, failureOf, plan, requestOf } from './driver.ts';

const REFUNDS = "body.kind == 'refund'";

/** Every third one is a refund. */
const kindOf = (n: number): string => ['refund', 'invoice', 'receipt'][n % 3]!;
const message = (n: number): TestMessage => ({
  body: JSON.stringify({ kind: kindOf(n), n }),
  attributes: { kind: { DataType: 'String', StringValue: kindOf(n) } },
});
const messages = (count: number): TestMessage[] => Array.from({ length: count }, (_, n) => message(n));

async function queueOf(
  sent: (string | TestMessage)[],
  options: { fifo?: boolean; attributes?: Record<string, string> } = {},
) {
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('chosen'), options);
  await sqs.send(queueUrl, sent);
  const stream = uniqueName('chosen');
  const of = (selection: SqsSelection, more: Partial<DrainCase> = {}): DrainCase => ({
    queueUrl,
    endpoint: sqs.endpoint,
    target: { stream },
    selection,
    ...more,
  });
  const depth = () => sqs.depth(queueUrl);
  /** Body and receive count of what anybody gets from the queue now. */
  const receiveAll = async () => {
    const got: { body: string; times: number }[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ['All'],
        }),
      );
      if (Messages.length === 0) return got;
      for (const { Body, Attributes } of Messages)
        got.push({ body: Body!, times: Number(Attributes!.ApproximateReceiveCount) });
    }
  };
  return { queueUrl, stream, of, depth, receiveAll, sqs };
}

const numbersIn = async (stream: string): Promise<number[]> =>
  (await entriesOf(stream)).map((entry) => JSON.parse(entry.text('body')!).n).sort((a, b) => a - b);

describe.concurrent('a queue of which only some messages are wanted', () => {
  test('keeps the others, each received once and visible again', async () => {
    const queue = await queueOf([...messages(60), 'no json']);
    const { report } = await drain(queue.of({ filter: REFUNDS }));
    expect(report).toMatchObject({
      converged: true,
      problems: [],
      appended: 20,
      settled: 20,
      remaining: 0,
      passedOver: { filter: 40, types: 0, unevaluated: 1, later: 0, behind: 0 },
      unevaluated: { count: 1, example: expect.stringMatching(/-/) },
    });
    expect(report.notes).toContain('left in the queue by --filter: 40');
    expect(await numbersIn(queue.stream)).toEqual(Array.from({ length: 20 }, (_, n) => 3 * n));
    expect(await queue.depth()).toMatchObject({ visible: 41, inFlight: 0 });
    const left = await queue.receiveAll();
    expect(left).toHaveLength(41);
    expect(left.every(({ times }) => times === 2)).toBe(true);
  });

  test('gives messages their type, and takes only those that are named', async () => {
    for (const type of ['body.kind', 'attributes.kind']) {
      const queue = await queueOf(messages(30));
      const { report, plan: planned } = await drain(queue.of({ type, types: ['refund', 'receipt'] }));
      expect(report).toMatchObject({ converged: true, appended: 20, passedOver: { types: 10 } });
      expect(planned.selects).toEqual(['type refund, receipt']);
      const types = (await entriesOf(queue.stream)).map((entry) => entry.text('type'));
      expect(types.filter((kind) => kind === 'refund')).toHaveLength(10);
      expect(types.filter((kind) => kind === 'receipt')).toHaveLength(10);
    }
  });

  test('can be drained type by type, and is empty in the end', async () => {
    const queue = await queueOf(messages(30));
    for (const [i, kind] of ['invoice', 'refund', 'receipt'].entries()) {
      const { report } = await drain(queue.of({ type: 'body.kind', types: [kind] }));
      expect(report).toMatchObject({ converged: true, appended: 10, passedOver: { types: 20 - 10 * i } });
    }
    expect((await queue.depth()).total).toBe(0);
    expect(await numbersIn(queue.stream)).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  test('that is FIFO keeps what stands behind them in their group, in order', async () => {
    const inGroup = (groupId: string, kinds: string[]): TestMessage[] =>
      kinds.map((kind, n) => ({ body: JSON.stringify({ kind, n: `${groupId}${n}` }), groupId }));
    const mixed = ['refund', 'refund', 'invoice', ...Array.from({ length: 20 }, () => 'refund')];
    const queue = await queueOf(
      [
        ...inGroup('a', mixed),
        ...inGroup(
          'b',
          Array.from({ length: 15 }, () => 'refund'),
        ),
      ],
      { fifo: true },
    );
    const { report } = await drain(queue.of({ filter: REFUNDS }));
    expect(report).toMatchObject({
      converged: true,
      appended: 17,
      passedOver: { filter: 1, behind: 20 },
    });
    expect(report.notes).toContain('left in the queue behind these in their FIFO group: 20');
    const got = (await entriesOf(queue.stream)).map((entry) => JSON.parse(entry.text('body')!).n);
    expect(got.filter((n) => n.startsWith('a'))).toEqual(['a0', 'a1']);
    expect(got.filter((n) => n.startsWith('b'))).toEqual(Array.from({ length: 15 }, (_, n) => `b${n}`));
    expect(await queue.depth()).toMatchObject({ visible: 21, inFlight: 0 });
    const left = (await queue.receiveAll()).map(({ body }) => JSON.parse(body).n);
    expect(left.slice(0, 3)).toEqual(['a2', 'a3', 'a4']);
  });

  test('is shared by two processes, and both come to an end', async () => {
    const queue = await queueOf(messages(60));
    let joined: Promise<Awaited<ReturnType<typeof drain>>> | undefined;
    const first = await drain(
      queue.of(
        { filter: REFUNDS },
        {
          settings: { ratePerSecond: 20 },
          onSnapshot: ({ read }) => {
            if (read > 0) joined ??= drain(queue.of({ filter: REFUNDS }));
          },
        },
      ),
    );
    const second = await joined!;
    expect(second.plan).toMatchObject({ kind: 'join', run: first.report.run });
    expect([first.report.ending, second.report.ending]).toEqual(['empty', 'empty']);
    const { report } = await drain(queue.of({ filter: REFUNDS }));
    expect(report).toMatchObject({ converged: true, passedOver: { filter: 40 } });
    expect(await numbersIn(queue.stream)).toEqual(Array.from({ length: 20 }, (_, n) => 3 * n));
    expect(await queue.depth()).toMatchObject({ visible: 40, inFlight: 0 });
  });

  test('gets them back when the drain is stopped by a signal', async () => {
    const queue = await queueOf(messages(300));
    const stop = new AbortController();
    const { report } = await drain(
      queue.of(
        { filter: REFUNDS },
        {
          settings: { ratePerSecond: 40 },
          signal: stop.signal,
          onSnapshot: ({ passedOver }) => {
            if (passedOver >= 20) stop.abort();
          },
        },
      ),
    );
    expect(report.ending).toBe('signal');
    expect(report.passedOver!.filter).toBeGreaterThanOrEqual(20);
    await waitFor(async () => (await queue.depth()).inFlight === 0, {
      what: 'everything visible',
      timeoutMs: 5000,
    });
    expect((await queue.depth()).visible).toBe(300 - report.appended);
  });

  test('is not received again and again, also where it can hardly be kept invisible', async () => {
    const queue = await queueOf(messages(60));
    const proxy = await sqsFaultProxy(queue.sqs.endpoint);
    const { report } = await drain(
      queue.of(
        { filter: REFUNDS },
        // Renewed several times over while nothing but the settling time passes.
        { endpoint: proxy.endpoint, settings: { passOverMs: 1000, settleMs: 2500, waitSeconds: 2 } },
      ),
    );
    expect(report).toMatchObject({ converged: true, appended: 20, passedOver: { filter: 40 } });
    expect((await queue.receiveAll()).every(({ times }) => times === 2)).toBe(true);
    await proxy.stop();
  });
});

describe.concurrent('a queue whose dead letters are near', () => {
  const withDeadLetters = async (maxReceiveCount: number) => {
    const sqs = sharedSqs();
    const dead = await sqs.createQueue(uniqueName('dead'));
    const name = dead.slice(dead.lastIndexOf('/') + 1);
    const policy = { deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${name}`, maxReceiveCount };
    return queueOf(messages(9), { attributes: { RedrivePolicy: JSON.stringify(policy) } });
  };

  test('is refused, unless that is allowed', async () => {
    const queue = await withDeadLetters(1);
    const failure = await failureOf(drain(queue.of({ filter: REFUNDS })));
    expect(failure).toMatchObject({ kind: 'refused', code: 'RECEIVE_COUNT' });
    expect(failure.message).toMatch(/after 1 receives SQS moves it to/);
    expect((await queue.depth()).visible).toBe(9);
    const { report } = await drain(queue.of({ filter: REFUNDS }, { settings: { allowReceiveCount: true } }));
    expect(report).toMatchObject({ converged: true, appended: 3, passedOver: { filter: 6 } });
    expect(report.notes.join()).toMatch(/6 of them have been received as often as maxReceiveCount allows/);
  });

  test('is only warned of where there are receives enough', async () => {
    const { findings } = await plan((await withDeadLetters(5)).of({ filter: REFUNDS }));
    expect(findings.find(({ code }) => code === 'RECEIVE_COUNT')).toMatchObject({ level: 'warning' });
    const all = await plan((await withDeadLetters(1)).of({}));
    expect(all.findings.some(({ code }) => code === 'RECEIVE_COUNT')).toBe(false);
  });
});

describe.concurrent('a boundary in time', () => {
  test('ends the drain when only later messages are left, though producers go on', async () => {
    const queue = await queueOf(messages(30));
    const enqueuedBefore = new Date(Date.now() + 50);
    await waitFor(() => Date.now() > enqueuedBefore.getTime() + 20, { what: 'the boundary' });
    let sending = true;
    let later = 0;
    const producer = (async () => {
      while (sending) {
        await queue.sqs.send(queue.queueUrl, [message(1000 + later)]);
        later += 1;
      }
    })();
    const { report } = await drain(queue.of({}, { settings: { enqueuedBefore, settleMs: 500 } }));
    sending = false;
    await producer;
    expect(report).toMatchObject({ appended: 30, ending: 'empty' });
    expect(report.passedOver!.later).toBeGreaterThan(0);
    expect(await numbersIn(queue.stream)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    await waitFor(async () => (await queue.depth()).inFlight === 0, { what: 'all visible', timeoutMs: 5000 });
    expect((await queue.depth()).visible).toBe(later);
  });

  test('that is still to come is waited for', async () => {
    const queue = await queueOf(messages(3));
    const enqueuedBefore = new Date(Date.now() + 4000);
    const { report, waits } = await drain(queue.of({}, { settings: { enqueuedBefore } }));
    expect(report).toMatchObject({ converged: true, appended: 3 });
    expect(waits.join()).toContain(`the time ${enqueuedBefore.toISOString()}`);
    expect(Date.now()).toBeGreaterThanOrEqual(enqueuedBefore.getTime());
  });
});

test.each([
  [{ filter: 'body.' }, 'BAD_FILTER'],
  [{ type: 'nothing(body)' }, 'BAD_TYPE'],
  [{ types: ['a'] }, 'TYPE_MISSING'],
] as [SqsSelection, string][])('%j is refused before anything is received', async (selection, code) => {
  const queue = await queueOf(messages(1));
  expect(await failureOf(plan(queue.of(selection)))).toMatchObject({ code });
  expect((await queue.receiveAll())[0]!.times).toBe(1);
});

test('an unfinished run is not continued with another filter', async () => {
  const queue = await queueOf(messages(9));
  await drain(queue.of({ filter: REFUNDS }, { settings: { limit: 1 } }));
  expect(await failureOf(plan(queue.of({ filter: 'body.n' })))).toMatchObject({
    code: 'RUN_CONTEXT_CHANGED',
  });
  const opened = await openDrain(requestOf(queue.of({ filter: REFUNDS })), new Date());
  expect(opened.plan.kind).toBe('continue');
  const report = await runDrain(opened, {}, new AbortController().signal);
  await opened.close();
  expect(report).toMatchObject({ converged: true, appended: 3, passedOver: { filter: 6 } });
});
