import { expect, test } from 'vitest';
import { LaneHand, laneKeys, seedLane, Taker } from '../../src/sources/redis-stream/index.ts';
import { uniqueName } from '../support/shared.ts';
import { fillStream } from './back-driver.ts';
import { withRedis } from './driver.ts';

test('an acknowledgement that meets a Redis without the delivery counts nothing, and the entries come again', async () => {
  const stream = uniqueName('jobs');
  const entries = await fillStream(stream, [{ body: 'a' }, { body: 'b' }, { body: 'c' }]);
  await withRedis(async (client) => {
    const place = { client, stream, group: 'workers', run: 'r1' };
    await seedLane(client, stream, 'r1');
    const hand = new LaneHand(
      { ...place, delete: false, durably: (_, write) => write(client, () => {}) },
      '1|me',
    );
    await hand.open();
    const taker = new Taker({ ...place, minIdleMs: 0 }, '1|me');
    const next = async () =>
      (await taker.take('new', { cursor: '>', last: '+', most: 10, withLeft: false })).entries.map(
        ({ id }) => id,
      );
    const ack = (call: number) =>
      hand.ack(
        entries.map((entry) => [entry, 'returned'] as const),
        call,
      );
    expect(await next()).toEqual(entries);
    // As after a failover to a replica that had been told of the first one only.
    await client.xack(stream, 'workers', ...entries.slice(1));
    await client.xgroup('SETID', stream, 'workers', entries[0]!);
    expect(await ack(1)).toMatchObject({ forgotten: entries.slice(1), finishedMeanwhile: [] });
    expect(await next()).toEqual(entries.slice(1));
    // The first one is done with: by now it looks like one that a consumer has finished.
    expect(await ack(2)).toMatchObject({ forgotten: [], finishedMeanwhile: [entries[0]] });
    const { returned, acked } = await client.hgetall(laneKeys(stream, 'r1').state);
    expect([returned, acked]).toEqual(['4', '3']);
  });
});
