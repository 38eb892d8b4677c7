import { describe, expect, test } from 'vitest';
import { InHand } from '../../src/drain/in-hand.ts';
import { Meter } from '../../src/drain/meter.ts';
import { ReceiverCrew } from '../../src/drain/receiver-crew.ts';
import { Throttle } from '../../src/drain/throttle.ts';
import type { Receivers } from '../../src/events.ts';
import type { Entries } from '../../src/transform/pack.ts';
import { packer } from '../../src/transform/pack.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { type SqsFaultProxy, sqsFaultProxy } from '../support/sqs.ts';
import { waitFor } from '../support/wait.ts';
import { drain, entriesOf, failureOf } from './driver.ts';

const BOUNDS = { min: 1, max: 16 };

/** Drains through a proxy, and returns how many receivers there were from snapshot to snapshot. */
async function receiversOver(
  messages: number,
  proxyOf: (proxy: SqsFaultProxy, receivers: Receivers) => void,
): Promise<{ active: number[]; whys: Set<string>; report: Awaited<ReturnType<typeof drain>>['report'] }> {
  const sqs = sharedSqs();
  const stream = uniqueName('receivers');
  const queueUrl = await sqs.createQueue(uniqueName('receivers'));
  await sqs.send(
    queueUrl,
    Array.from({ length: messages }, (_, n) => `message ${n}`),
  );
  const proxy = await sqsFaultProxy(sqs.endpoint, { latencyMs: 100 });
  const active: number[] = [];
  const whys = new Set<string>();
  const { report } = await drain({
    queueUrl,
    endpoint: proxy.endpoint,
    target: { stream },
    settings: { receivers: BOUNDS },
    onSnapshot: (snapshot) => {
      if (!snapshot.receivers) return;
      active.push(snapshot.receivers.active);
      whys.add(snapshot.receivers.why);
      proxyOf(proxy, snapshot.receivers);
    },
  });
  await proxy.stop();
  expect(report).toMatchObject({ converged: true, appended: messages });
  expect(await entriesOf(stream)).toHaveLength(messages);
  return { active, whys, report };
}

describe.concurrent('receivers of a queue', () => {
  test('become more while that helps, and few again when the queue is empty', async () => {
    const { active, whys, report } = await receiversOver(800, () => undefined);
    expect(active[0]).toBe(BOUNDS.min);
    expect(Math.max(...active)).toBeGreaterThanOrEqual(4);
    expect(active.every((n) => n >= BOUNDS.min && n <= BOUNDS.max)).toBe(true);
    expect(active.at(-1)).toBe(BOUNDS.min);
    expect(whys).toContain('receives bring nothing');
    expect(report.receivers).toMatchObject({ ...BOUNDS, active: BOUNDS.min });
  });

  test('become fewer when SQS asks to slow down', async () => {
    let [before, after, throttled] = [0, BOUNDS.max, false];
    const { whys } = await receiversOver(800, (proxy, { active, why }) => {
      if (!throttled && active >= 4) {
        [before, throttled] = [active, true];
        proxy.set({ throttleRate: 0.5 });
      } else if (throttled && why === 'SQS asks to slow down') {
        after = Math.min(after, active);
        if (after <= before / 2) proxy.set({ throttleRate: 0 });
      }
    });
    expect(whys).toContain('SQS asks to slow down');
    expect(before).toBeGreaterThanOrEqual(4);
    expect(after).toBeLessThanOrEqual(before / 2);
  });

  test('of a fixed number stay as they are', async () => {
    const sqs = sharedSqs();
    const queueUrl = await sqs.createQueue(uniqueName('receivers'));
    await sqs.send(queueUrl, ['a', 'b', 'c']);
    const seen = new Set<string>();
    const { plan, report } = await drain({
      queueUrl,
      endpoint: sqs.endpoint,
      target: { stream: uniqueName('receivers') },
      settings: { workers: 3 },
      onSnapshot: ({ receivers }) => receivers && seen.add(JSON.stringify(receivers)),
    });
    expect(report).toMatchObject({ converged: true, appended: 3 });
    expect(plan.receivers).toEqual({ min: 3, max: 3 });
    expect([...seen]).toEqual([JSON.stringify({ active: 3, min: 3, max: 3, why: 'a fixed number' })]);
  });
});

test('a queue that may not be deleted from is refused before a message is received', async () => {
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('denied'));
  await sqs.send(queueUrl, ['a']);
  const proxy = await sqsFaultProxy(sqs.endpoint, { denied: ['DeleteMessage', 'ChangeMessageVisibility'] });
  const failure = await failureOf(
    drain({ queueUrl, endpoint: proxy.endpoint, target: { stream: uniqueName('denied') } }),
  );
  expect(failure).toMatchObject({ kind: 'refused', code: 'MISSING_RIGHT' });
  expect(failure.message).toMatch(/SQS refuses sqs:DeleteMessage; SQS refuses sqs:ChangeMessageVisibility/);
  expect(proxy.stats.calls.ReceiveMessage).toBeUndefined();
  await proxy.stop();
});

/** A target that takes everything. */
const TAKES_ALL = {
  append: ({ ids, count }: Entries) =>
    Promise.resolve({ held: [{ partition: 0, ids }], appended: count, suppressed: 0, quarantined: 0 }),
  confirm: (_: unknown, deleted: Set<string>) => Promise.resolve(deleted.size),
};

test('receivers take other bounds while they work, and sockets enough', async () => {
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('bounds'));
  const meter = new Meter('run', {}, new AbortController().signal);
  const sockets: number[] = [];
  const crew = new ReceiverCrew({
    bounds: { min: 1, max: 1 },
    source: {
      client: sqs.client,
      queueUrl,
      waitSeconds: 1,
      visibilitySeconds: 30,
      targetNow: () => 0,
      note: () => undefined,
    },
    sourceLabel: 'queue',
    sink: TAKES_ALL as never,
    meter,
    throttle: new Throttle(undefined, {}, new InHand()),
    pack: packer({ maxBodyBytes: 1000, withKeys: false }),
    elsewhere: new Set(),
    goneMs: 1000,
    resized: (max) => sockets.push(max),
  });
  const drained = async (total: number): Promise<void> => {
    await sqs.send(
      queueUrl,
      Array.from({ length: 20 }, (_, n) => `message ${n}`),
    );
    await waitFor(() => meter.counts.settled === total, { what: `${total} settled`, timeoutMs: 10_000 });
  };
  await drained(20);
  crew.rebound({ min: 3, max: 3 });
  expect(meter.receivers).toEqual({ active: 3, min: 3, max: 3, why: 'a fixed number' });
  await drained(40);
  crew.rebound({ min: 1, max: 2 });
  expect(meter.receivers).toEqual({ active: 2, min: 1, max: 2, why: 'other bounds' });
  await drained(60);
  await waitFor(() => crew.isIdle(), { what: 'nothing to do', timeoutMs: 10_000 });
  expect(crew.holding).toBe(0);
  await crew.stop();
  meter.stop();
  expect(sockets).toEqual([1, 3, 2]);
  expect((await sqs.depth(queueUrl)).total).toBe(0);
});
