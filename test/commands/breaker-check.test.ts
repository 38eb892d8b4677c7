import { describe, expect, test } from 'vitest';
import { breakerKeys } from '../../src/model/keys.ts';
import { breakerStates } from './breaker-states.ts';
import { drive } from './check-driver.ts';
import { useOwnRedis } from './own-redis.ts';

const own = useOwnRedis();
const states = breakerStates(own);

/** What goes on with the time is made equal. */
const still = (text: string) =>
  text.replace(/\b(\d+ms|\d+\.\ds|\d+m\d\ds|\d+h\d\dm)\b/g, 'T').replace(/ 127\.0\.0\.1:\d+/g, ' SERVER');
async function check(line: string) {
  const { code, stdout, stderr } = await drive(line, { env: { REDIS_URL: own.server.url } });
  return { code, stdout: still(stdout), stderr };
}

const data = (name: string, state: number, failed: number, calls: number, rejected = 0) =>
  `'${name} state'=${state};;;0 '${name} failed'=${failed};;;0 '${name} calls'=${calls};;;0 '${name} rejected'=${rejected};;;0`;

describe('breaker check', () => {
  test('is OK where all are closed', async () => {
    await states.report('api', { ok: 1200, fail: 4 });
    expect(await check('breaker check')).toEqual({
      code: 0,
      stdout: `BREAKER OK - api: closed, failed 4, calls 1,204, rejected 0 | ${data('api', 0, 4, 1204)}\n`,
      stderr: '',
    });
  });

  test('is CRITICAL where one is open, and says why and until when', async () => {
    await states.open('api');
    await states.report('mail', { ok: 1 });
    expect(await check('check breaker')).toEqual({
      code: 2,
      stdout: [
        `BREAKER CRITICAL - 1 critical, 1 ok; api: open for T, probe in T: 5 of 5 calls failed in 60s, threshold 5, failed 5, calls 5, rejected 0 | ${data('api', 2, 5, 5)} ${data('mail', 0, 0, 1)}`,
        'CRITICAL api: open for T, probe in T: 5 of 5 calls failed in 60s, threshold 5, failed 5, calls 5, rejected 0',
        'OK mail: closed, failed 0, calls 1, rejected 0',
        '',
      ].join('\n'),
      stderr: '',
    });
    expect(await check('check breaker mail')).toMatchObject({ code: 0 });
  });

  test('is WARNING while one is half-open', async () => {
    await states.halfOpen('api');
    const { code, stdout } = await check('breaker check');
    expect(code).toBe(1);
    expect(stdout).toContain('BREAKER WARNING - api: half-open for T, 0/3 probes ok: open time over');
  });

  test.each([
    ['open', 2, 'CRITICAL'],
    ['closed', 1, 'WARNING'],
    ['disabled', 1, 'WARNING'],
    ['observe', 1, 'WARNING'],
  ] as const)('is what it should be while one is held %s', async (mode, exit, status) => {
    await states.operate('api', { verb: 'hold', mode, forMs: 3_600_000 }, 'INC|1');
    const { code, stdout } = await check('breaker check api');
    expect(code).toBe(exit);
    expect(stdout).toContain(
      `BREAKER ${status} - api: held ${mode} for T, ends in T: ada@ops1: INC/1, failed 0`,
    );
  });

  test('is WARNING and not CRITICAL while one is open below an override that lets calls pass', async () => {
    await states.open('api');
    await states.operate('api', { verb: 'hold', mode: 'closed' }, 'the check is wrong');
    const { code, stdout } = await check('breaker check');
    expect(code).toBe(1);
    expect(stdout).toContain('api: held closed for T, is open, until released: ada@ops1: the check is wrong');
  });

  test('calls an override that stands for long forgotten, with the command that ends it', async () => {
    await states.operate('api', { verb: 'hold', mode: 'closed' }, 'x');
    await states.age('api', 9 * 86_400_000);
    const { stdout } = await check('breaker check');
    expect(stdout).toContain(
      'api: held closed for 9d0h, until released: ada@ops1: x, this override may be forgotten: qctl breaker release api',
    );
  });

  test('goes by the state where the time of an override is over, and says that it stands there', async () => {
    await states.operate('api', { verb: 'hold', mode: 'open', untilMs: 1 }, 'x');
    await own.client.hset(breakerKeys('api').state, 'seen', Date.now() - 600_000);
    const { code, stdout } = await check('breaker check');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'api: closed, an override whose time is over was not taken away, no process was heard of for T',
    );
  });

  test('is UNKNOWN where nothing is there, unless --missing says otherwise', async () => {
    const none = await check('breaker check');
    expect(none).toEqual({
      code: 3,
      stdout: 'BREAKER UNKNOWN - *: there are no circuit breakers\n',
      stderr: '',
    });
    await states.report('wazuh-api', { ok: 1 });
    const typo = await check('breaker check wazu-api');
    expect(typo.code).toBe(3);
    expect(typo.stdout).toBe(
      'BREAKER UNKNOWN - wazu-api: there is no such circuit breaker; did you mean wazuh-api?\n',
    );
    expect(await check('breaker check x*')).toMatchObject({ code: 3 });
    expect(await check('breaker check x* wazuh-api --missing ok')).toMatchObject({ code: 0 });
    expect(await check('breaker check nope wazuh-api --missing critical')).toMatchObject({ code: 2 });
    expect(await check('breaker check a{b')).toMatchObject({ code: 3 });
  });

  test('is UNKNOWN where Redis is away or refuses the login', async () => {
    const away = await drive('breaker check', { env: { REDIS_URL: 'redis://127.0.0.1:1' } });
    expect(away).toMatchObject({ code: 3, stdout: expect.stringContaining('nothing listens there') });
    const login = own.server.url.replace('redis://', 'redis://nobody:wrong@');
    const refused = await drive('breaker check', { env: { REDIS_URL: login } });
    expect(refused.code).toBe(3);
    expect(refused.stdout).toMatch(/^BREAKER UNKNOWN - /);
  });

  test('has state, counts and override in JSON and as metrics', async () => {
    await states.operate('api', { verb: 'hold', mode: 'open', forMs: 3_600_000 }, 'x');
    const { items } = JSON.parse((await check('breaker check -o json')).stdout);
    const { metrics, ...item } = items[0];
    const text = 'held open for T, ends in T: ada@ops1: x';
    expect(item).toEqual({
      ...{ name: 'api', breaker: 'api', status: 'critical' },
      findings: [{ code: 'OVERRIDE', status: 'critical', text }],
    });
    expect(metrics.state.value).toBe(0);
    expect(metrics.override.value).toBe(4);
    expect(metrics.overrideEndsInMs.value).toBeGreaterThan(3_000_000);
    const { code, stdout } = await check('breaker check -o prometheus');
    expect(code).toBe(2);
    const samples = stdout.split('\n');
    for (const sample of [
      'qctl_breaker_state{breaker="api",state="closed"} 1',
      'qctl_breaker_rejects{breaker="api"} 1',
      'qctl_breaker_override{breaker="api",override="open"} 1',
      'qctl_check_item_status{check="breaker",breaker="api"} 2',
      'qctl_check_status{check="breaker",target="*"} 2',
    ])
      expect(samples).toContain(sample);
  });

  test('one that cannot be read is UNKNOWN by itself and hides no other', async () => {
    await states.open('api');
    await states.report('mail', { ok: 1 });
    await own.client.set(breakerKeys('mail').state, 'text');
    const { code, stdout } = await check('breaker check');
    expect(code).toBe(2);
    expect(stdout).toMatch(/^BREAKER CRITICAL - 1 critical, 1 unknown; api: open/);
    expect(stdout).toMatch(/^UNKNOWN mail: cannot look at circuit breaker mail .*another kind of value/m);
    const list = await own.run(['breaker', 'list']);
    expect([list.code, list.stderr]).toEqual([
      0,
      expect.stringContaining('qctl: left out: cannot look at circuit breaker mail'),
    ]);
    expect(list.stdout).toMatch(/^api +open/m);
  });

  test('is found under both nouns', async () => {
    const help = await drive('check --help', {});
    expect(help.stdout).toMatch(/^ {2}check breaker .*alert where a circuit breaker/m);
    expect((await drive('breaker --help', {})).stdout).toMatch(/^ {2}breaker check /m);
    expect((await drive('check breaker --help', {})).stdout).toContain('CRITICAL: open, be it held open');
  });
});
