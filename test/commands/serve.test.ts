import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ask, watch } from '../serve/driver.ts';
import { spawnQctl } from '../support/qctl.ts';
import { freePort } from '../support/server-process.ts';
import { inTime, waitFor } from '../support/wait.ts';
import { useOwnRedis } from './own-redis.ts';
import { type CommandEnd, type CommandSetting, runCommand } from './run-command.ts';

const redis = useOwnRedis();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-serve-'));
});

async function file(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

/** The command while it serves. */
interface Serving {
  url: string;
  stderr: string[];
  stdout: string[];
  /** As Ctrl-C does. */
  stop(): Promise<CommandEnd>;
}

/** Starts it on a free port, unless the arguments say where, and stops it after the test. */
async function serving(argv: string[] = [], setting: CommandSetting = {}): Promise<Serving> {
  const [stderr, stdout]: string[][] = [[], []];
  let halt: () => void = () => undefined;
  let told: (url: string) => void = () => undefined;
  const listening = new Promise<string>((resolve) => {
    told = resolve;
  });
  const listen = argv.includes('--listen') || setting.config?.includes('listen') ? [] : ['--listen', '0'];
  const ended = runCommand(['serve', ...listen, '-o', 'ndjson', ...argv], {
    url: redis.server.url,
    ...setting,
    onStderr(text, stop) {
      stderr!.push(text);
      halt = stop;
    },
    onStdout(text) {
      stdout!.push(text);
      const event = JSON.parse(text) as { type: string; url: string };
      if (event.type === 'listening') told(event.url);
    },
  });
  const stop = (): Promise<CommandEnd> => {
    halt();
    return inTime(ended, 'the end of serving');
  };
  onTestFinished(async () => void (await stop()));
  const early = ended.then(({ stderr: text }) => Promise.reject(new Error(`it has ended: ${text}`)));
  early.catch(() => undefined);
  return { url: await Promise.race([listening, early]), stderr: stderr!, stdout: stdout!, stop };
}

const refused = async (argv: string[], setting: CommandSetting = {}) => {
  const { code, stderr } = await runCommand(['serve', ...argv], { url: redis.server.url, ...setting });
  return { code, stderr };
};

test('it says where it listens and what it looks at, serves, and ends in good order at the first signal', async () => {
  await redis.client.xadd('orders', '*', 'n', '1');
  const { url, stderr, stop } = await serving(['--interval', '100ms']);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(stderr.join('')).toContain(`looking at redis://127.0.0.1:${redis.server.port}/0\n`);
  expect(stderr.join('')).toContain(`serving at ${url}, for everybody on this machine\n`);
  const { json } = await ask({ url }, '/api/streams');
  expect(json).toMatchObject({ intervalMs: expect.any(Number), streams: [{ stream: 'orders', length: 1 }] });
  expect((await ask({ url }, '/metrics')).text).toMatch(/^qctl_up\S* 1$/m);
  expect((await stop()).code).toBe(130);
  await expect(ask({ url }, '/health')).rejects.toThrow('ECONNREFUSED');
});

test('the binary serves its page, and SIGTERM ends it at once, whoever watches', async () => {
  const args = ['serve', '--listen', '0', '--redis-url', redis.server.url, '-o', 'ndjson'];
  const { child, done, stdout } = spawnQctl(args);
  const line = await waitFor(() => (stdout().includes('\n') ? stdout() : ''));
  const { url } = JSON.parse(line) as { url: string };
  const page = await ask({ url }, '/');
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  for (const [, path] of page.text.matchAll(/(?:href|src)="([\w./-]+)"/g))
    expect([path, (await ask({ url }, `/${path}`)).status]).toEqual([path, 200]);
  const watcher = await watch({ url });
  await watcher.until('snapshot');
  child.kill('SIGTERM');
  expect(await inTime(watcher.closed, 'the end of a viewer')).toBe(1001);
  expect(await inTime(done, 'its end')).toMatchObject({ code: 143, signal: null });
});

test('flags stand above qctl.yaml', async () => {
  const token = await file('token', 'a-token-that-nobody-guesses\n');
  const port = await freePort();
  const config = `profiles: { default: { serve: { listen: "127.0.0.1:${port}", tokenFile: ${token}, hosts: [qctl.example.com], allowActions: true } } }`;
  const { url, stop } = await serving([], { config });
  expect(url).toBe(`http://127.0.0.1:${port}`);
  const headers = { authorization: 'Bearer a-token-that-nobody-guesses', host: 'qctl.example.com' };
  const session = await ask({ url }, '/api/session', { headers });
  expect(session.json).toMatchObject({ user: 'token', actions: { csrfToken: expect.any(String) } });
  expect((await ask({ url }, '/api/session')).status).toBe(401);
  expect((await ask({ url }, '/health', { headers: { host: 'other.example.com' } })).status).toBe(403);
  await stop();
  const other = await serving(['--listen', '[::1]:0', '--host', 'other.example.com', '--match', 'none-*'], {
    config,
  });
  expect(other.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await ask(other, '/health', { headers: { host: 'other.example.com' } })).status).toBe(200);
});

describe('nothing listens', () => {
  test('beyond this machine without anybody having to log in; with users it does', async () => {
    const { code, stderr } = await refused(['--listen', '0.0.0.0:0']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/anybody who reaches 0\.0\.0\.0:0 could look at everything/);
    expect(stderr).toContain('--token-file');
    const users = await file('users', '# who may look\nanna:correct horse\n');
    const { url } = await serving(['--listen', '0.0.0.0:0', '--basic-auth-file', users]);
    const local = { url: url.replace('0.0.0.0', '127.0.0.1') };
    const authorization = `Basic ${Buffer.from('anna:correct horse').toString('base64')}`;
    expect((await ask(local, '/api/session', { headers: { authorization } })).json).toMatchObject({
      user: 'anna',
    });
  });

  test('where what it was given cannot be meant, and no secret is said', async () => {
    const short = await file('short', 'hunter2\n');
    const hashed = await file('hashed', 'anna:correct horse\nhunter2hunter2\n');
    const cases: [string[], number, RegExp][] = [
      [['--listen', 'here'], 2, /--listen: expected HOST:PORT or PORT, got "here"/],
      [['--token-file', join(folder, 'none')], 5, /cannot read .*ENOENT/],
      [['--token-file', short], 5, /at least 16 characters/],
      [['--basic-auth-file', await file('empty', '\n')], 5, /names no user/],
      [['--basic-auth-file', hashed], 5, /line 2 of .* is no user:password/],
      [
        ['--listen', '192.0.2.1:0', '--token-file', await file('long', 'a-token-that-nobody-guesses')],
        1,
        /no such address/,
      ],
      [['-o', 'json'], 2, /no end/],
      [['--interval', '1ms'], 2, /interval/],
    ];
    for (const [argv, expected, text] of cases) {
      const { code, stderr } = await refused(argv);
      expect([argv, code]).toEqual([argv, expected]);
      expect(stderr).toMatch(text);
      expect(stderr).not.toContain('hunter2');
    }
    const config = 'profiles: { default: { serve: { listen: "x:y" } } }';
    expect(await refused([], { config })).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('serve.listen'),
    });
    const rules = 'profiles: { default: { alerts: { rules: [{ name: a, metric: no.such }] } } }';
    expect((await refused([], { config: rules })).code).toBe(5);
  });

  test('where the port is taken, and it says what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await waitFor(() => taken.listening);
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await refused(['--listen', String(port)]);
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot listen at 127.0.0.1:${port}: something listens there already`);
    expect(stderr).toContain(`--listen ${port + 1}`);
  });

  test('where no waiting mends what is wrong with Redis', async () => {
    await redis.client.config('SET', 'requirepass', 'hunter2hunter2');
    onTestFinished(async () => void (await redis.client.config('SET', 'requirepass', '')));
    const { code, stderr } = await refused(['--listen', '0']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/password|login/);
  });
});

test('a file of secrets that everybody may read is warned of', async () => {
  const token = await file('open', 'a-token-that-nobody-guesses', 0o644);
  const { stderr } = await serving(['--token-file', token]);
  expect(stderr.join('')).toContain(
    `warning: everybody on this machine may read ${token}: chmod 600 ${token}`,
  );
});

test('a Redis that is away at the start, and later, is shown as away until it is back', async () => {
  redis.client.on('error', () => undefined);
  await redis.server.kill9();
  const { url, stderr, stdout } = await serving(['--interval', '100ms']);
  expect(stderr.join('')).toMatch(/Redis is away, and shown as away until it is back: .*ECONNREFUSED/);
  expect((await ask({ url }, '/health')).status).toBe(503);
  await redis.server.restart();
  await waitFor(async () => (await ask({ url }, '/health')).status === 200);
  await waitFor(() => stderr.join('').includes('Redis is back'));
  await redis.server.kill9();
  await waitFor(() => stderr.join('').split('Redis is away').length === 3);
  expect(stdout.map((line) => JSON.parse(line).type)).toEqual(['away', 'listening', 'back', 'away']);
  await redis.server.restart();
});

test('who has done what stands on stderr, also with --quiet', async () => {
  const config = 'profiles: { default: { breakers: { wazuh-api: {} } } }';
  const { url, stderr } = await serving(['--allow-actions', '--quiet'], { config });
  const { actions } = (await ask({ url }, '/api/session')).json;
  const { status } = await ask({ url }, '/api/actions/breakers/wazuh-api/trip', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf-token': actions.csrfToken },
    body: JSON.stringify({ reason: 'INC-4711\nsecond line' }),
  });
  expect(status).toBe(200);
  expect(stderr).toEqual([
    'qctl: anonymous (127.0.0.1): breaker trip wazuh-api: INC-4711\\nsecond line - done\n',
  ]);
});

test('metrics by consumer are there only where they were asked for', async () => {
  await redis.client.xgroup('CREATE', 'orders', 'workers', '0', 'MKSTREAM');
  await redis.client.xgroup('CREATECONSUMER', 'orders', 'workers', 'worker-1');
  const metrics = async (argv: string[]) => (await ask(await serving(argv), '/metrics')).text;
  expect(await metrics([])).not.toContain('worker-1');
  expect(await metrics(['--consumers'])).toMatch(/consumer="worker-1"/);
});

test('alert rules of the configuration are looked at beside it', async () => {
  const config = `profiles:
  default:
    alerts:
      channels: { file: { kind: command, run: [/bin/sh, -c, "cat > ${folder}/told"] } }
      rules:
        - { name: deep, metric: stream.length, with: { stream: orders }, failure: value > 1, interval: 100ms, to: file }`;
  for (let n = 0; n < 3; n += 1) await redis.client.xadd('orders', '*', 'n', '1');
  const { stderr } = await serving([], {
    config,
    env: { QCTL_STATE_DIR: folder, PATH: process.env.PATH ?? '' },
  });
  expect(stderr.join('')).toMatch(/looking at \d alert rules?/);
  await waitFor(() => stderr.join('').includes('deep: told file'), { timeoutMs: 30_000 });
});
