import { describe, expect, test } from 'vitest';
import { BREAKER_EVENTS, breakerKeys } from '../../src/model/keys.ts';
import { breakerStates } from './breaker-states.ts';
import { useOwnRedis } from './own-redis.ts';

const own = useOwnRedis();
const states = breakerStates(own);

/** Without the times, which are those of now. */
const still = (text: string) => text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME');
const history = async (...argv: string[]) => still((await own.run(['breaker', 'history', ...argv])).stdout);

async function night(): Promise<void> {
  await states.open('api');
  await states.operate('api', { verb: 'hold', mode: 'observe', forMs: 60_000 }, 'trying thresholds');
  await states.operate('api', { verb: 'release' });
  await states.operate('api', { verb: 'set', changes: { openMs: 5000, failureRate: 20 } }, 'less strict');
  await states.operate('api', { verb: 'set', changes: { openMs: null } });
  await states.operate('api', { verb: 'reset' }, 'it is back');
  await states.operate('mail', { verb: 'trip' }, 'provider incident');
  await states.operate('mail', { verb: 'hold', mode: 'open' }, 'until they call');
}

describe('breaker history', () => {
  test('says in a line each what happened, who did it and why, the newest last', async () => {
    await night();
    const lines = [
      'api  declared failureThreshold=5 by web-1',
      'api  closed -> open: 5 of 5 calls failed in 60s, threshold 5 (seen by web-1)',
      'api  held observe until TIME by ada@ops1: trying thresholds',
      'api  released, was held observe by ada@ops1',
      'api  set failureRate=20% openTime=5.0s by ada@ops1: less strict',
      'api  set openTime=- by ada@ops1',
      'api  open -> closed: reset by ada@ops1: it is back',
      'mail  closed -> open: tripped by ada@ops1: provider incident',
      'mail  held open until released by ada@ops1: until they call',
    ];
    expect(await history()).toBe(lines.map((line) => `TIME  ${line}\n`).join(''));
    expect(await history('ma*', '--limit', '1')).toBe(`TIME  ${lines[8]}\n`);
  });

  test('tells probes, observed transitions, ends of overrides, and what was restored or removed', async () => {
    const event = (type: string, seq: number, ...fields: string[]) =>
      own.client.xadd(BREAKER_EVENTS, '*', 'breaker', 'b', 'seq', seq, 'type', type, 'at', 1000, ...fields);
    const moved = (from: string, to: string, cause: string) => ['from', from, 'to', to, 'cause', cause];
    await event('transition', 1, ...moved('half-open', 'open', 'probe-failed'), 'detail', 'timeout');
    await event('transition', 2, ...moved('half-open', 'closed', 'recovered'), 'observed', '1');
    await event('lapse', 3, 'mode', 'open', 'by', 'ada', 'host', 'ops1', 'reason', 'x', 'until', '2000');
    await event('restore', 4, 'instance', 'web-1', 'detail', 'Redis had lost the changes up to 9');
    await event('forget', 5, 'detail', 'no process was heard of for 30 days');
    await event('yet-unknown', 6, 'detail', 'of a later version');
    // As a cluster may bring it twice.
    await event('forget', 5, 'detail', 'no process was heard of for 30 days');
    const { stdout } = await own.run(['breaker', 'history']);
    expect(stdout.replaceAll('1970-01-01T00:00:01Z  b  ', '').trimEnd().split('\n').sort()).toEqual([
      'forgotten: no process was heard of for 30 days',
      'half-open -> closed (observed, nobody was rejected): recovered',
      'half-open -> open: probe failed: timeout',
      'override ended at 1970-01-01T00:00:02Z, was held open by ada@ops1: x',
      'restored: Redis had lost the changes up to 9 (seen by web-1)',
      'yet-unknown: of a later version',
    ]);
  });

  test('goes on below where the terminal is narrow, and loses nothing', async () => {
    await night();
    const wide = await history();
    const { stdout } = await own.run(['breaker', 'history'], { columns: 60 });
    expect(stdout.split('\n').filter((line) => line.length > 60)).toEqual([]);
    expect(still(stdout).replace(/\s+/g, ' ')).toBe(wide.replace(/\s+/g, ' '));
  });

  test('begins so long ago, or at a time', async () => {
    await own.client.xadd(
      BREAKER_EVENTS,
      '1000-0',
      'breaker',
      'old',
      'seq',
      1,
      'type',
      'release',
      'at',
      1000,
    );
    await states.operate('api', { verb: 'trip' }, 'now');
    expect(await history('--since', '10m')).toBe('TIME  api  closed -> open: tripped by ada@ops1: now\n');
    expect((await history('--since', '1970-01-01T00:00:00Z')).split('\n')).toHaveLength(3);
    expect(
      await own.run(['breaker', 'history', '--since', 'yesterday'], { url: 'redis://127.0.0.1:1' }),
    ).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'qctl: --since: yesterday is neither a duration nor a time\n  hint: write 2h for two hours ago, or a time such as 2026-11-21T09:00:00Z\n',
    });
  });

  test('has who, why and the settings in JSON', async () => {
    await night();
    const { stdout } = await own.run(['breaker', 'history', 'api', '-o', 'ndjson']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const nothing = {
      ...{ from: null, to: null, cause: null, detail: null, observed: false, mode: null, until: null },
      ...{ settings: null, instance: null, by: null, host: null, reason: null },
    };
    const ada = { by: 'ada', host: 'ops1' };
    expect(events[4]).toEqual({
      ...{
        type: 'breaker-event',
        id: expect.any(String),
        at: expect.stringMatching(/Z$/),
        breaker: 'api',
        seq: 5,
      },
      ...{
        event: 'set',
        ...nothing,
        ...ada,
        reason: 'less strict',
        settings: { failureRate: 20, openMs: 5000 },
      },
    });
    expect(events[5]).toMatchObject({ settings: { openMs: null }, reason: null });
  });

  test('knows a breaker that is gone by its events, and calls a name without any a mistake', async () => {
    await night();
    await own.client.del(breakerKeys('api').state, breakerKeys('api').config, 'qctl:cb:index');
    expect(await history('api')).toContain('reset by ada@ops1');
    await states.open('quiet');
    await own.client.del(BREAKER_EVENTS);
    expect(await own.run(['breaker', 'history', 'quiet'])).toEqual({ code: 0, stdout: '', stderr: '' });
    const { code, stderr } = await own.run(['breaker', 'history', 'quit']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean quiet?');
  });
});
