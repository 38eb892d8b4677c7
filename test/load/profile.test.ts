import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LoadProfile, profileOf, readProfile } from '../../src/load/index.ts';

async function read(text: string): Promise<LoadProfile> {
  const path = join(mkdtempSync(join(tmpdir(), 'load-')), 'profile.yaml');
  writeFileSync(path, text);
  return readProfile(path);
}

describe('a load profile', () => {
  test('that says little gets the rest from the defaults of the field', async () => {
    expect(await read('rate: 1000/s\nduration: 60s\n')).toMatchObject({
      target: { kind: 'redis', groups: 1, keep: 100_000, allowNotEmpty: false },
      stages: [{ kind: 'constant', rate: 1000, durationMs: 60_000 }],
      durationMs: 60_000,
      warmupMs: 10_000,
      drainMs: 30_000,
      producers: { count: 1, batch: 1, inFlight: 10_000, backlog: 100_000 },
      consumers: { count: 1, batch: 100, work: { kind: 'fixed', meanMs: 0 }, failure: 0, claimAfter: 5000 },
      payload: { bytes: 1024 },
      keys: null,
      memoryLimit: { percent: 80 },
    });
  });

  test('in its short form is the one that cutover plans have had: messages, groups, consumers, thresholds', async () => {
    const profile = await read(
      'target: redis\nrate: 30000/m\nduration: 5s\npayloadBytes: 64\ngroups: 3\nconsumers: 2\nthresholds: ["p99 < 50ms"]\n',
    );
    expect(profile).toMatchObject({
      target: { kind: 'redis', groups: 3 },
      stages: [{ rate: 500 }],
      warmupMs: 1000,
      payload: { bytes: 64 },
      consumers: { count: 2 },
      thresholds: [{ check: 'p99 < 50ms', abortOnFail: false }],
    });
  });

  test('says everything there is to say', async () => {
    const profile = await read(`
name: the whole of it
target: { kind: http, url: "http://127.0.0.1:1/hook", headers: { X-Auth-Token: { file: token } }, expect: [200, 202] }
arrivals:
  - { constant: 100/s, for: 10s }
  - { ramp: [100/s, 500/s], for: 20s }
  - { steps: [100/s, 200/s], each: 5s }
  - { spike: 900/s, base: 100/s, width: 2s, for: 10s }
  - { sine: { mean: 200/s, amplitude: 100/s, period: 10s }, for: 30s }
warmup: 5s
untilEmpty: true
producers: { count: 4, inFlight: 20 }
consumers: { count: 2, work: { uniform: [1ms, 5ms] }, failure: 0.5%, crash: 0.1% }
payload: { sizes: { 256: 70, 4KB: 30 } }
keys: { count: 100, distribution: zipf, skew: 1.2 }
thresholds:
  - { check: failed == 0, abortOnFail: true, after: 2s }
faults: [{ at: 20s, cut: producers }, { at: 10s, cut: all }]
memoryLimit: 2GB
`);
    expect(profile.stages.map(({ kind }) => kind)).toEqual(['constant', 'ramp', 'steps', 'spike', 'sine']);
    expect(profile).toMatchObject({
      durationMs: 80_000,
      warmupMs: 5000,
      drainMs: null,
      producers: { count: 4, inFlight: 20 },
      consumers: { work: { kind: 'uniform', fromMs: 1, toMs: 5 }, failure: 0.005, crash: 0.001 },
      thresholds: [{ check: 'failed == 0', abortOnFail: true, after: 2000 }],
      faults: [{ at: 10_000 }, { at: 20_000 }],
      memoryLimit: { bytes: 2 * 1024 ** 3 },
    });
  });

  test.each([
    ['rate: fast\nduration: 1s\n', /profile\.yaml:1: rate: expected max or a rate such as 1000\/s|rate/],
    ['rate: 1/s\nduration: 1s\nspeed: 3\n', /:3: .*speed/],
    ['rate: 1/s\nduration: 1s\nthresholds:\n  - lost == 0\n  - p98 < 5\n', /:5: thresholds\.1: .*p98/],
    ['duration: 1s\n', /says no rate/],
    ['rate: 1/s\n', /says no duration/],
    ['rate: 1/s\narrivals: [{ constant: 1/s, for: 1s }]\n', /:2: arrivals: stands beside rate or duration/],
    ['rate: 1/s\nduration: 1s\ntarget: { kind: kafka }\n', /target/],
    [
      'rate: 1/s\nduration: 1s\ntarget: { kind: http, url: "http://u:p@h/" }\n',
      /target\.url: .*without a password/,
    ],
    [
      'rate: 1/s\nduration: 1s\ntarget: { kind: http, url: "http://h/", headers: { X-Auth-Token: abc } }\n',
      /headers: expected \{ env: NAME \} or \{ file: PATH \}/,
    ],
    [
      'rate: 1/s\nduration: 1s\ntarget: sqs\nfaults: [{ at: 1s, pause: target, for: 1s }]\n',
      /cannot be paused/,
    ],
    ['rate: 1/s\nduration: 1s\ntarget: sqs\ngroups: 2\n', /groups: is for target redis: sqs has one/],
    ['rate: 1/s\nduration: 1s\nconsumers: { failure: 120% }\n', /consumers\.failure: expected a share/],
    ['rate: 1/s\nduration: 1s\npayload: 20MB\n', /payload/],
    ['- 1\n', /mapping/],
  ])('with a mistake is refused by line and field: %j', async (text, message) => {
    const error = await read(text).then(
      () => undefined,
      (failure: Error & { kind: string; code: string }) => failure,
    );
    expect(error).toMatchObject({ kind: 'config', code: expect.stringMatching(/^LOAD_PROFILE_/) });
    expect(error!.message).toMatch(message);
    expect(error!.message).not.toMatch(/u:p@|abc/);
  });

  test('of flags alone is refused as a usage, by the name of what is wrong', () => {
    expect(() => profileOf({ raw: { rate: '5/s' }, folder: '.' })).toThrow(/says no duration/);
    expect(() => profileOf({ raw: { rate: '5/s', count: 3, thresholds: ['p99 <'] }, folder: '.' })).toThrow(
      /thresholds\.0/,
    );
  });
});
