import { describe, expect, test } from 'vitest';
import type { Receivers } from '../../src/events.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { type SqsFaultProxy, sqsFaultProxy } from '../support/sqs.ts';
import { drain, entriesOf } from './driver.ts';

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
    const { active, whys, report } = await receiversOver(1500, () => undefined);
    expect(active[0]).toBe(BOUNDS.min);
    expect(Math.max(...active)).toBeGreaterThanOrEqual(4);
    expect(active.every((n) => n >= BOUNDS.min && n <= BOUNDS.max)).toBe(true);
    expect(active.at(-1)).toBe(BOUNDS.min);
    expect(whys).toContain('receives bring nothing');
    expect(report.receivers).toMatchObject({ ...BOUNDS, active: BOUNDS.min });
  });

  test('become fewer when SQS asks to slow down', async () => {
    let [before, after, throttled] = [0, BOUNDS.max, false];
    const { whys } = await receiversOver(1500, (proxy, { active, why }) => {
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
