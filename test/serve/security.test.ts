import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { QctlError } from '../../src/errors.ts';
import { digestOf } from '../../src/serve/access/compare.ts';
import { type Credentials, credentialsOf, type RunningServer } from '../../src/serve/index.ts';
import { FULL } from '../overview/full-snapshot.ts';
import { inTime } from '../support/wait.ts';
import { type Answered, ask, fakeOverview, post, served, TOKEN, watch } from './driver.ts';

const PASSWORD = 'correct horse';
let credentials: Credentials;
beforeAll(() => {
  credentials = credentialsOf(TOKEN, new Map([['anna', digestOf(PASSWORD)]]));
});
const bearer = (token = TOKEN) => ({ authorization: `Bearer ${token}` });
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const assets = new Map([
  [
    '/index.html',
    { body: Buffer.from('<!doctype html>'), type: 'text/html; charset=utf-8', etag: '"1"', immutable: false },
  ],
  [
    '/app.js',
    { body: Buffer.from('1'), type: 'text/javascript; charset=utf-8', etag: '"2"', immutable: false },
  ],
]);
const open = () => served(fakeOverview(FULL), {}, { assets });
const guarded = () => served(fakeOverview(FULL), { credentials }, { assets });

describe('a page of somebody else', () => {
  test('cannot reach it by a name of its own that leads here', async () => {
    const server = await open();
    for (const path of ['/', '/health', '/api/streams', '/metrics', '/nowhere', '/ws']) {
      const { status, json } = await ask(server, path, { headers: { host: 'evil.example:8090' } });
      expect([path, status, json.code]).toEqual([path, 403, 'FOREIGN_HOST']);
    }
    const host = { host: 'evil.example', origin: 'http://evil.example' };
    await expect(watch(server, host)).rejects.toThrow('refused with 403');
    expect((await ask(server, '/api/streams', { headers: { host: 'localhost' } })).status).toBe(200);
  });

  test('cannot open the WebSocket, nor send anything', async () => {
    const server = await open();
    for (const origin of ['http://evil.example', 'null', 'http://localhost:3000']) {
      await expect(watch(server, { origin }), origin).rejects.toThrow('refused with 403');
      const { status, json } = await post(
        server,
        '/api/actions/breakers/x/trip',
        { reason: 'x' },
        { origin },
      );
      expect([status, json.code]).toEqual([403, 'FOREIGN_ORIGIN']);
    }
    const site = await post(server, '/api/actions/breakers/x/trip', {}, { 'sec-fetch-site': 'same-site' });
    expect(site.json.code).toBe('FOREIGN_ORIGIN');
    const own = await watch(server, { origin: server.url });
    await own.until('hello');
  });

  test('is told nothing by its browser, and cannot show it in a frame', async () => {
    const server = await open();
    const answers = [
      await ask(server, '/', { headers: { origin: 'http://evil.example' } }),
      await ask(server, '/api/streams', { headers: { origin: 'http://evil.example' } }),
      await ask(server, '/nowhere'),
      await ask(server, '/%zz'),
      await ask(server, '/api/streams', { method: 'OPTIONS' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 400, 404]);
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
      });
      const policy = String(headers['content-security-policy']);
      for (const part of [
        "default-src 'none'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ])
        expect(policy).toContain(part);
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
    }
  });
});

describe('a path', () => {
  test('never reaches the disk, however it is written', async () => {
    const server = await open();
    const paths = ['/../package.json', '/..%2fpackage.json', '/%2e%2e/%2e%2e/etc/passwd', '//etc/passwd'];
    for (const path of [
      ...paths,
      '/app.js/../../package.json',
      '/..\\package.json',
      '/app.js%00.html',
      '/index.html',
    ]) {
      const { status, text } = await ask(server, path);
      expect([path, status]).toEqual([path, 404]);
      expect(text).not.toMatch(/root:|"name"/);
    }
  });

  test('cannot bring a header or a line into an answer', async () => {
    const server = await guarded();
    for (const path of [
      '/x%0d%0aset-cookie:%20a=b',
      '/api/stream/a%0d%0aset-cookie:%20a=b',
      '/api/dlq?stream=%0d%0aa:b',
    ]) {
      const { headers } = await ask(server, path, { headers: bearer() });
      expect(Object.keys(headers)).not.toContain('set-cookie');
    }
    const raw = await sendRaw(server, 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb: c\r\n\r\n');
    expect(raw).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('what is too large or malformed', () => {
  test('is refused as JSON that says why, without a stack', async () => {
    const server = await open();
    const json = { 'content-type': 'application/json' };
    const path = '/api/actions/runs/r/pause';
    const cases: [string, Promise<Answered>, number][] = [
      ['no JSON', ask(server, path, { method: 'POST', headers: json, body: '{"a":' }), 400],
      [
        'too long',
        ask(server, path, { method: 'POST', headers: json, body: JSON.stringify('x'.repeat(20_000)) }),
        413,
      ],
      [
        'a form',
        ask(server, path, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }),
        415,
      ],
      [
        'a prototype',
        ask(server, path, { method: 'POST', headers: json, body: '{"__proto__":{"a":1}}' }),
        400,
      ],
      ['a number', ask(server, '/api/dlq?stream=a&count=many'), 400],
      ['too many', ask(server, '/api/dlq?stream=a&count=100000'), 400],
      ['a long name', ask(server, `/api/stream/${'x'.repeat(5000)}`), 414],
      ['a bad escape', ask(server, '/api/stream/%E0%A4'), 400],
      [
        'a bad verb',
        ask(server, '/api/actions/runs/r/destroy', { method: 'POST', headers: json, body: '{}' }),
        403,
      ],
    ];
    for (const [what, asking, expected] of cases) {
      const { status, json: body, text } = await asking;
      expect([what, status]).toEqual([what, expected]);
      expect(body).toMatchObject({ type: 'error', code: expect.any(String), message: expect.any(String) });
      expect(text).not.toMatch(/node_modules|\.ts:|\.js:| at /);
    }
  });

  test('headers without end are cut off, and the server goes on', async () => {
    const server = await open();
    const raw = await sendRaw(
      server,
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    );
    expect(raw).toMatch(/^HTTP\/1.1 431 /);
    const { socket, closed } = await watch(server);
    socket.send('x'.repeat(100_000));
    expect(await inTime(closed, 'the end of a viewer that talks')).toBe(1009);
    expect((await ask(server, '/health')).status).toBe(200);
  });
});

describe('who has not logged in', () => {
  test('sees the page, which holds nothing, and whether all is well, and no more', async () => {
    const server = await guarded();
    expect((await ask(server, '/')).status).toBe(200);
    expect((await ask(server, '/app.js')).status).toBe(200);
    expect((await ask(server, '/health')).json).toEqual({ status: 'ok' });
    expect((await ask(server, '/health/circuit-breakers')).json).toEqual({ status: expect.any(String) });
    const closed = [
      'streams',
      'stream/a',
      'pending/a/b',
      'metrics',
      'dlq',
      'breakers',
      'runs',
      'cutovers',
      'openapi.json',
    ];
    for (const path of [...closed, 'snapshot', 'session', 'history', 'nowhere'].map((one) => `/api/${one}`)) {
      const { status, json } = await ask(server, path);
      expect([path, status, json.code]).toEqual([path, 401, 'LOGIN_NEEDED']);
    }
    expect((await ask(server, '/metrics')).status).toBe(401);
    await expect(watch(server)).rejects.toThrow('refused with 401');
  });

  test('comes in with the token or a password, and not with anything near them', async () => {
    const server = await guarded();
    const status = async (headers: Record<string, string>) =>
      (await ask(server, '/api/runs', { headers })).status;
    expect(await status(bearer())).toBe(200);
    expect(await status(basic('anna', PASSWORD))).toBe(200);
    await (await watch(server, bearer())).until('snapshot');
    const wrong = [
      bearer(`${TOKEN}x`),
      bearer(TOKEN.slice(1)),
      bearer(''),
      basic('anna', ''),
      basic('anna', 'x'),
      basic('', PASSWORD),
    ];
    for (const headers of [...wrong, basic('bob', PASSWORD)]) expect(await status(headers)).toBe(401);
    const { headers } = await ask(server, '/api/runs');
    expect(headers['www-authenticate']).toContain('Basic');
    const inBrowser = await ask(server, '/api/runs', { headers: { 'sec-fetch-mode': 'cors' } });
    expect(inBrowser.headers['www-authenticate']).toContain('Bearer');
  });

  test('is held back after ten failures, also with what would be right, but for a token and those who are in', async () => {
    const server = await guarded();
    const { headers } = await post(server, '/login', { token: TOKEN });
    const cookie = String(headers['set-cookie']).split(';')[0]!;
    for (let n = 0; n < 10; n += 1) expect((await post(server, '/login', { token: 'x' })).status).toBe(401);
    const late = await post(server, '/login', { token: TOKEN });
    expect([late.status, late.json.code, late.headers['retry-after']]).toEqual([
      429,
      'TOO_MANY_ATTEMPTS',
      '60',
    ]);
    const status = async (headers: Record<string, string>) =>
      (await ask(server, '/api/runs', { headers })).status;
    expect(await status(basic('anna', PASSWORD))).toBe(429);
    expect(await status(bearer(`${TOKEN}x`))).toBe(429);
    expect(await status(bearer())).toBe(200);
    expect((await ask(server, '/api/runs', { headers: { cookie } })).status).toBe(200);
  });
});

test('no answer holds a token, a password, or a URL with one', async () => {
  const secret = 'hunter2hunter2';
  const overview = fakeOverview(FULL);
  const why = `cannot reach redis://admin:${secret}@db:6379/0: connection lost`;
  const away = new QctlError('target', why, { code: 'REDIS_AWAY', hint: [why] });
  const failing = {
    ...overview,
    stream: () => Promise.reject(new Error(why)),
    pending: () => Promise.reject(away),
  };
  const server = await served(failing, { credentials }, { assets });
  overview.show({ away: { since: FULL.at, why } });
  const watcher = await watch(server, bearer());
  await watcher.until('away');
  const login = await post(server, '/login', { user: 'anna', password: PASSWORD });
  const paths = [
    '/health',
    '/health/circuit-breakers',
    '/api/streams',
    '/api/snapshot',
    '/api/stream/a',
    '/api/pending/a/b',
    '/api/session',
  ];
  const answers = await Promise.all(
    [...paths, '/metrics', '/api/openapi.json'].map((path) => ask(server, path, { headers: bearer() })),
  );
  answers.push(login, await post(server, '/login', { token: `${TOKEN}x` }));
  const all = JSON.stringify([answers.map(({ headers, text }) => [headers, text]), watcher.heard]);
  for (const one of [secret, TOKEN, PASSWORD]) expect(all).not.toContain(one);
  expect(all).toContain('redis://admin:***@db');
});

test('beyond this machine nothing listens unless somebody has to log in', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com'])
    await expect(served(fakeOverview(), { listen: { host, port: 0 } })).rejects.toMatchObject({
      kind: 'refused',
      code: 'LISTEN_UNPROTECTED',
      hint: [expect.stringContaining('--token-file'), expect.anything(), expect.stringContaining('ssh -L')],
    });
  const server = await served(fakeOverview(FULL), { listen: { host: '0.0.0.0', port: 0 }, credentials });
  const local = { url: server.url.replace('0.0.0.0', '127.0.0.1') };
  expect((await ask(local, '/api/runs')).status).toBe(401);
});

function sendRaw({ url }: RunningServer, text: string): Promise<string> {
  const { port } = new URL(url);
  return inTime(
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
      let heard = '';
      socket.on('data', (data) => {
        heard += data;
      });
      socket.on('error', (error) => (heard === '' ? reject(error) : resolve(heard)));
      socket.on('close', () => resolve(heard));
    }),
    'an answer',
  );
}
