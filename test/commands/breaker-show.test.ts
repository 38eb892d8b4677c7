import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { breakerKeys } from '../../src/model/keys.ts';
import { breakerStates } from './breaker-states.ts';
import { useOwnRedis } from './own-redis.ts';

const own = useOwnRedis();
const states = breakerStates(own);

const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ';
const SPAN = '(\\d+ms|\\d+\\.\\ds|NOW|\\d+m\\d\\ds|\\d+h\\d\\dm)';

/** Each line as a pattern, in this order, others in between. */
function expectLines(text: string, patterns: readonly string[]): void {
  let rest = text;
  for (const pattern of patterns) {
    const match = new RegExp(`^${pattern}$`, 'm').exec(rest);
    expect(match, `${pattern} in ${rest}`).not.toBeNull();
    rest = rest.slice(match!.index + match![0].length);
  }
}

describe('breaker show', () => {
  test('says why it is open, what comes next, what was counted, and where each setting comes from', async () => {
    await states.open('api', { failureThreshold: 5, slowCallMs: 2000 });
    await states.operate('api', { verb: 'set', changes: { openMs: 30_000 } }, 'noisy at night');
    const { code, stdout, stderr } = await own.run(['breaker', 'show', 'api']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expectLines(stdout, [
      'breaker +api',
      `state +open for ${SPAN}, since ${TIME}`,
      'why +5 of 5 calls failed in 60s, threshold 5',
      `next +probe in ${SPAN}, at ${TIME}`,
      'openings +1 in a row, open time 1m00s',
      'calls +5 in 1m00s, 5 failed \\(100%\\), 0 slow \\(0%\\), 0 rejected',
      'failures +5 of 5, reached',
      'slow calls +0% of 50%, judged from 10 calls on, 5 so far',
      `last error +connect ECONNREFUSED, ${SPAN} ago`,
      `last seen +${SPAN} ago`,
      'SETTING +VALUE +FROM',
      'failureThreshold +5 +declared',
      'minimumCalls +- +default: 10 for the rates, none for the count',
      'slowCallDuration +2.0s +declared',
      `openTime +30.0s +set by ada@ops1 at ${TIME}: noisy at night`,
      'instances +1 +default',
      `${TIME} +api +declared failureThreshold=5 slowCallDuration=2.0s by web-1`,
      `${TIME} +api +closed -> open: 5 of 5 calls failed in 60s, threshold 5 \\(seen by web-1\\)`,
      `${TIME} +api +set openTime=30.0s by ada@ops1: noisy at night`,
    ]);
  });

  test('tells the probes of one that is half-open, and that a due one waits for a call', async () => {
    await states.halfOpen('api');
    expectLines((await own.run(['breaker', 'show', 'api'])).stdout, [
      `state +half-open for ${SPAN}, since ${TIME}`,
      'why +open time over',
      'next +0/3 probes ok',
      'probes +1 of at most 1 under way, 0 of 3 successes',
    ]);
    await states.operate('api', { verb: 'trip', forMs: 1000 }, 'it lies');
    await own.client.hset(breakerKeys('api').state, 'halfOpenAt', 1000);
    expectLines((await own.run(['breaker', 'show', 'api'])).stdout, [
      'why +tripped by ada@ops1: it lies',
      'next +the next call is a probe, due since 1970-01-01T00:00:01Z',
    ]);
  });

  test('tells the override and what lies below it, and asks whether it is forgotten', async () => {
    await states.open('api', { failureThreshold: 1, failureRate: 20 });
    await states.operate('api', { verb: 'hold', mode: 'closed', forMs: 7_200_000 }, 'the check is wrong');
    const { stdout } = await own.run(['breaker', 'show', 'api'], { columns: 60 });
    expectLines(stdout, [
      'state +held closed, is open',
      `without override +open for ${SPAN}, since ${TIME}`,
      `override +held closed by ada@ops1 since`,
    ]);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      new RegExp(`until ${TIME} \\(${SPAN} left\\): the check is wrong`),
    );
    expect(stdout.split('\n').filter((line) => line.length > 60)).toEqual([]);
    await states.age('api', 25 * 3_600_000);
    const forgotten = await own.run(['breaker', 'show', 'api']);
    expect(forgotten.stdout).toContain('is it forgotten?');
    expect(forgotten.stderr).toContain('qctl breaker release api');
  });

  test('says of an override whose time is over that nobody has taken it away', async () => {
    await states.operate('api', { verb: 'hold', mode: 'open', untilMs: 1000 }, 'incident');
    expectLines((await own.run(['breaker', 'show', 'api'])).stdout, [
      'state +closed',
      `override +over, and nobody has taken it away: held open by ada@ops1 since ${TIME}, until 1970-01-01T00:00:01Z: incident`,
      'last seen +-',
    ]);
  });

  test('has settings, thresholds and events in JSON', async () => {
    await states.open('api', { failureThreshold: 5 });
    await states.operate('api', { verb: 'set', changes: { openMs: 30_000 } });
    const shown = JSON.parse((await own.run(['breaker', 'show', 'api', '-o', 'json'])).stdout);
    expect(shown).toMatchObject({
      ...{ type: 'breaker-detail', breaker: 'api', state: 'open', cause: 'failures', rejects: true },
      settings: {
        failureThreshold: { value: 5, from: 'declared' },
        openMs: { value: 30_000, from: 'set' },
        minimumCalls: { value: null, from: 'default' },
      },
      settingsSet: { by: 'ada', host: 'ops1', reason: null },
      thresholds: [{ kind: 'failures', value: 5, limit: 5, minimumCalls: 0, reached: true }],
      events: [{ event: 'declare' }, { event: 'transition' }, { event: 'set', settings: { openMs: 30_000 } }],
    });
  });

  test('refuses a pattern, and a name that nobody knows', async () => {
    await states.open('api');
    const pattern = await own.run(['breaker', 'show', 'a*']);
    expect(pattern).toMatchObject({ code: 2, stderr: expect.stringContaining("run 'qctl breaker list'") });
    const unknown = await own.run(['breaker', 'show', 'ap']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean api?') });
  });
});

test('who may only look sees everything, with the rights that the docs name', async () => {
  await states.open('api');
  const page = await readFile(new URL('../../docs/breakers.md', import.meta.url), 'utf8');
  const [, rules] = /^ACL SETUSER readers on >PASSWORD (.*)$/m.exec(page) ?? [];
  await own.client.acl('SETUSER', 'readers', 'on', '>secret', ...rules!.split(' '));
  const url = own.server.url.replace('redis://', 'redis://readers:secret@');
  for (const line of ['list', 'show api', 'history', 'check'])
    expect((await own.run(['breaker', ...line.split(' ')], { url })).stdout, line).toContain('api');
  await own.client.acl('DELUSER', 'readers');
});
