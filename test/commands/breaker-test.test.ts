import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { reportCalls } from './breaker-driver.ts';
import { useOwnRedis } from './own-redis.ts';
import type { CommandSetting } from './run-command.ts';

const redis = useOwnRedis();
const CONFIG = `profiles:
  production:
    breakers:
      wazuh-api: { failureThreshold: 5, openTime: 60s }
`;
const NOWHERE = 'redis://127.0.0.1:1';

const simulate = (argv: string[], setting: CommandSetting = {}) =>
  redis.run(['breaker', 'test', ...argv], { columns: 150, ...setting });

async function simulated(argv: string[], setting?: CommandSetting) {
  const { code, stdout, stderr } = await simulate([...argv, '-o', 'json'], setting);
  return { code, stderr, json: stdout && JSON.parse(stdout) };
}

async function fileOf(content: string | Buffer): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'qctl-outcomes-')), 'calls.ndjson');
  await writeFile(file, content);
  return file;
}

test('an outage is shown as a timeline, and the same again the next time', async () => {
  const argv = ['wazuh-api', '--rate', '100/s', '--for', '5m', '--outage', '2m+1m'];
  const { code, stdout, stderr } = await simulate(argv, { config: CONFIG });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
    'settings | of qctl.yaml or the environment: failureThreshold=5 openTime=1m00s',
    'calls | made up: 30,000 in 5m00s (100/s), 100% fail from +2m00.0s for 1m00s; seed 1',
    'opens | +2m00.0s',
    expect.stringMatching(/^opened \| once, open for 1m0\ds \(2\d\.\d%\)$/),
    expect.stringMatching(/^let through \| [\d,]+, of them failed 5, probes 3$/),
    expect.stringMatching(/^rejected \| [\d,]+, of them would have succeeded \d+$/),
    'at the end | closed',
    '',
    'AT | STATE | WHY',
    expect.stringMatching(
      /^\+2m00\.0s \| open \| 5 of 6005 calls failed in 60s, threshold 5; 5 failed calls let through; open for 1m0\ds$/,
    ),
    expect.stringMatching(/^\+3m0\d\.\ds \| half-open \| open time over$/),
    expect.stringMatching(/^\+3m0\d\.\ds \| closed \| recovered$/),
    '',
  ]);
  expect((await simulate(argv, { config: CONFIG })).stdout).toBe(stdout);
  expect(await redis.client.keys('*')).toEqual([]);
});

test('several thresholds stand side by side, and one that never opens says how near it came', async () => {
  const argv = ['wazuh-api', '--failure-rate', '20%', '--for', '2m', '--try', 'failureThreshold=3,500'];
  const { stdout } = await simulate(argv, { config: CONFIG });
  expect(stdout).toMatch(/^SETTINGS +OPENS +OPENED +FAILED +REJECTED +GOOD-ONES +OPEN-FOR +WHY$/m);
  expect(stdout).toMatch(/^failureThreshold=3 +\+\d\.\ds .*3 of \d+ calls failed in 60s, threshold 3$/m);
  expect(stdout).toMatch(
    /^failureThreshold=500 +never +0 .* at most \d+ of 500 failures in the window \(at/m,
  );
  const { json } = await simulated([...argv, '--try', 'openTime=1s,5s,9s', '--set', 'window=10s']);
  expect(json.results.map(({ tried }: { tried: object }) => tried)).toEqual(
    [3, 500].flatMap((failureThreshold) =>
      [1000, 5000, 9000].map((openMs) => ({ failureThreshold, openMs })),
    ),
  );
  expect(json.results[0].settings).toMatchObject({ windowMs: 10_000, failureThreshold: 3, openMs: 1000 });
});

describe('settings', () => {
  const from = async (argv: string[], setting?: CommandSetting) => {
    const { json, stderr } = await simulated(['wazuh-api', ...argv], setting);
    const { failureThreshold, openMs } = json.results[0].settings;
    return [json.settingsFrom, failureThreshold, openMs, stderr];
  };

  test('are those in force in Redis, then those of the configuration, then the defaults', async () => {
    expect(await from([], { config: CONFIG })).toEqual(['configuration', 5, 60_000, '']);
    expect(await from(['--set', 'failureThreshold=7'])).toEqual(['defaults', 7, 60_000, '']);
    await reportCalls(redis.server.url, 'wazuh-api', { declared: { failureThreshold: 8 } });
    await redis.run(['breaker', 'set', 'wazuh-api', 'openTime=9s']);
    await redis.run(['breaker', 'hold', 'open', 'wazuh-api', '--reason', 'x']);
    const note = 'the override open that is in force is left out\n';
    expect(await from([], { config: CONFIG })).toEqual(['redis', 8, 9000, note]);
    expect(await from(['--set', 'openTime=-'], { config: CONFIG })).toEqual(['redis', 8, 60_000, note]);
    expect(await from(['--offline'], { config: CONFIG })).toEqual(['configuration', 5, 60_000, '']);
  });

  test('without a Redis are those of the configuration, which is said', async () => {
    const away = { url: NOWHERE, config: CONFIG };
    expect(await from([], away)).toEqual([
      'configuration',
      5,
      60_000,
      expect.stringContaining('without Redis: '),
    ]);
    expect(await from(['--offline'], away)).toEqual(['configuration', 5, 60_000, '']);
  });

  test('of a breaker that nobody knows are asked for', async () => {
    const { code, stderr } = await simulate(['wazuh-apj'], { config: CONFIG });
    expect([code, stderr]).toEqual([
      2,
      'qctl: there is no breaker wazuh-apj\n  hint: did you mean wazuh-api?\n',
    ]);
    expect((await simulate(['wazuh-apj'], { url: NOWHERE })).code).toBe(7);
  });

  test('that never open anything are warned of', async () => {
    const { stderr } = await simulate(['api', '--set', 'failureRate=off', '--slow-rate', '5%']);
    expect(stderr).toContain('warning: it never opens');
    expect(stderr).toContain('slow calls are not looked at: slowCallDuration is off');
  });
});

describe('recorded calls', () => {
  const lines = (n: number) =>
    Array.from({ length: n }, (_, i) =>
      JSON.stringify({
        at: new Date(Date.UTC(2026, 10, 22, 6) + i * 1000).toISOString(),
        outcome: i < 20 || i > 30 ? 'ok' : 'fail',
        durationMs: 100,
        instance: `w${i % 3}`,
      }),
    ).join('\n');

  test('are read from a file, compressed or not, with the times of day in json', async () => {
    const argv = ['wazuh-api', '--offline', '--outcomes'];
    const { json } = await simulated([...argv, await fileOf(lines(100))], { config: CONFIG });
    expect(json).toMatchObject({
      ...{ type: 'breaker-simulation', breaker: 'wazuh-api', settingsFrom: 'configuration' },
      calls: {
        source: 'recorded',
        count: 100,
        from: '2026-11-22T06:00:00.000Z',
        totalMs: 99_100,
        generated: null,
      },
      results: [
        {
          ...{
            tried: {},
            openings: 1,
            opensAfterMs: 24_100,
            opensAt: '2026-11-22T06:00:24.100Z',
            failedThrough: 5,
          },
          ...{ calls: 100, nearest: null, furtherMoves: 0 },
        },
      ],
    });
    expect(json.results[0].timeline[0]).toMatchObject({
      ...{ afterMs: 24_100, from: 'closed', to: 'open', cause: 'failures', failedCalls: 5 },
      detail: '5 of 25 calls failed in 60s, threshold 5',
    });
    const zipped = await simulated([...argv, await fileOf(gzipSync(lines(100)))], { config: CONFIG });
    expect(zipped.json.results).toEqual(json.results);
  });

  test('without times follow each other at the rate', async () => {
    const file = await fileOf('ok\nfail\r\nfail\n\nok');
    const argv = ['a', '--offline', '--set', 'failureThreshold=2', '--outcomes', file, '--rate', '2/s'];
    const { json } = await simulated(argv);
    expect(json).toMatchObject({
      calls: { count: 4, from: null, totalMs: 1500 },
      results: [{ opensAfterMs: 1000, opensAt: null, rejected: 1, rejectedOk: 1 }],
    });
  });

  test('that cannot be read are named by their lines', async () => {
    const file = await fileOf(`ok\n${'nonsense\n'.repeat(9)}fail\n`);
    const { code, stdout, stderr } = await simulate([
      'a',
      '--offline',
      '--set',
      'window=30s',
      '--outcomes',
      file,
    ]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.replaceAll(file, 'FILE').split('\n').slice(0, 6)).toEqual([
      'qctl: FILE:2: expected ok, fail or {"at": …, "outcome": "ok" or "fail"}, got "nonsense"',
      ...[3, 4, 5, 6].map((line) => expect.stringContaining(`FILE:${line}: expected ok`)),
      '      and 4 more',
    ]);
  });

  test('that are none, or are not there, are no result', async () => {
    const none = await simulate([
      'a',
      '--offline',
      '--set',
      'window=30s',
      '--outcomes',
      await fileOf('\n\n'),
    ]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('has no calls')]);
    const gone = await simulate(['a', '--offline', '--set', 'window=30s', '--outcomes', '/nowhere']);
    expect([gone.code, gone.stderr]).not.toEqual([0, '']);
    expect(gone.stderr).toContain('/nowhere');
  });
});

test.each([
  [['api-*'], 'api-* is a pattern'],
  [['a', '--outage', '2m'], 'expected from+for, such as 2m+1m or 2m+1m@80%'],
  [['a', '--set', 'window=1s', '--outage', '20m+1m'], 'an --outage begins after the last call'],
  [['a', '--failure-rate', '0.3'], 'expected a share such as 30% or 0.5%'],
  [['a', '--try', 'failureTreshold=3'], 'did you mean failureThreshold?'],
  [['a', '--try', 'openTime=3,5'], 'openTime=3: expected a duration'],
  [['a', '--try', 'window=1s', '--try', 'window=2s'], 'window is tried twice'],
  [['a', '--set', 'window=1s', '--rate', '1000000/s', '--for', '1h'], 'calls are too many'],
  [['a', '--outcomes', 'x', '--failure-rate', '3%'], "cannot be used with option '--failure-rate"],
])('%s is refused', async (argv, text) => {
  const { code, stderr } = await simulate(argv);
  expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
});

test('on a narrow terminal and in a pipe all of it can be read', async () => {
  const argv = ['wazuh-api', '--offline', '--try', 'failureThreshold=3,5'];
  const narrow = await simulate(argv, { config: CONFIG, columns: 60 });
  expect(Math.max(...narrow.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(
    (await simulate([...argv, '-o', 'ndjson'], { config: CONFIG })).stdout.trim().split('\n'),
  ).toHaveLength(1);
});
