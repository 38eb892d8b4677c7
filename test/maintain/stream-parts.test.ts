import { describe, expect, test } from 'vitest';
import { prepareTrim } from '../../src/maintain/trim.ts';
import { streamSettings } from '../../src/streams/index.ts';
import { consumersOf, entriesOf, fillPending, pendingOf, untilIdle } from '../support/pending.ts';
import { EVENTS, shown, useMaintained } from './driver.ts';

const own = useMaintained();
const call = (...words: (string | number)[]) => own.redis.client.call(...(words as [string]));
const DAY = 86_400_000;
/** An id of so long ago. */
const ago = (ms: number, seq = 0) => `${Date.now() - ms}-${seq}`;

async function idsOf(stream: string): Promise<string[]> {
  return (await entriesOf(own.redis.client, stream)).map(({ id }) => id);
}

async function fill(stream: string, count: number): Promise<void> {
  for (let n = 1; n <= count; n += 1) await own.redis.client.xadd(stream, `${n}-0`, 'n', n);
}

/** Asks for entries now, so that it was seen just now. */
const wakeUp = (stream: string, consumer: string) =>
  call('XREADGROUP', 'GROUP', 'workers', consumer, 'STREAMS', stream, '0');

const stuck = (count: number, deliveries = 1) =>
  Array.from({ length: count }, (_, at) => ({ id: `${at + 1}-0`, consumer: 'dead', deliveries }));

describe('trim', () => {
  test('cuts to maxLen what every group has finished', async () => {
    await fill('orders', 10);
    await call('XGROUP', 'CREATE', 'orders', 'workers', '$');
    const streams = { orders: { maxLen: 4 } };
    expect(shown(await own.plan(['trim'], streams))).toEqual([{ part: 'trim', stream: 'orders', count: 6 }]);
    expect(await idsOf('orders')).toHaveLength(10);
    const { streams: done } = await own.run(['trim'], streams);
    expect(shown(done)).toEqual([{ part: 'trim', stream: 'orders', count: 6 }]);
    expect(await idsOf('orders')).toEqual(['7-0', '8-0', '9-0', '10-0']);
  });

  test('gets on with a stream that is too long to be counted in one run', async () => {
    const script = "for n = 1, 120000 do redis.call('XADD', KEYS[1], n .. '-0', 'n', n) end";
    await own.redis.client.eval(script, 1, 'orders');
    await call('XGROUP', 'CREATE', 'orders', 'workers', '119000');
    const settings = streamSettings({ orders: { maxLen: 10 } }, 'orders', false);
    const parts = new Set(['trim'] as const);
    const look = { redis: own.redis, settings, streams: {}, parts, reapAfterMs: 1, work: EVENTS };
    expect((await prepareTrim(look, true))?.plan.count).toBe(119_000);
    const piece = await prepareTrim(look, false);
    expect(piece?.plan).toMatchObject({ count: 100_000, note: null });
    const note = 'group workers still needs 119001-0 and what follows';
    expect(await piece?.run()).toMatchObject({ count: 119_000, left: false, note });
    expect(await own.redis.client.xlen('orders')).toBe(1000);
  });

  test('cuts only up to what a group has not finished, and says which', async () => {
    await fill('orders', 10);
    await call('XGROUP', 'CREATE', 'orders', 'workers', '3-0');
    await call('XGROUP', 'CREATE', 'orders', 'fast', '$');
    const { streams: done } = await own.run(['trim'], { orders: { maxLen: 4 } });
    expect(shown(done)).toEqual([
      {
        ...{ part: 'trim', stream: 'orders', count: 3 },
        note: 'group workers still needs 4-0 and what follows',
      },
    ]);
    expect((await idsOf('orders'))[0]).toBe('4-0');
  });

  test('cuts nothing of a stream whose configured group does not exist yet', async () => {
    await fill('orders', 10);
    const { streams: done } = await own.run(['trim'], { orders: { maxLen: 4, group: 'workers' } });
    const warning = 'group workers does not exist: it has finished nothing';
    expect(shown(done)).toEqual([{ part: 'trim', stream: 'orders', warning }]);
    expect(await idsOf('orders')).toHaveLength(10);
  });

  test('cuts what is older than maxAge, where ids are times', async () => {
    for (const id of [ago(3 * DAY), ago(2 * DAY), ago(1000)]) await call('XADD', 'orders', id, 'a', 'b');
    await fill('numbered', 3);
    const streams = { orders: { maxAge: DAY }, numbered: { maxAge: DAY } };
    const { streams: done } = await own.run(['trim'], streams);
    expect(shown(done)).toEqual([
      { part: 'trim', stream: 'orders', count: 2 },
      expect.objectContaining({ stream: 'numbered', warning: expect.stringContaining('no times') }),
    ]);
    expect(await idsOf('orders')).toHaveLength(1);
    expect(await idsOf('numbered')).toHaveLength(3);
  });

  test('of a pattern leaves dead letters alone, and takes each stream once', async () => {
    for (const stream of ['orders:a', 'orders:b', 'orders:dead']) await fill(stream, 5);
    const { streams: done } = await own.run(['trim'], {
      'orders:*': { maxLen: 2 },
      'orders:a': { maxLen: 4 },
    });
    expect(shown(done)).toEqual([
      { part: 'trim', stream: 'orders:a', count: 1 },
      { part: 'trim', stream: 'orders:b', count: 3 },
    ]);
    expect(await idsOf('orders:dead')).toHaveLength(5);
  });

  test('of a partitioned stream takes its partitions, also where one of them is not there', async () => {
    await fill('orders:{1}', 5);
    const { streams: done } = await own.run(['trim'], { orders: { maxLen: 2, partitions: 3 } });
    expect(shown(done)).toEqual([{ part: 'trim', stream: 'orders:{1}', count: 3 }]);
  });
});

describe('claim', () => {
  test('hands what is stuck to the consumer that was seen last', async () => {
    await fillPending(own.redis.client, 'orders', 'workers', stuck(3, 9));
    await wakeUp('orders', 'alive');
    const streams = { orders: { group: 'workers', maxDeliveries: 3 } };
    const [planned] = await own.plan(['claim'], streams);
    const { streams: done } = await own.run(['claim'], streams);
    const row = { part: 'claim', stream: 'orders', group: 'workers', count: 3, to: 'alive' };
    expect(shown([planned!])).toEqual([row]);
    expect(shown(done)).toEqual([row]);
    const pending = await pendingOf(own.redis.client, 'orders', 'workers');
    expect(pending.map(({ consumer }) => consumer)).toEqual(['alive', 'alive', 'alive']);
    expect(await idsOf('orders:dead')).toEqual([]);
  });

  test('leaves them where nobody is there to take them, and warns', async () => {
    await fillPending(own.redis.client, 'orders', 'workers', stuck(3));
    const streams = { orders: { group: 'workers', claimTo: 'nobody' } };
    const { streams: done } = await own.run(['claim'], streams);
    expect(done).toMatchObject([{ count: 0, warning: 'group workers of orders has no consumer nobody' }]);
    expect(await pendingOf(own.redis.client, 'orders', 'workers')).toHaveLength(3);
  });

  test('says nothing of a stream where nothing is stuck, whoever could take it', async () => {
    const young = stuck(2).map((row) => ({ ...row, idleMs: 0 }));
    await fillPending(own.redis.client, 'orders', 'workers', young);
    const { streams: done } = await own.run(['claim'], { orders: { group: 'workers', claimTo: 'nobody' } });
    expect(shown(done)).toEqual([{ part: 'claim', stream: 'orders', group: 'workers' }]);
  });
});

describe('deadLetter', () => {
  test('takes what was delivered often enough, and leaves all else with its consumer', async () => {
    const rows = [1, 3, 5, 2].map((deliveries, at) => ({ id: `${at + 1}-0`, consumer: 'dead', deliveries }));
    await fillPending(own.redis.client, 'orders', 'workers', rows);
    const streams = { orders: { group: 'workers', maxDeliveries: 3 } };
    const [planned] = await own.plan(['deadLetter'], streams);
    const { streams: done } = await own.run(['deadLetter'], streams);
    const row = {
      part: 'deadLetter',
      stream: 'orders',
      group: 'workers',
      count: 2,
      deadLetter: 'orders:dead',
    };
    expect(shown([planned!, ...done])).toEqual([row, row]);
    const left = await pendingOf(own.redis.client, 'orders', 'workers');
    expect(left.map(({ id, consumer }) => [id, consumer])).toEqual([
      ['1-0', 'dead'],
      ['4-0', 'dead'],
    ]);
    expect(left.every(({ idleMs }) => idleMs >= 3_600_000)).toBe(true);
    expect(await idsOf('orders:dead')).toHaveLength(2);
  });

  test('goes before claim, so that what is dead is not handed on once more', async () => {
    await fillPending(own.redis.client, 'orders', 'workers', stuck(4, 3));
    await wakeUp('orders', 'alive');
    const streams = { orders: { group: 'workers', maxDeliveries: 3 } };
    const { streams: done } = await own.run(['claim', 'deadLetter'], streams);
    expect(done.map(({ part, count }) => [part, count])).toEqual([['deadLetter', 4]]);
  });
});

describe('reap', () => {
  const streams = { orders: { group: 'workers' } };

  test('deletes consumers that are away, after their entries went to one that is there', async () => {
    await fillPending(own.redis.client, 'orders', 'workers', stuck(2));
    await call('XGROUP', 'CREATECONSUMER', 'orders', 'workers', 'empty');
    await untilIdle(own.redis.client, ['orders', 'workers', 'empty'], 1000);
    await untilIdle(own.redis.client, ['orders', 'workers', 'dead'], 1000);
    await wakeUp('orders', 'alive');
    const { streams: done } = await own.run(['reap'], streams, { reapAfterMs: 1000 });
    expect(done).toMatchObject([
      { part: 'reap', count: 2, to: 'alive', note: '2 pending entries taken over first' },
    ]);
    expect(await consumersOf(own.redis.client, 'orders', 'workers')).toEqual(['alive']);
    expect(await pendingOf(own.redis.client, 'orders', 'workers')).toHaveLength(2);
  });

  test('keeps one that has something where nobody could take it, and warns', async () => {
    await fillPending(own.redis.client, 'orders', 'workers', stuck(2));
    await call('XGROUP', 'CREATECONSUMER', 'orders', 'workers', 'empty');
    const { streams: done } = await own.run(['reap'], streams, { reapAfterMs: 0 });
    expect(done).toMatchObject([{ count: 1, warning: expect.stringContaining('nobody would process') }]);
    expect(await consumersOf(own.redis.client, 'orders', 'workers')).toEqual(['dead']);
    expect(await pendingOf(own.redis.client, 'orders', 'workers')).toHaveLength(2);
  });
});

describe('expire', () => {
  const letter = (id: string, stream?: string) =>
    call('XADD', 'shared:dead', id, ...(stream ? ['stream', stream] : []), 'body', 'x');

  test('deletes what died before, and says from when to when', async () => {
    const [first, second, young] = [ago(3 * DAY), ago(2 * DAY), ago(1000)];
    for (const id of [first, second, young]) await call('XADD', 'orders:dead', id, 'body', 'x');
    const streams = { orders: { deadLetterTtl: DAY } };
    const [planned] = await own.plan(['expire'], streams);
    const { streams: done } = await own.run(['expire'], streams);
    const timeOf = (id: string) => new Date(Number(id.split('-')[0])).toISOString();
    const row = {
      ...{ part: 'expire', stream: 'orders', count: 2, deadLetter: 'orders:dead' },
      ...{ oldestDeadAt: timeOf(first), newestDeadAt: timeOf(second) },
    };
    expect(shown([planned!, ...done])).toEqual([row, row]);
    expect(await idsOf('orders:dead')).toEqual([young]);
  });

  test('of a shared dead-letter stream deletes only those of streams that say so', async () => {
    await letter(ago(3 * DAY), 'orders');
    const kept = [ago(2 * DAY, 1), ago(2 * DAY, 2)] as const;
    await letter(kept[0], 'mails');
    await letter(kept[1]);
    const { streams: done } = await own.run(['expire'], {
      orders: { deadLetter: 'shared:dead', deadLetterTtl: DAY },
      mails: { deadLetter: 'shared:dead' },
    });
    expect(done.map(({ count }) => count)).toEqual([1]);
    expect(await idsOf('shared:dead')).toEqual([...kept]);
  });

  test('keeps what a group that works on the dead letters has not finished', async () => {
    const [first, second] = [ago(3 * DAY), ago(2 * DAY)];
    for (const id of [first, second]) await call('XADD', 'orders:dead', id, 'body', 'x');
    await call('XGROUP', 'CREATE', 'orders:dead', 'undertaker', first);
    const { streams: done } = await own.run(['expire'], { orders: { deadLetterTtl: DAY } });
    expect(done).toMatchObject([
      { count: 1, note: `group undertaker still needs ${second} and what follows` },
    ]);
    expect(await idsOf('orders:dead')).toEqual([second]);
  });

  test('keeps them for ever where no time is given, and where it is not known when they died', async () => {
    await call('XADD', 'orders:dead', '1-0', 'body', 'x');
    await call('XADD', 'mails:dead', '1-0', 'body', 'x');
    const { streams: done } = await own.run(['expire'], { orders: { deadLetterTtl: DAY }, mails: {} });
    expect(done.map(({ stream, count }) => [stream, count])).toEqual([['orders', 0]]);
    expect(await idsOf('orders:dead')).toEqual(['1-0']);
  });
});

test('one stream that is in the way keeps no other waiting', async () => {
  await call('SET', 'orders', 'no stream');
  await fill('mails', 5);
  const { streams: done } = await own.run(['trim', 'claim'], { orders: { maxLen: 1 }, mails: { maxLen: 1 } });
  expect(done.map(({ part, stream, count, failure }) => [part, stream, count, failure?.code])).toEqual([
    ['claim', 'orders', 0, 'REDIS_WRONG_TYPE'],
    ['trim', 'orders', 0, 'REDIS_WRONG_TYPE'],
    ['trim', 'mails', 4, undefined],
  ]);
});

test('of several groups one has to be named, unless nobody uses any of them', async () => {
  await fillPending(own.redis.client, 'orders', 'workers', stuck(1));
  await call('XGROUP', 'CREATE', 'orders', 'audit', '$');
  await call('XADD', 'mails', '*', 'a', 'b');
  for (const group of ['a', 'b']) await call('XGROUP', 'CREATE', 'mails', group, '$');
  const { streams: done } = await own.run(['claim'], { orders: {}, mails: {} });
  expect(done.map(({ stream, failure }) => [stream, failure?.message])).toEqual([
    ['orders', 'stream orders has 2 groups; name one'],
  ]);
});
