import { execFileSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openTerminal, type QctlTerminal } from '../support/terminal.ts';
import { inTime, waitFor } from '../support/wait.ts';

let server: TestRedis;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url, { retryStrategy: () => 50 });
  client.on('error', () => undefined);
  await fill();
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

async function fill(): Promise<void> {
  await client.xadd('orders', '*', 'a', '1');
  await client.xgroup('CREATE', 'orders', 'workers', '0');
  await client.xadd('évil\x1b[2J', '*', 'a', '1');
  await client.xadd('orders:dead', '*', 'body', 'x\x1b[31my', 'reason', 'boom');
}

const size = { columns: 80, rows: 24 };

function top(...args: string[]): QctlTerminal {
  return openTerminal(['top', '--interval', '200ms', '--redis-url', server.url, ...args], size);
}

const sees = ({ screen }: QctlTerminal, text: string | RegExp) =>
  waitFor(
    () => screen.lines.some((line) => (typeof text === 'string' ? line.includes(text) : text.test(line))),
    {
      what: `${text} on the screen`,
      timeoutMs: 30_000,
    },
  );

test('keys lead through it, a change appears, a resize and a Redis that restarts change nothing', async () => {
  const shown = top();
  await sees(shown, /^> orders +1 /);
  expect(shown.screen).toMatchObject({ alternate: true, cursor: false });
  expect(shown.screen.text).toContain('évil\\x1b[2J');
  await client.xadd('orders', '*', 'a', '2');
  await sees(shown, /^> orders +2 /);

  shown.type('\x1b[B');
  await sees(shown, /^> évil/);
  shown.type('\x1b[A\r');
  await sees(shown, /^group +workers/);
  shown.type('2\r');
  await sees(shown, /^> \d+-0 .* boom/);
  shown.type('\r');
  await sees(shown, '  body: x\\x1b[31my');
  shown.type('\x1b');
  await sees(shown, /^> \d+-0 .* boom/);
  shown.type('1/vil');
  await sees(shown, /^> évil/);
  expect(shown.screen.text).not.toContain('orders');
  shown.type('\r\x7f');
  await sees(shown, /^> évil|^ {2}orders +2 /);

  shown.resize(60, 20);
  await sees(shown, /^1 STREAMS 2 dead.*7 routes$|^1 streams 2 dead.*7 routes$/);
  expect(shown.screen.lines.at(-1)).toContain('q quit');
  shown.resize(30, 5);
  await sees(shown, 'too small: 30x5');
  shown.resize(80, 24);
  await sees(shown, /^. orders +2 /);

  await server.kill9();
  await sees(shown, /^OLD: no answer since \d\d:\d\d:\d\d, for .*s: /);
  expect(shown.screen.text).toMatch(/^. orders +2 /m);
  await server.restart();
  await waitFor(() => fill().then(() => true), { what: 'Redis is back' });
  await sees(shown, /^. orders +1 /);
  await waitFor(() => !shown.screen.text.includes('OLD:'), { what: 'what is shown is new' });

  shown.type('q');
  expect(await inTime(shown.done, 'the end')).toEqual({ code: 0, usable: true });
  expect(shown.screen).toMatchObject({ alternate: false, cursor: true });
});

describe('the terminal is given back', () => {
  test.each([
    ['at Ctrl-C', '\x03', undefined, 130],
    ['at SIGTERM', undefined, 'SIGTERM', 143],
    ['at SIGHUP', undefined, 'SIGHUP', 129],
  ] as const)('%s', async (_, key, signal, code) => {
    const shown = top();
    await sees(shown, '> orders');
    if (key) shown.type(key);
    if (signal) process.kill(await shown.pid(), signal);
    expect(await inTime(shown.done, 'the end')).toEqual({ code, usable: true });
    expect(shown.screen).toMatchObject({ alternate: false, cursor: true });
  });

  test('for as long as Ctrl-Z suspends it', async () => {
    const shown = top();
    await sees(shown, '> orders');
    const pid = await shown.pid();
    const state = () => execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
    shown.type('\x1a');
    await waitFor(() => state().startsWith('T'), { what: 'it is stopped' });
    await waitFor(() => !shown.screen.alternate && shown.screen.cursor, { what: 'the terminal is back' });
    process.kill(pid, 'SIGCONT');
    await sees(shown, '> orders');
    shown.type('5');
    await sees(shown, /^uptime /);
    shown.type('q');
    expect(await inTime(shown.done, 'the end')).toEqual({ code: 0, usable: true });
  });

  test('a window that is closed ends it', async () => {
    const shown = top();
    await sees(shown, '> orders');
    const pid = await shown.pid();
    shown.hangUp();
    const isGone = () => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    };
    await waitFor(isGone, { what: 'the process is gone' });
  });
});

test('where nothing changes hardly anything is written', async () => {
  const shown = top('--view', 'routes');
  await sees(shown, 'there are no routes yet');
  shown.type('p');
  await sees(shown, 'PAUSED');
  const before = shown.screen.written;
  shown.type('?');
  await sees(shown, 'Ctrl-Z');
  shown.type('xp');
  await waitFor(() => !shown.screen.text.includes('PAUSED'));
  // Two whole screens would be twice that.
  expect(shown.screen.written - before).toBeLessThan(2500);
  shown.type('q');
  expect((await shown.done).code).toBe(0);
});
