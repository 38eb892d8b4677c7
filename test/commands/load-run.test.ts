import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { whileInvalid } from '../load/running.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { sharedPostgres, sharedSqs } from '../support/shared.ts';
import { type CommandEnd, type CommandSetting, runCommand } from './run-command.ts';

let server: TestRedis;
let client: Redis;
beforeAll(async () => {
  server = await startRedis({ password: 's3cret' });
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const folder = () => mkdtempSync(join(tmpdir(), 'load-'));
const short = ['load', 'run', '--rate', '200/s', '--count', '100', '--payload', '64'];

/** Runs it until this machine was not in its own way. */
const runLoad = (argv: string[], setting: CommandSetting) =>
  whileInvalid(
    () => runCommand(argv, setting),
    ({ code, stderr }) => code === 1 && stderr.includes('the result is invalid'),
  );

/** What became of the messages. A busy machine may have been in its own way: that says nothing about them. */
function carriedBy({ code, stdout, stderr }: CommandEnd): unknown {
  if (code !== 0) expect([code, stderr]).toEqual([1, expect.stringContaining('the result is invalid')]);
  return JSON.parse(stdout).counts;
}

describe('qctl load run', () => {
  test('says what goes where before it begins, then what it has measured; the results can be kept', async () => {
    const file = join(folder(), 'results.json');
    const { code, stdout, stderr } = await runLoad([...short, '--save', file], { url: server.url });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^passed/m)]);
    expect(stderr).toMatch(/^target +redis redis:\/\/127\.0\.0\.1:\d+\/0 \(redis \d/m);
    expect(stderr).toMatch(/^sends +100 messages, about 6\.3 KiB in 500ms, by 1 producer\nrate +200\/s$/m);
    expect(stdout + stderr).not.toContain('s3cret');
    const saved = readFileSync(file, 'utf8');
    expect(JSON.parse(saved)).toMatchObject({
      type: 'load-results',
      version: 1,
      runs: [{ verdict: 'passed' }],
    });
    expect(saved).not.toContain('s3cret');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await runCommand(['load', 'report', file]);
    expect([again.code, again.stdout]).toEqual([0, stdout]);
    expect(await client.keys('*')).toEqual([]);
  });

  test('a threshold that does not hold ends it with 99, after the report', async () => {
    const { code, stdout, stderr } = await runLoad([...short, '--threshold', 'rate > 5000/s'], {
      url: server.url,
    });
    expect([code, stdout]).toEqual([99, expect.stringContaining('rate > 5000/s')]);
    expect(stderr).toMatch(/not rate > 5000\/s: rate is \d+/);
  });

  test('flags take the place of what a profile says', async () => {
    const file = join(folder(), 'profile.yaml');
    writeFileSync(file, 'arrivals: [{ constant: 5000/s, for: 1h }]\nconsumers: { count: 2, work: 1ms }\n');
    const { code, stdout } = await runLoad(
      [
        'load',
        'run',
        file,
        '--rate',
        '300/s',
        '--count',
        '60',
        '--consumers',
        '1',
        '--groups',
        '2',
        '--repeat',
        '2',
        '-o',
        'json',
      ],
      { url: server.url },
    );
    expect(code).toBe(0);
    const { runs } = JSON.parse(stdout);
    expect(runs.map((run: { counts: object }) => run.counts)).toMatchObject([
      { planned: 60, processed: 120 },
      { planned: 60, processed: 120 },
    ]);
    expect(runs[0].environment.workloadParts.consumers).toContain('"work":{"kind":"fixed","meanMs":1}');
    expect(runs[0].environment.workload).toBe(runs[1].environment.workload);
  });

  test('a dry run shows the plan, and sends nothing', async () => {
    const { code, stdout } = await runCommand([...short, '--dry-run'], { url: server.url });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^rate +200\/s$/m)]);
    expect(await client.keys('*')).toEqual([]);
  });

  test('Ctrl-C ends it early, with the result so far and 130', async () => {
    const { code, stdout } = await runCommand(['load', 'run', '--rate', '100/s', '--duration', '1h'], {
      url: server.url,
      onStderr: (text, stop) => {
        if (text.includes('warming up')) setTimeout(stop, 300);
      },
    });
    expect([code, stdout]).toEqual([130, expect.stringMatching(/it was stopped \(SIGINT\)/)]);
    expect(await client.keys('*')).toEqual([]);
  });

  test('a fault that everybody on the server feels needs a yes', async () => {
    const file = join(folder(), 'profile.yaml');
    writeFileSync(file, 'rate: 100/s\nduration: 1s\nfaults: [{ at: 200ms, pause: target, for: 100ms }]\n');
    const refused = await runCommand(['load', 'run', file], { url: server.url });
    expect([refused.code, refused.stderr]).toEqual([
      3,
      expect.stringMatching(/pause the server for 100ms at 200ms/),
    ]);
    const { code } = await runLoad(['load', 'run', file, '--yes'], { url: server.url });
    expect(code).toBe(0);
  });

  test.each<[string, string[], number, RegExp]>([
    ['a wrong password', ['--redis-url', 'redis://:wrong@HOST'], 4, /refused|password/i],
    ['a dead server', ['--redis-url', 'redis://127.0.0.1:1'], 7, /127\.0\.0\.1:1/],
    ['no rate', [], 2, /says no rate/],
    ['a target that cannot be', ['--rate', '1/s', '--count', '1', '--target', 'http'], 2, /target\.url/],
    [
      'a file that cannot be written',
      ['--rate', '1/s', '--count', '1', '--save', '/nowhere/x.json'],
      1,
      /nowhere/,
    ],
  ])('%s ends it at once, by name', async (_, args, code, message) => {
    const given = args.map((arg) => arg.replace('HOST', `127.0.0.1:${server.port}`));
    const rated = given[0] === '--redis-url' ? ['--rate', '1/s', '--count', '1'] : [];
    const end = await runCommand(['load', 'run', ...given, ...rated], { url: server.url });
    expect([end.code, end.stderr]).toEqual([code, expect.stringMatching(message)]);
    expect(end.stderr).not.toMatch(/:wrong@/);
  });

  test('a job table, a queue and a webhook carry the same load, and nothing of it stays', async () => {
    const database = await sharedPostgres().createDatabase();
    const table = await runCommand([...short, '--target', 'postgres', '--consumers', '2', '-o', 'json'], {
      env: { DATABASE_URL: database },
    });
    expect(carriedBy(table)).toMatchObject({ processed: 100, lost: 0, doubled: 0 });

    const sqs = sharedSqs();
    // The SDK looks for them by itself.
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const queue = await runCommand([...short, '--target', 'sqs', '-o', 'json'], {
      env: {
        AWS_ENDPOINT_URL_SQS: sqs.endpoint,
        AWS_REGION: 'us-east-1',
      },
    });
    expect(carriedBy(queue)).toMatchObject({ processed: 100, lost: 0 });

    let requests = 0;
    const webhook = createServer((request, response) => {
      request.resume().on('end', () => {
        requests += 1;
        response.statusCode = 202;
        response.end();
      });
    });
    await new Promise<void>((listening) => webhook.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/hook?token=s3cret`;
    const hook = await runCommand([...short, '--target', 'http', '--url', url, '-o', 'json'], {});
    webhook.closeAllConnections();
    webhook.close();
    expect(carriedBy(hook)).toMatchObject({ confirmed: 100, lost: null });
    expect(requests).toBe(100);
    expect(hook.stdout + hook.stderr).not.toContain('s3cret');
  });
});
