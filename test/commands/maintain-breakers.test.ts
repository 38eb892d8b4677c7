import { describe, expect, test } from 'vitest';
import { UNUSED_AFTER_MS } from '../../src/breaker/index.ts';
import { BREAKER_EVENTS, BREAKER_INDEX, breakerKeys } from '../../src/model/keys.ts';
import { putAside } from '../support/delayed.ts';
import { waitFor } from '../support/wait.ts';
import { breakerStates } from './breaker-states.ts';
import { useOwnRedis } from './own-redis.ts';

const own = useOwnRedis();
const states = breakerStates(own);
const OVER = { verb: 'hold', mode: 'open', untilMs: 1000 } as const;

const rowsOf = (stdout: string) =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const overrides = async () => (await own.client.keys('qctl:{cb:*}:override')).sort();
const eventsOf = async (name: string) => {
  const { stdout } = await own.run(['breaker', 'history', name, '-o', 'ndjson']);
  return rowsOf(stdout).map(({ event }) => event);
};

/** As if nobody had been heard of for so long. */
async function silence(name: string, ms: number): Promise<void> {
  const at = Date.now() - ms;
  const { state } = breakerKeys(name);
  await own.client.zadd(BREAKER_INDEX, at, name);
  if (await own.client.exists(state)) await own.client.hset(state, 'seen', at);
  if (await own.client.hexists(state, 'since')) await own.client.hset(state, 'since', at);
}

describe('maintain', () => {
  test('takes away overrides whose time is over, and no others, beside what it moves', async () => {
    await putAside(own.client, 'orders', [{ id: 'a', dueMs: 1000 }]);
    await states.operate('api', OVER, 'incident');
    await states.operate('mail', { verb: 'hold', mode: 'closed', forMs: 60_000 }, 'y');
    const planned = rowsOf((await own.run(['maintain', '--dry-run', '-o', 'ndjson'])).stdout);
    expect(await overrides()).toHaveLength(2);
    const { code, stdout, stderr } = await own.run(['maintain'], { columns: 120 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(3)).toEqual([
      'BREAKER  OUTCOME  WHAT',
      expect.stringMatching(
        /^api {6}ended {4}held open by ada@ops1 since \S+ until 1970-01-01T00:00:01Z: incident$/,
      ),
      '',
      'maintain: 1 moved, 1 override ended, 0 left in NOW',
      '',
    ]);
    expect(await overrides()).toEqual([breakerKeys('mail').override]);
    expect(await eventsOf('api')).toEqual(['hold', 'lapse']);
    expect(planned).toEqual([
      expect.objectContaining({ type: 'maintain-plan', task: 'scheduled', stream: 'orders' }),
      {
        ...{ type: 'maintain-plan', task: 'overrides', breaker: 'api', outcome: 'ended' },
        override: expect.objectContaining({ mode: 'open', by: 'ada', until: '1970-01-01T00:00:01.000Z' }),
        ...{ lastSeenAt: null, failure: null },
      },
    ]);
  });

  test('shouts about an override that is forgotten and leaves it, and says nothing with --quiet', async () => {
    await states.operate('api', { verb: 'hold', mode: 'closed' }, 'x');
    await states.age('api', 86_400_000);
    const loud = await own.run(['maintain', '-o', 'ndjson']);
    expect(loud.stderr).toContain(
      'breaker api is held closed for 1d0h by ada@ops1, until released: x; if that is over: qctl breaker release api\n',
    );
    expect(rowsOf(loud.stdout)).toMatchObject([{ task: 'overrides', breaker: 'api', outcome: 'forgotten' }]);
    expect((await own.run(['maintain', '--dry-run'])).stderr).toContain('qctl breaker release api');
    expect((await own.run(['maintain', '--quiet'])).stderr).toBe('');
    expect(await overrides()).toHaveLength(1);
  });

  test('removes a breaker that nobody uses, unless an operator has set something of it', async () => {
    await states.open('gone', { failureThreshold: 1 });
    await states.report('young', { ok: 1 });
    await states.operate('tuned', { verb: 'set', changes: { openMs: 5000 } });
    await states.operate('held', { verb: 'hold', mode: 'open' }, 'x');
    for (const name of ['gone', 'tuned', 'held']) await silence(name, UNUSED_AFTER_MS + 1000);
    await silence('young', UNUSED_AFTER_MS - 60_000);
    // No key of it is left, as where it was closed all the time.
    await own.client.zadd(BREAKER_INDEX, 1000, 'expired');
    // Announced long ago and at work: the index alone does not decide.
    await states.report('busy', { ok: 1 });
    await own.client.zadd(BREAKER_INDEX, 1000, 'busy');
    const plan = await own.run(['maintain', '--dry-run', '-o', 'ndjson', '-q']);
    expect(await own.client.zcard(BREAKER_INDEX)).toBe(6);
    const { code, stdout } = await own.run(['maintain', '-o', 'ndjson', '-q']);
    expect(code).toBe(0);
    const removed = rowsOf(stdout).map(({ type: _, ...row }) => row);
    expect(removed).toEqual(rowsOf(plan.stdout).map(({ type: _, ...row }) => row));
    expect(removed).toMatchObject([
      {
        task: 'unused-breakers',
        breaker: 'expired',
        outcome: 'removed',
        lastSeenAt: '1970-01-01T00:00:01.000Z',
      },
      { task: 'unused-breakers', breaker: 'gone', outcome: 'removed', override: null, failure: null },
    ]);
    expect((await own.client.zrange(BREAKER_INDEX, '0', '-1')).sort()).toEqual([
      'busy',
      'held',
      'tuned',
      'young',
    ]);
    expect((await own.client.keys('qctl:{cb:gone}:*')).filter((key) => !key.includes(':b:'))).toEqual([]);
    expect(await eventsOf('gone')).toEqual(['declare', 'transition', 'forget']);
    expect(await own.client.xlen(BREAKER_EVENTS)).toBe(5);
  });

  test('looks after no breakers where a stream is named', async () => {
    await states.operate('api', OVER, 'incident');
    await own.run(['maintain', '--stream', 'orders']);
    expect(await overrides()).toHaveLength(1);
  });

  test('has none for a user who may not read them, and fails for one who may not take them away', async () => {
    await states.operate('api', OVER, 'incident');
    await states.operate('mail', OVER, 'incident');
    const as = async (...rules: string[]) => {
      await own.client.call('ACL', 'SETUSER', 'cron', 'reset', 'on', '>secret', '&*', '+@all', ...rules);
      const url = own.server.url.replace('redis://', 'redis://cron:secret@');
      return own.run(['maintain'], { url });
    };
    expect(await as('~qctl:delayed', '~qctl:lock:maintain')).toEqual({ code: 0, stdout: '', stderr: '' });
    const { code, stdout, stderr } = await as('~*', '-del');
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/^api +failed +cannot look after circuit breaker api/m);
    expect(stdout).toMatch(/^mail +failed /m);
    expect(stderr).toContain('cannot look after circuit breaker api');
    expect(await overrides()).toHaveLength(2);
  });
});

describe('maintain for a user who may read the names of breakers, and not them', () => {
  test('is told that they were left out: an override may stand there', async () => {
    await states.operate('mail', { verb: 'hold', mode: 'closed' }, 'x');
    await states.age('mail', 86_400_000);
    await own.client.acl('SETUSER', 'names', 'on', '>secret', '~qctl:*', '+@read', '+time', '+ping');
    const url = own.server.url.replace('redis://', 'redis://names:secret@');
    const { code, stderr } = await own.run(['maintain', '--dry-run'], { url });
    expect(code).not.toBe(0);
    expect(stderr).toContain('cannot look at circuit breaker mail');
    await own.client.acl('DELUSER', 'names');
  });
});

describe('maintain --follow', () => {
  test('says once of a forgotten override, and a line for each that it takes away', async () => {
    await states.operate('api', OVER, 'incident');
    await states.operate('mail', { verb: 'hold', mode: 'closed' }, 'x');
    await states.age('mail', 86_400_000);
    let line = '';
    const { code, stderr } = await own.run(['maintain', '--follow'], {
      onStdout: (text, stop) => {
        line = text;
        void waitFor(async () => (await overrides()).length === 1).then(stop);
      },
    });
    expect(code).toBe(130);
    expect(line).toMatch(/^\S+Z breaker api: ended: held open by ada@ops1 since \S+ until \S+: incident\n$/);
    expect(stderr).toMatch(/^qctl: warning: breaker mail is held closed .*\n$/);
  });
});
