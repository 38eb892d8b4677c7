import { expect, test } from 'vitest';
import { History } from '../../src/overview/history.ts';

const pushed = (history: History, points: number, things: readonly string[], from = 0) => {
  for (let n = from; n < from + points; n += 1)
    history.push(
      n * 1000,
      things.map((thing) => [thing, [n, null]] as const),
    );
};

test('the last points stay, the oldest first, and unknown stays unknown', () => {
  const history = new History(['length', 'lag'], 3);
  pushed(history, 2, ['orders']);
  expect(history.of('orders')).toEqual({ at: [0, 1000], values: { length: [0, 1], lag: [null, null] } });
  pushed(history, 5, ['orders'], 2);
  expect(history.of('orders')).toEqual({
    at: [4000, 5000, 6000],
    values: { length: [4, 5, 6], lag: [null, null, null] },
  });
});

test('a stream that comes later begins later, and one that is gone is forgotten', () => {
  const history = new History(['length'], 10);
  pushed(history, 2, ['orders']);
  pushed(history, 1, ['orders', 'alerts'], 2);
  expect(history.of('alerts')).toEqual({ at: [2000], values: { length: [2] } });
  pushed(history, 1, ['alerts'], 3);
  expect(history.of('orders')).toBeUndefined();
  pushed(history, 1, ['alerts', 'orders'], 4);
  // Not what stood there before.
  expect(history.of('orders')).toEqual({ at: [4000], values: { length: [4] } });
});

test('a time in which nothing could be seen is a gap', () => {
  const history = new History(['length'], 10);
  pushed(history, 1, ['orders']);
  history.pushGap(1000);
  pushed(history, 1, ['orders'], 2);
  expect(history.of('orders')?.values.length).toEqual([0, null, 2]);
});

test('streams that come and go take no more memory than those that are there at once', () => {
  const bytes = () => process.memoryUsage().arrayBuffers;
  const history = new History(['length', 'lag'], 1000);
  const streams = (round: number) => Array.from({ length: 50 }, (_, nth) => `s${round}-${nth}`);
  const before = bytes();
  pushed(history, 1, streams(0));
  pushed(history, 1, streams(1));
  const after = bytes() - before;
  for (let round = 2; round < 100; round += 1) pushed(history, 1, streams(round));
  expect(after).toBeGreaterThan(50 * 2 * 1000);
  expect(bytes() - before).toBeLessThanOrEqual(after);
});
