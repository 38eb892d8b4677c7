import { describe, expect, test } from 'vitest';
import { Attempts } from '../../src/serve/access/attempts.ts';
import { ownNames } from '../../src/serve/access/hosts.ts';
import { Sessions } from '../../src/serve/access/sessions.ts';
import { isLoopback, parseListen } from '../../src/serve/address.ts';

describe('where it listens', () => {
  test('is a port, a name or an address with a port, and nothing else', () => {
    const read = (text: string) => parseListen(text, '--listen');
    expect(read('9000')).toEqual({ host: '127.0.0.1', port: 9000 });
    expect(read('0.0.0.0:80')).toEqual({ host: '0.0.0.0', port: 80 });
    expect(read('[::1]:0')).toEqual({ host: '::1', port: 0 });
    expect(read('ops.example:8090')).toEqual({ host: 'ops.example', port: 8090 });
    for (const bad of [
      '',
      'x',
      ':1',
      '1:2:3',
      '::1:80',
      '[1.2.3.4]:80',
      'a:65536',
      'http://a:1',
      'a b:1',
      'u@a:1',
    ])
      expect(() => read(bad), bad).toThrow('expected HOST:PORT');
  });

  test('is this machine alone only for addresses that lead nowhere else', () => {
    for (const own of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
      expect(isLoopback(own), own).toBe(true);
    for (const other of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.0.0.1.example', '128.0.0.1'])
      expect(isLoopback(other), other).toBe(false);
  });
});

describe('the Host header', () => {
  test('names this server, whatever the port, or another', () => {
    const { isOwnHost } = ownNames({ host: '127.0.0.1', port: 8090 }, ['QCTL.example.com']);
    for (const own of [
      'localhost',
      'LOCALHOST:1',
      '127.0.0.1:8090',
      '[::1]:9',
      'localhost.',
      'qctl.example.com:443',
    ])
      expect(isOwnHost(own), own).toBe(true);
    const foreign = [
      'evil.example',
      'localhost.evil.example',
      '10.0.0.1',
      'evil@localhost',
      'localhost, evil',
      '',
      ' ',
    ];
    const { isOwnHost: isV6 } = ownNames({ host: 'FD00:0:0::01', port: 8090 }, ['fd00::0:2']);
    expect(['[fd00::1]:8090', '[fd00:0::1]', '[fd00::2]', '[fd00::3]'].map(isV6)).toEqual([
      ...[true, true, false, false],
    ]);
    for (const other of [...foreign, undefined, 'localhost:x', '[::1', 'qctl.example.com.evil'])
      expect(isOwnHost(other), String(other)).toBe(false);
  });

  test('may be any address where it listens at all of them, and still no foreign name', () => {
    for (const host of ['0.0.0.0', '::']) {
      const { isOwnHost } = ownNames({ host, port: 8090 }, []);
      expect(['10.0.0.7:8090', '[2001:db8::1]:8090', 'evil.example'].map((one) => isOwnHost(one))).toEqual([
        true,
        true,
        false,
      ]);
    }
  });
});

test('the Origin header is that of the page itself, or of a name that was given', () => {
  const { isOwnOrigin } = ownNames({ host: '127.0.0.1', port: 8090 }, [
    'qctl.example.com',
    'ops.example:8443',
  ]);
  const own = (origin: string, host = 'localhost:8090') => isOwnOrigin(origin, host);
  expect(own('http://localhost:8090')).toBe(true);
  expect(own('https://localhost', 'localhost:443')).toBe(true);
  expect(own('https://qctl.example.com', '127.0.0.1:8090')).toBe(true);
  expect(own('https://ops.example:8443', '127.0.0.1:8090')).toBe(true);
  for (const other of [
    'null',
    'http://localhost:3000',
    'http://evil.example',
    'https://qctl.example.com:99',
    'x',
    '',
  ])
    expect(own(other), other).toBe(false);
  expect(own('https://ops.example')).toBe(false);
  expect(own('http://localhost:8090@evil.example')).toBe(false);
});

test('ten failures hold an address back for a minute, others not', () => {
  let now = 0;
  const attempts = new Attempts(() => now);
  for (let n = 0; n < 10; n += 1) {
    expect(attempts.waitMs('a')).toBe(0);
    attempts.failed('a');
  }
  expect([attempts.waitMs('a'), attempts.waitMs('b')]).toEqual([60_000, 0]);
  now = 59_999;
  expect(attempts.waitMs('a')).toBe(1);
  now = 60_000;
  expect(attempts.waitMs('a')).toBe(0);
  attempts.failed('a');
  expect(attempts.waitMs('a')).toBe(0);
});

test('sessions expire, end, and do not become more than so many', () => {
  let now = 0;
  const sessions = new Sessions(() => now);
  const first = sessions.open('anna');
  const session = sessions.find(first)!;
  expect(session).toMatchObject({ who: 'anna' });
  expect(sessions.find(`${first}x`)).toBeUndefined();
  const others = Array.from({ length: 1000 }, () => sessions.open('bob'));
  expect(sessions.find(first)).toBeUndefined();
  expect(sessions.isOpen(session)).toBe(false);
  const last = sessions.find(others.at(-1)!)!;
  sessions.end(last);
  expect(sessions.find(others.at(-1)!)).toBeUndefined();
  now = 12 * 3_600_000;
  expect(others.filter((cookie) => sessions.find(cookie))).toEqual([]);
});
