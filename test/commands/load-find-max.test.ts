import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createContext } from '../../commands/context.ts';
import { type FindMaxFlags, runFindMax } from '../../commands/load/find-max.ts';
import { type StopSignal, watchSignals } from '../../commands/signals.ts';
import { madeRun } from '../load/results.ts';
import { memoryIo } from './memory-io.ts';
import { useOwnRedis } from './own-redis.ts';

const redis = useOwnRedis();

const PROFILE = 'arrivals: [{ ramp: [0, 9/s], for: 1h }]\npayload: 64\nthresholds: ["p99 < 0"]\n';

function profileFile(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'find-max-')), 'profile.yaml');
  writeFileSync(path, PROFILE);
  return path;
}

const FLAGS: FindMaxFlags = {
  ...{ slo: 'p99 < 200ms', start: 100, max: 100_000, stepDuration: 10_000, hold: 30_000, precision: 0.05 },
};

/** The command on a target that serves 950 messages a second, without the time that takes. */
async function simulated(columns: number, flags: Partial<FindMaxFlags> = {}, stopAt = 0) {
  const silent = () => undefined;
  const watch = watchSignals({ on: silent, off: silent, exit: silent, writeError: silent }, silent, silent);
  const io = memoryIo({ columns, ci: true });
  const context = createContext({ io, env: {}, watch });
  const asked: object[] = [];
  const error = await runFindMax(context, profileFile(), { ...FLAGS, ...flags }, async (profile) => {
    const [stage] = profile.stages;
    const rate = stage!.kind === 'constant' ? stage!.rate : 0;
    asked.push(profile);
    if (rate === stopAt) watch.deliver('SIGINT' as StopSignal);
    return madeRun({ rate: Math.min(rate, 950), latencyMs: rate > 950 ? 900 : 10 });
  }).then(
    () => null,
    (thrown) => thrown,
  );
  return { stdout: io.stdout.text, stderr: io.stderr.text, asked, error };
}

describe('load find-max', () => {
  test('shows each rate that was tried, and the one that held, on a terminal of any width', async () => {
    for (const columns of [60, 80, 200]) {
      const { stdout, stderr, error } = await simulated(columns);
      expect(error).toBeNull();
      expect(stdout).toMatch(/\b9\d\d\/s, held for 30s: more is too much for the target/);
      expect(stdout).toMatch(/800\/s/);
      expect(stdout.split('\n').every((line) => line.length <= columns)).toBe(true);
      expect(stderr).toMatch(/^800\/s: good \(800\/s reached, p99 20 ms, lag 30\)$/m);
      expect(stderr).toMatch(/^1,600\/s: not good .* only 59\.4 % of the rate was reached$/m);
    }
  });

  test('runs the profile at a constant rate, without its thresholds, for as long as was said', async () => {
    const { asked } = await simulated(80, { max: 100 });
    const stage = (durationMs: number) => ({ kind: 'constant', rate: 100, durationMs });
    expect(asked).toMatchObject([
      { stages: [stage(10_000)], durationMs: 10_000, warmupMs: 2000, thresholds: [], payload: { bytes: 64 } },
      { stages: [stage(30_000)], durationMs: 30_000, thresholds: [] },
    ]);
  });

  test('fails where not even the first rate holds', async () => {
    const { error, stdout } = await simulated(80, { start: 5000 });
    expect(error).toMatchObject({ kind: 'threshold', code: 'LOAD_MAX_NONE' });
    expect(error.message).toContain('not even 5000/s holds');
    expect(stdout).toContain('no rate was found at which p99 < 200ms');
  });

  test('stopped, it tells what is known so far', async () => {
    const { error, stdout } = await simulated(80, {}, 800);
    expect(error).toBeNull();
    expect(stdout).toContain('stopped: 400/s was good so far, and was not held');
  });

  test('against a real server leaves nothing behind, and ends as its result says', async () => {
    const limits = ['--slo', 'lost == 0', '--start', '100/s', '--max', '200/s'];
    const { code, stdout, stderr } = await redis.run([
      'load',
      'find-max',
      profileFile(),
      ...limits,
      '--step-duration',
      '200ms',
      '--hold',
      '200ms',
      '-o',
      'json',
    ]);
    // Whether this host keeps so short a schedule beside other tests is nobody's promise.
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ type: 'load-max', slo: 'lost == 0', target: { kind: 'redis' } });
    expect(code).toBe(found.verdict === 'found' ? 0 : 99);
    expect(found.probes.length).toBeGreaterThan(found.verdict === 'found' ? 1 : 0);
    expect(
      found.probes.every((one: { lost: number; reached: number }) => one.lost === 0 && one.reached > 0),
    ).toBe(true);
    expect(stderr).toMatch(/^redis .*, each time in a place of its own: from 100\/s up to 200\/s/m);
    expect(await redis.client.keys('*')).toEqual([]);
  });

  test('Ctrl-C in a run ends it, and leaves nothing behind', async () => {
    const { code, stdout } = await redis.run(
      ['load', 'find-max', '--slo', 'p99 < 10s', '--step-duration', '10m', '-o', 'json'],
      { onStderr: (text, stop) => /^100\/s: .* of 10m/m.test(text) && stop() },
    );
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'stopped', rate: null, probes: [] });
    expect(await redis.client.keys('*')).toEqual([]);
  });

  test('a dry run says what would be tried and how long it takes, and sends nothing', async () => {
    await redis.client.config('RESETSTAT');
    const argv = ['load', 'find-max', '--slo', 'p99 < 50ms', '--max', '1000/s', '--dry-run'];
    const { code, stdout } = await redis.run(argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^rates +from 100\/s up to 1,000\/s, 5 % apart in the end$/m);
    expect(stdout).toMatch(/^takes +about /m);
    expect(await redis.client.info('commandstats')).not.toMatch(/cmdstat_(xadd|xgroup)/);
  });

  test('what is wrong with the command line is said before anything is connected to', async () => {
    const run = (...argv: string[]) =>
      redis.run(['load', 'find-max', ...argv], { url: 'redis://127.0.0.1:1' });
    expect(await run()).toMatchObject({ code: 2 });
    expect(await run('--slo', 'p98 < 5ms')).toMatchObject({ code: 5 });
    expect(await run('--slo', 'p99 < 5ms', '--precision', '90%')).toMatchObject({ code: 2 });
    const reversed = await run('--slo', 'p99 < 5ms', '--start', '500/s', '--max', '100/s');
    expect(reversed.code).toBe(2);
    expect(reversed.stderr).toContain('--max 100/s is below --start 500/s');
    expect(await run('--slo', 'p99 < 5ms')).toMatchObject({ code: 7 });
  });
});
