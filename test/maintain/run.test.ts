import { afterEach, describe, expect, test } from 'vitest';
import { reportError, runMaintenance } from '../../src/maintain/index.ts';
import { Lease } from '../../src/maintain/lease.ts';
import { releaseLock, takeLock } from '../../src/maintain/lock.ts';
import { MAINTAIN_LOCK } from '../../src/model/keys.ts';
import { putAside } from '../support/delayed.ts';
import { waitFor } from '../support/wait.ts';
import { EVENTS, useMaintained } from './driver.ts';

const own = useMaintained();
const ada = { by: 'ada', host: 'ops1' };
const grace = { by: 'grace', host: 'ops2' };

describe('the lock', () => {
  test('keeps out whoever comes second, who is told who holds it, since when and what for', async () => {
    const held = await takeLock(own.redis, ada, 'maintain trim');
    await own.redis.client.xadd('orders', '1-0', 'a', 'b');
    const second = own.run(['trim'], { orders: { maxLen: 0 } }, { operator: grace });
    await expect(second).rejects.toMatchObject({ kind: 'locked', code: 'MAINTAIN_LOCKED' });
    await expect(second).rejects.toThrow(
      /^maintenance is under way: ada@ops1 \(pid \d+, maintain trim\) since \d{4}-.*Z$/,
    );
    expect(await own.redis.client.xlen('orders')).toBe(1);
    await releaseLock(own.redis, held, null);
    await own.run(['trim'], { orders: { maxLen: 0 } }, { operator: grace });
    expect(await own.redis.client.xlen('orders')).toBe(0);
    expect(await own.redis.client.hget(MAINTAIN_LOCK, 'fence')).toBe('2');
  });

  test('is not needed to move what is due', async () => {
    await takeLock(own.redis, ada, 'maintain trim');
    await putAside(own.redis.client, 'orders', [{ id: 'a', dueMs: 1000 }]);
    await putAside(own.redis.client, 'mails', [{ id: 'a', dueMs: 1000 }]);
    const { scheduled } = await own.run(['scheduled'], {}, { named: 'order*' });
    expect(scheduled).toMatchObject([{ stream: 'orders', moved: 1 }]);
  });

  test('of a holder that said nothing for its lease is taken over, and that is told', async () => {
    await takeLock(own.redis, ada, 'maintain trim', 1);
    await waitFor(async () => (await own.run(['leftovers'], {}, { operator: grace })).lostHolder);
    expect((await own.run(['leftovers'], {})).lostHolder).toBeNull();
  });

  test('that another has taken meanwhile ends the work', async () => {
    const held = await takeLock(own.redis, ada, 'maintain trim', 300);
    const lease = new Lease(own.redis, held, 300);
    await own.redis.client.hset(MAINTAIN_LOCK, 'token', 'other', 'fence', '7', 'by', 'grace', 'host', 'ops2');
    await waitFor(() => lease.signal.aborted);
    lease.stop();
    expect(lease.lost).toMatchObject({ code: 'MAINTAIN_LOCK_LOST', kind: 'locked' });
    expect(lease.lost!.message).toContain('grace@ops2 holds it now');
  });

  test('lost in the middle ends the run with the page in hand, and what was done is told', async () => {
    const names = Array.from({ length: 300 }, (_, at) => `orders-${at}`);
    const fill = own.redis.client.pipeline();
    for (const name of names) fill.xadd(name, '1-0', 'a', 'b');
    await fill.exec();
    const slowly = new Int32Array(new SharedArrayBuffer(4));
    const streams = Object.fromEntries(names.map((name) => [name, { maxLen: 0 }]));
    const doing = (text: string) => {
      if (text === 'trim orders-0') void own.redis.client.hset(MAINTAIN_LOCK, 'token', 'other', 'fence', '7');
      else Atomics.wait(slowly, 0, 0, 5);
    };
    const report = await runMaintenance(own.request(['trim'], streams, { leaseMs: 90 }), {
      ...EVENTS,
      doing,
    });
    expect(reportError(report, own.redis)).toMatchObject({ kind: 'locked', code: 'MAINTAIN_LOCK_LOST' });
    expect(report.streams.length).toBeGreaterThan(0);
    expect(report.left.length).toBeGreaterThan(0);
    expect(await own.redis.client.hget(MAINTAIN_LOCK, 'token')).toBe('other');
  });

  test('is renewed for as long as the work takes', async () => {
    const held = await takeLock(own.redis, ada, 'maintain trim', 300);
    const first = await own.redis.client.hget(MAINTAIN_LOCK, 'until');
    const lease = new Lease(own.redis, held, 300);
    await waitFor(
      async () => Number(await own.redis.client.hget(MAINTAIN_LOCK, 'until')) > Number(first) + 300,
    );
    lease.stop();
    expect(lease.lost).toBeNull();
  });
});

describe('the time', () => {
  const NAMES = Array.from({ length: 150 }, (_, at) => `orders-${at}`);
  const streams = Object.fromEntries(NAMES.map((name) => [name, { maxLen: 1 }]));

  test('being over ends a run, and the next one begins with what had to wait', async () => {
    const fill = own.redis.client.pipeline();
    for (const name of NAMES) for (const id of ['1-0', '2-0']) fill.xadd(name, id, 'a', 'b');
    await fill.exec();
    const done: string[] = [];
    let runs = 0;
    let next: string | null = null;
    for (let left = NAMES.length; left > 0 && runs < 400; runs += 1) {
      const report = await own.run(['trim'], streams, { budgetMs: 40 });
      if (next) expect(report.streams[0]?.stream ?? report.left[0]).toBe(next);
      done.push(...report.streams.filter(({ count }) => count > 0).map(({ stream }) => stream));
      left = report.left.length;
      if (left === 0) break;
      next = await own.redis.client.hget(MAINTAIN_LOCK, 'next');
    }
    expect(runs).toBeGreaterThan(1);
    // One that was under way when the time was over waits until all others had their turn.
    expect([...done].sort()).toEqual([...NAMES].sort());
    expect(await own.redis.client.hget(MAINTAIN_LOCK, 'next')).toBe('');
  });

  test('is over at once for an operator: the page in hand is finished, the rest is told as left', async () => {
    for (const name of ['a', 'b']) await own.redis.client.xadd(name, '1-0', 'a', 'b');
    const stop = new AbortController();
    const request = own.request(['trim'], { a: { maxLen: 0 }, b: { maxLen: 0 } });
    const doing = () => stop.abort();
    const report = await runMaintenance(request, { ...EVENTS, signal: stop.signal, doing });
    expect(report.left).toEqual(['a', 'b']);
    expect(await own.redis.client.xlen('b')).toBe(1);
  });

  test('leaves half of itself to the others, however much is due', async () => {
    const many = Array.from({ length: 3000 }, (_, at) => ({ id: `${at}`, dueMs: 1000 }));
    await putAside(own.redis.client, 'late', many);
    await own.redis.client.xadd('orders', '1-0', 'a', 'b');
    const request = own.request(['scheduled', 'trim'], { orders: { maxLen: 0 } }, { budgetMs: 1600 });
    const slowly = new Int32Array(new SharedArrayBuffer(4));
    const doing = (text: string) => {
      // Each page takes its time.
      if (text.startsWith('move')) Atomics.wait(slowly, 0, 0, 250);
    };
    const report = await runMaintenance(request, { ...EVENTS, doing });
    expect(report.scheduled).toMatchObject([{ stopped: true }]);
    expect(report.left).toEqual(['late']);
    expect(await own.redis.client.xlen('orders')).toBe(0);
  });
});

describe('a Redis that goes away in the middle', () => {
  afterEach(() => own.server.restart());

  test('ends the run as such, and nothing else is tried', async () => {
    await own.redis.client.xadd('a', '1-0', 'a', 'b');
    const request = own.request(['trim'], { a: { maxLen: 0 }, b: { maxLen: 0 } }, { budgetMs: 1000 });
    let killed: Promise<void> | undefined;
    const report = await runMaintenance(request, {
      ...EVENTS,
      doing: () => {
        killed ??= own.server.kill9();
      },
    });
    await killed;
    expect(report.streams.map(({ stream }) => stream)).toEqual(['a']);
    expect(report.left).toEqual(['b']);
    expect(reportError(report, own.redis)).toMatchObject({ kind: 'target' });
  });
});
