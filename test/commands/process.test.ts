import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleScript } from '../support/bundle.ts';
import { release, tieToThisProcess } from '../support/orphans.ts';
import { cleanEnvironment } from '../support/qctl.ts';
import { startRedis } from '../support/redis.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedRedisUrl } from '../support/shared.ts';
import { inTime, waitFor } from '../support/wait.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let [folder, script] = ['', ''];
beforeAll(async () => {
  folder = ownFolder('process');
  script = await bundleScript(fileURLToPath(new URL('./fake-commands.ts', import.meta.url)), folder);
});
afterAll(() => removeFolder(folder));

interface Running {
  child: ChildProcess;
  text: { stdout: string; stderr: string };
  /** The exit code. */
  done: Promise<number | null>;
}

function start(args: string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: ROOT,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  tieToThisProcess(child.pid);
  const text = { stdout: '', stderr: '' };
  child.stdout?.on('data', (data) => {
    text.stdout += data;
  });
  child.stderr?.on('data', (data) => {
    text.stderr += data;
  });
  const done = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      release(child.pid);
      resolve(code);
    });
  });
  return { child, text, done };
}

async function end(args: string[], env?: Record<string, string>) {
  const { text, done } = start(args, env);
  return { code: await done, ...text };
}

describe('a command that monitoring calls', () => {
  test.each([
    ['a flag that is none', ['fake', 'check', 'ok', '--nonsense'], "unknown option '--nonsense'", '--help'],
    ['an argument too few', ['fake', 'check'], "missing required argument 'outcome'", '--help'],
    ['a verb that is none', ['fake', 'chek', 'ok'], "unknown command 'fake chek'", 'did you mean'],
    ['a missing verb', ['fake'], 'fake needs a verb: check', '--help'],
    ['no Redis named', ['fake', 'check', 'redis'], 'no Redis is named', 'REDIS_URL'],
    [
      'a Redis out of reach',
      ['fake', 'check', 'redis', '--watch', '1s', '--redis-url', 'redis://127.0.0.1:1'],
      'cannot connect to redis (redis://127.0.0.1:1/0): nothing listens there (ECONNREFUSED)',
      'check the host',
    ],
    ['a bug', ['fake', 'check', 'bug'], 'x is not a function', 'this is a bug'],
  ])('is UNKNOWN after %s', async (_, args, message, hint) => {
    const { code, stdout, stderr } = await end(args);
    expect({ code, stdout }).toEqual({ code: 3, stdout: `UNKNOWN - ${message}\n` });
    expect(stderr).toMatch(/^ {2}hint: /);
    expect(stderr).toContain(hint);
  });

  test('a wrong environment is UNKNOWN, too', async () => {
    const { code, stdout } = await end(['fake', 'check', 'ok'], { QCTL_OUTPUT: 'xml' });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^UNKNOWN - QCTL_OUTPUT: expected table, json, ndjson, yaml, got "xml"\n$/);
  });

  test('with -o json the error is a line on stderr, and says 3', async () => {
    const { code, stdout, stderr } = await end(['fake', 'check', 'redis', '-o', 'json']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'REDIS_MISSING', exit: 3 });
  });

  test('what it has found is its exit code, whether or not anybody reads it', async () => {
    expect(await end(['fake', 'check', 'critical'])).toMatchObject({ code: 2, stderr: '' });
    const { child, done } = start(['fake', 'check', 'closed']);
    child.stdout?.destroy();
    expect(await done).toBe(2);
  });

  test.each([
    ['while it asks', ['wait']],
    ['under --watch', ['wait', '--watch']],
    ['under --watch, in a run that does not listen', ['hang', '--watch']],
  ])('a signal is still a signal: %s', async (_, args) => {
    const { child, text, done } = start(['fake', 'check', ...args]);
    await waitFor(() => text.stderr.includes('begun'));
    child.kill('SIGINT');
    expect(await done).toBe(130);
  });
});

describe('--watch', () => {
  const list = ['drain', 'list', '--watch'];

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it in the middle of a wait with %i, without a word', async (signal, expected) => {
    const { child, text, done } = start([...list, '1h', '--redis-url', sharedRedisUrl()]);
    await waitFor(() => text.stdout.includes('RUN'));
    child.kill(signal);
    expect(await inTime(done, `the end after ${signal}`)).toBe(expected);
    expect(text.stderr).toBe('');
  });

  test('a signal ends it while the server keeps silent', async () => {
    const server = await startRedis();
    const { child, text, done } = start([...list, '100ms', '--redis-url', server.url]);
    await waitFor(() => text.stdout.includes('RUN'));
    server.pause();
    await untilStill(text);
    child.kill('SIGINT');
    expect(await inTime(done, 'the end after SIGINT')).toBe(130);
    server.resume();
    await server.stop();
  });

  test('a reader that goes away ends it quietly', async () => {
    const { child, text, done } = start([...list, '100ms', '--redis-url', sharedRedisUrl()]);
    await waitFor(() => text.stdout.includes('RUN'));
    child.stdout?.destroy();
    expect(await done).toBe(0);
    expect(text.stderr).toBe('');
  });

  test('a server that is killed is waited for, over the connection that was opened first', async () => {
    const server = await startRedis();
    const { child, text, done } = start([...list, '100ms', '--redis-url', server.url]);
    await waitFor(() => text.stdout.includes('RUN'));
    await server.kill9();
    await waitFor(() => text.stderr.includes('qctl: cannot list the runs'));
    const before = text.stdout.length;
    await server.restart();
    await waitFor(() => text.stdout.length > before);
    child.kill('SIGINT');
    expect(await done).toBe(130);
    await server.stop();
  });

  test('what cannot be printed again and again is a usage error', async () => {
    for (const format of ['json', 'yaml']) {
      const { code, stderr } = await end([...list, '-o', format]);
      expect(code).toBe(2);
      expect(stderr).toContain('-o ndjson');
    }
    const file = await end([...list, '--out-file', 'x']);
    expect(file.code).toBe(2);
    expect(file.stderr).toContain('--out-file');
    const fast = await end([...list, '50ms']);
    expect(fast.code).toBe(2);
    expect(fast.stderr).toContain('from 100ms');
    expect((await end(['config', 'show', '--watch'])).stderr).toContain("unknown option '--watch'");
  });
});

/** Waits until nothing has been printed for several intervals: a run is under way. */
async function untilStill(text: { stdout: string }): Promise<void> {
  let seen = text.stdout.length;
  let since = performance.now();
  await waitFor(() => {
    if (text.stdout.length !== seen) since = performance.now();
    seen = text.stdout.length;
    return performance.now() - since > 500;
  });
}
