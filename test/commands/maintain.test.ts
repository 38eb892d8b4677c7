import { describe, expect, test } from 'vitest';
import { DELAYED_INDEX, streamKeys } from '../../src/model/keys.ts';
import { putAside } from '../support/delayed.ts';
import { waitFor } from '../support/wait.ts';
import { useOwnRedis } from './own-redis.ts';

const own = useOwnRedis();
const PAST = 1_000_000_000_000;
const FUTURE = 9_000_000_000_000;
const FUTURE_TEXT = '2255-03-14T16:00:00.000Z';

const some = (count: number, dueMs: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `${dueMs}-${i}`, dueMs }));

describe('maintain', () => {
  test('moves what is due in every stream, and says what still waits and until when', async () => {
    await putAside(own.client, 'orders', [...some(3, PAST), ...some(2, FUTURE)]);
    await putAside(own.client, 'webhooks', some(1, FUTURE));
    const { code, stdout, stderr } = await own.run(['maintain']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      [
        'STREAM  MOVED  WAITING  NEXT-DUE',
        `orders      3   5 -> 2  ${FUTURE_TEXT}`,
        '',
        'maintain: 3 moved, 0 left in NOW',
        '',
      ].join('\n'),
    );
    expect(await own.client.xlen('orders')).toBe(3);
    expect((await own.run(['maintain'])).stdout).toBe('');
    expect((await own.run(['maintain', '-v'])).stdout).toContain(`webhooks      0        1  ${FUTURE_TEXT}`);
  });

  test('prints nothing where nothing waits', async () => {
    expect(await own.run(['maintain'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('is one document in JSON, a line for each stream in NDJSON', async () => {
    await putAside(own.client, 'orders', some(2, PAST));
    const row = {
      task: 'scheduled',
      stream: 'orders',
      moved: 2,
      payloadBytes: expect.any(Number),
      lost: 0,
      waitingBefore: 2,
      waiting: 0,
      nextDueAt: null,
      stopped: false,
      failure: null,
    };
    const { stdout } = await own.run(['maintain', '-o', 'json']);
    expect(JSON.parse(stdout)).toEqual({ type: 'maintained-list', items: [row] });
    const line = (await own.run(['maintain', '-o', 'ndjson'])).stdout;
    expect(JSON.parse(line)).toMatchObject({
      type: 'maintained',
      ...row,
      moved: 0,
      payloadBytes: 0,
      waitingBefore: 0,
    });
  });

  test('changes nothing in a dry run, and says how much is due', async () => {
    await putAside(own.client, 'orders', [...some(3, PAST), ...some(2, FUTURE)]);
    const { stdout } = await own.run(['maintain', '--dry-run', '-o', 'ndjson']);
    expect(JSON.parse(stdout)).toEqual({
      type: 'maintain-plan',
      task: 'scheduled',
      stream: 'orders',
      waiting: 5,
      due: 3,
      nextDueAt: '2001-09-09T01:46:40.000Z',
    });
    expect(await own.client.exists('orders')).toBe(0);
  });

  test('of one stream leaves the others alone, and takes its partitions', async () => {
    await putAside(own.client, 'orders', some(20, PAST), { partitions: 2 });
    await putAside(own.client, 'webhooks', some(1, PAST));
    const { stdout } = await own.run(['maintain', '--stream', 'orders', '-o', 'ndjson']);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ stream }) => stream)).toEqual(['orders:{0}', 'orders:{1}']);
    expect(rows[0].moved + rows[1].moved).toBe(20);
    expect(await own.client.exists('webhooks')).toBe(0);
  });

  test('finds a named stream that the index does not know', async () => {
    await putAside(own.client, 'orders', some(2, PAST));
    await own.client.del(DELAYED_INDEX);
    expect((await own.run(['maintain'])).stdout).toBe('');
    expect((await own.run(['maintain', '--stream', 'orders'])).stdout).toContain('2 -> 0');
  });

  test('moves the rest where one stream is in the way, and fails then', async () => {
    await putAside(own.client, 'a', some(1, PAST));
    await putAside(own.client, 'b', some(1, PAST));
    await own.client.set('a', 'no stream');
    const { code, stdout, stderr } = await own.run(['maintain']);
    expect(code).toBe(8);
    expect(stdout).toMatch(/^a +0, failed +/m);
    expect(stdout).toMatch(/^b +1 +1 -> 0/m);
    expect(stderr).toContain('cannot move what is due into stream a');
  });

  test('says that a message was lost, and how many', async () => {
    await putAside(own.client, 'orders', some(3, PAST));
    await own.client.del(streamKeys('orders').delayedEntries);
    const { code, stdout, stderr } = await own.run(['maintain']);
    expect(code).toBe(7);
    expect(stdout).toContain('0, 3 lost');
    expect(stderr).toContain('the content of 3 scheduled messages was gone when they were due');
  });

  test('is refused to a user who may not write, before anything has changed', async () => {
    await putAside(own.client, 'orders', some(1, PAST));
    await own.client.call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '&*', '+@all', '-zrem');
    const url = own.server.url.replace('redis://', 'redis://reader:secret@');
    const { code, stderr } = await own.run(['maintain', '--stream', 'orders'], { url });
    expect([3, 4]).toContain(code);
    expect(stderr).toContain('zrem');
    expect((await own.run(['maintain'], { url })).code).toBe(8);
    expect(await own.client.exists('orders')).toBe(0);
  });
});

describe('maintain --follow', () => {
  test('moves each message when it is due, until a signal, in every stream that comes up', async () => {
    await putAside(own.client, 'orders', [{ id: 'a', dueMs: PAST }]);
    const later = async () => {
      await putAside(own.client, 'webhooks', [{ id: 'b', dueMs: Date.now() + 300 }]);
    };
    let stopped = false;
    const following = own.run(['maintain', '--every', '100ms', '-o', 'ndjson'], {
      onStdout: (text, stop) => {
        if (text.includes('"orders"')) void later();
        if (text.includes('"webhooks"')) {
          stopped = true;
          stop();
        }
      },
    });
    await waitFor(() => stopped, { what: 'both lines' });
    const { code, stdout, stderr } = await following;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toMatchObject([
      { type: 'maintained', stream: 'orders', moved: 1, waiting: 0 },
      { type: 'maintained', stream: 'webhooks', moved: 1, waiting: 0 },
    ]);
    expect(await own.client.xlen('webhooks')).toBe(1);
  });

  test('says once what is in the way of a stream, and goes on when it is gone', async () => {
    await putAside(own.client, 'orders', [{ id: 'a', dueMs: PAST }]);
    await own.client.set('orders', 'no stream');
    await own.client.config('RESETSTAT');
    let line = '';
    const following = own.run(['maintain', '--follow', '--every', '100ms'], {
      onStdout: (text, stop) => {
        line = text;
        stop();
      },
    });
    await waitFor(
      async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await own.client.info('commandstats'))?.[1]) > 3,
    );
    await own.client.del('orders');
    const { stderr } = await following;
    expect(line).toMatch(/^\S+Z orders: 1 moved, 1 -> 0 waiting\n$/);
    expect(stderr.match(/cannot move what is due into stream orders/g)).toHaveLength(1);
  });

  test.each([
    [['--follow', '-o', 'json'], 'use -o ndjson'],
    [['--follow', '--dry-run'], 'leave out one of the two'],
    [['--every', '10ms'], '--every: expected an interval of 100ms or more'],
    [['--follow', '--out-file', '/tmp/never-written'], 'redirect stdout'],
  ])('with %j is refused before anything is connected to', async (flags, hint) => {
    const { code, stderr } = await own.run(['maintain', ...flags], { url: 'redis://127.0.0.1:1' });
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
  });
});

describe('scheduled messages', () => {
  test('are shown by stream info and stream ls', async () => {
    await own.client.xadd('orders', '1-0', 'a', 'b');
    expect((await own.run(['stream', 'ls'])).stdout).not.toContain('WAITING');
    await putAside(own.client, 'orders', some(3, FUTURE));
    const info = await own.run(['stream', 'info', 'orders']);
    expect(info.stdout).toMatch(new RegExp(`^waiting until due +3, the next at ${FUTURE_TEXT}$`, 'm'));
    expect((await own.run(['stream', 'ls'])).stdout).toContain('WAITING');
    const [row] = JSON.parse((await own.run(['stream', 'ls', '-o', 'json'])).stdout).items;
    expect(row).toMatchObject({ stream: 'orders', waiting: 3, nextDueAt: FUTURE_TEXT });
  });
});
