import { describe, expect, test } from 'vitest';
import { runBreakerList } from '../../commands/breaker/list.ts';
import { createContext } from '../../commands/context.ts';
import { watchSignals } from '../../commands/signals.ts';
import { BREAKER_INDEX, breakerKeys } from '../../src/model/keys.ts';
import { breakerStates } from './breaker-states.ts';
import { memoryIo } from './memory-io.ts';
import { useOwnRedis } from './own-redis.ts';

const own = useOwnRedis();
const states = breakerStates(own);
const DAY = 86_400_000;

/** One in each state. */
async function incident(): Promise<void> {
  await states.report('search', { ok: 1200, fail: 4 });
  await states.open('wazuh-api');
  await states.report('wazuh-api', { version: 1, rejected: 1204 });
  await states.halfOpen('llm-api');
  const hold = { verb: 'hold', mode: 'open', forMs: 3_600_000 } as const;
  await states.operate('mail', hold, 'provider incident INC-1234');
  await states.operate('billing', { verb: 'hold', mode: 'observe' }, 'new thresholds');
}

const lines = (text: string) => text.trimEnd().split('\n');

describe('breaker list', () => {
  test('shows the worst first: state, since when, what comes next, how many failed, and why', async () => {
    await incident();
    const { code, stdout, stderr } = await own.run(['breaker', 'list'], { columns: 120 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [head, ...rows] = lines(stdout);
    expect(head).toMatch(/^BREAKER +STATE +SINCE +NEXT +FAILED +REJECTED +WHY$/);
    const since = '(\\d+ms|\\d\\.\\ds)';
    expect(rows).toHaveLength(5);
    for (const [at, row] of [
      `mail +held open +${since} +ends in (1h00m|59m\\d\\ds) +0/0 +0 +ada@ops1: provider incident INC-1234`,
      `wazuh-api +open +${since} +probe in (5\\d\\.\\ds|1m00s) +5/5 +1,204 +5 of 5 calls failed in 60s, threshold 5`,
      `llm-api +half-open +${since} +0/3 probes ok +0/0 +0 +open time over`,
      `billing +held observe +${since} +until released +0/0 +0 +ada@ops1: new thresholds`,
      'search +closed +- +- +4/1,204 +0 +-',
    ].entries())
      expect(rows[at]).toMatch(new RegExp(`^${row}$`));
  });

  test('says why below the row where the terminal is narrow, and goes into blocks where it is too narrow', async () => {
    await incident();
    const narrow = lines((await own.run(['breaker', 'list'], { columns: 80 })).stdout);
    expect(narrow[1]).toMatch(/^mail +held open/);
    expect(narrow[2]).toBe('  ada@ops1: provider incident INC-1234');
    const blocks = lines((await own.run(['breaker', 'list'], { columns: 50 })).stdout);
    expect(blocks.slice(0, 2)).toEqual(['breaker   mail', 'state     held open']);
    for (const [width, shown] of [[80, narrow] as const, [50, blocks] as const])
      expect(shown.filter((line) => line.length > width)).toEqual([]);
  });

  test('says that a breaker would be open below its override, and that the open time is over', async () => {
    await states.open('api', { failureThreshold: 1, openMs: 100 });
    await own.client.hset(breakerKeys('api').state, 'halfOpenAt', 1);
    expect((await own.run(['breaker', 'list'])).stdout).toContain('probe is due');
    await states.operate('api', { verb: 'hold', mode: 'closed' }, 'the check is wrong');
    expect((await own.run(['breaker', 'list'])).stdout).toMatch(/^api +held closed, is open /m);
  });

  test.each([
    ['open', ['mail', 'wazuh-api']],
    ['half-open', ['llm-api']],
    ['held', ['mail', 'billing']],
    ['closed', ['search']],
  ])('shows only those that are %s', async (state, names) => {
    await incident();
    const { stdout } = await own.run(['breaker', 'list', '--state', state, '-o', 'json']);
    expect(JSON.parse(stdout).items.map(({ breaker }: { breaker: string }) => breaker)).toEqual(names);
  });

  test('takes names and patterns, and helps where a name is mistyped', async () => {
    await incident();
    const { stdout } = await own.run(['breaker', 'list', '*-api', 'mail', 'mail', '-o', 'ndjson']);
    expect(lines(stdout).map((line) => JSON.parse(line).breaker)).toEqual(['mail', 'wazuh-api', 'llm-api']);
    expect(await own.run(['breaker', 'list', 'wazu-api', 'mail'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        "qctl: there is no circuit breaker wazu-api, in Redis or in the configuration\n  hint: did you mean wazuh-api?\n  hint: 'qctl breaker list' shows them\n",
    });
    expect((await own.run(['breaker', 'list', 'a b'])).code).toBe(2);
  });

  test('says on a terminal that there is nothing', async () => {
    expect(await own.run(['breaker', 'list'])).toEqual({ code: 0, stdout: '', stderr: '' });
    const { stderr } = await own.run(['breaker', 'list'], { columns: 80 });
    expect(stderr).toBe('there are no circuit breakers\n');
    const none = await own.run(['breaker', 'list', 'x*'], { columns: 80 });
    expect(none).toEqual({ code: 0, stdout: '', stderr: 'no circuit breaker matches x*\n' });
    expect(JSON.parse((await own.run(['breaker', 'list', '-o', 'json'])).stdout)).toEqual({
      type: 'breaker-list',
      items: [],
    });
  });

  test('has all of it in JSON, and null for what is not there', async () => {
    await incident();
    const { stdout } = await own.run(['breaker', 'list', 'mail', 'search', '-o', 'json']);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const nothing = {
      ...{ since: null, cause: null, detail: null, by: null, host: null, reason: null, halfOpenAt: null },
      ...{ openMs: null, openings: 0, probes: null, lastError: null, lastErrorAt: null, windowMs: 60_000 },
      ...{ known: true, configured: false, state: 'closed', forgotten: false, lapsedOverride: null, slow: 0 },
      ...{ rejected: 0, now: time },
    };
    const override = { mode: 'open', by: 'ada', host: 'ops1', reason: 'provider incident INC-1234' };
    expect(JSON.parse(stdout).items).toEqual([
      {
        ...{ breaker: 'mail', ...nothing, rejects: true, calls: 0, failed: 0, lastSeenAt: null },
        override: { ...override, since: time, until: time },
      },
      {
        breaker: 'search',
        ...nothing,
        rejects: false,
        calls: 1204,
        failed: 4,
        lastSeenAt: time,
        override: null,
      },
    ]);
  });

  test('has metrics', async () => {
    await incident();
    const { stdout } = await own.run(['breaker', 'list', '-o', 'prometheus']);
    for (const sample of [
      'qctl_breaker_state{breaker="wazuh-api",state="open"} 1',
      'qctl_breaker_state{breaker="wazuh-api",state="closed"} 0',
      'qctl_breaker_state{breaker="llm-api",state="half-open"} 1',
      'qctl_breaker_rejects{breaker="mail"} 1',
      'qctl_breaker_override{breaker="mail",override="open"} 1',
      'qctl_breaker_override{breaker="search",override="none"} 1',
      'qctl_breaker_failed_calls{breaker="search"} 4',
      'qctl_breaker_rejected_calls{breaker="wazuh-api"} 1204',
    ])
      expect(lines(stdout)).toContain(sample);
    expect(stdout).not.toContain('override_remaining_seconds{breaker="billing"}');
  });

  test('shouts about a forgotten override, also with --quiet, with the command that ends it', async () => {
    await states.operate("it's", { verb: 'hold', mode: 'closed' }, 'maintenance');
    await states.age("it's", 2 * DAY + 3 * 3_600_000 + 60_000);
    const { stdout, stderr } = await own.run(['breaker', 'list', '--quiet', '-o', 'json']);
    expect(stderr).toBe(
      "qctl: warning: breaker it's is held closed for 2d3h by ada@ops1, until released: maintenance; if that is over: qctl breaker release 'it'\\''s'\n",
    );
    expect(JSON.parse(stdout).items[0].forgotten).toBe(true);
  });

  test('says how long processes keep silent, since what is shown may be old news', async () => {
    await states.open('api');
    expect((await own.run(['breaker', 'list'])).stdout).not.toContain('SEEN');
    await own.client.hset(breakerKeys('api').state, 'seen', Date.now() - 3 * 3_600_000);
    const { stdout } = await own.run(['breaker', 'list']);
    expect(stdout).toMatch(/REJECTED +SEEN +WHY\n.* 3h00m /);
  });

  test('changes nothing, not even an override whose time is over', async () => {
    await states.operate('old', { verb: 'hold', mode: 'closed', untilMs: 1 }, 'x');
    await states.open('api', { failureThreshold: 1, openMs: 100 });
    const look = async () => {
      const keys = (await own.client.keys('*')).sort();
      return Promise.all(keys.map(async (key) => [key, await own.client.dump(key)]));
    };
    const before = await look();
    const { stdout } = await own.run(['breaker', 'list', '-o', 'json']);
    for (const verb of ['show', 'history', 'check']) await own.run(['breaker', verb, 'old']);
    expect(await look()).toEqual(before);
    const [, old] = JSON.parse(stdout).items;
    expect(old).toMatchObject({ override: null, lapsedOverride: { mode: 'closed', by: 'ada' } });
  });

  test('keeps names whole, however long and many they are', async () => {
    const names = Array.from({ length: 250 }, (_, at) => `${'x'.repeat(100)}-${at}`);
    await own.client.zadd(BREAKER_INDEX, ...names.flatMap((name) => [1, name]));
    const { stdout } = await own.run(['breaker', 'list'], { columns: 60 });
    const shown = stdout.replace(/\n +/g, '');
    expect(names.filter((name) => !shown.includes(name))).toEqual([]);
  });

  test('a Redis that is away is the error of every command', async () => {
    const { code, stderr } = await own.run(['breaker', 'list'], { url: 'redis://127.0.0.1:1' });
    expect(code).toBe(7);
    expect(stderr).toContain('nothing listens there');
  });
});

test('a breaker of the configuration that nobody has used yet is closed', async () => {
  const io = memoryIo();
  const silent = () => undefined;
  const host = { on: silent, off: silent, exit: silent, writeError: silent };
  const context = createContext({
    io,
    env: { REDIS_URL: own.server.url },
    watch: watchSignals(host, silent, silent),
  });
  const config = await context.config();
  context.config = async () => ({ ...config, breakers: { mail: { failureThreshold: 5, windowMs: 30_000 } } });
  await runBreakerList(context, ['mail'], {});
  await context.cleanUp();
  expect(lines(io.stdout.text)[1]).toMatch(/^mail +closed +- +- +- +- +never used$/);
});
