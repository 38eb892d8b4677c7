import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { http } from '../../src/cutover/steps/http.ts';
import { notify } from '../../src/cutover/steps/notify.ts';
import { filesWorld, scratch, step } from './files-world.ts';

let url: string;
const seen: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[] = [];
const server = createServer(async (request, response) => {
  const body = await text(request);
  const { method = '', url: path = '', headers } = request;
  seen.push({ method, path, headers, body });
  if (path === '/hop') return void response.writeHead(302, { location: '/ok' }).end();
  if (path === '/away') return void response.writeHead(302, { location: 'http://other.invalid/' }).end();
  if (path.startsWith('/slow')) return;
  if (path.startsWith('/echo'))
    return void response.end(`Cannot ${method} ${path}: ${headers['x-key']} ${body}`);
  const status = Number(/\d+/.exec(path)?.[0] ?? 200);
  response.writeHead(status).end(JSON.stringify({ state: 'ready', filler: 'x'.repeat(5000) }));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void seen.splice(0));

function call(written: Record<string, unknown>, given: Parameters<typeof filesWorld>[1] = {}) {
  return step(http, written, filesWorld('/nowhere', given));
}

test('a call that changes something carries a key, so that the server may know its repetition', async () => {
  const post = call(
    {
      url: `${url}/hook`,
      method: 'post',
      json: { a: 1 },
      headers: { Authorization: { env: 'T' } },
      undo: { url: `${url}/back`, method: 'DELETE' },
    },
    { host: { env: { T: 'secret' } } },
  );
  expect(post.outline).toMatchObject({ repeatable: false, undo: { does: `DELETE ${url}/back` } });
  expect(await post.check()).toBe('unknown');
  const { text: said, tail } = await post.apply(null);
  expect(said).toBe(`POST ${url}/hook answered 200`);
  expect(tail).toHaveLength(2048);
  await post.undo(null);
  expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['run-1/flip', 'run-1/flip/undo']);
  expect(seen[0]).toMatchObject({ method: 'POST', body: '{"a":1}', headers: { authorization: 'secret' } });
  expect(JSON.stringify([post.outline, said])).not.toContain('secret');
});

test.each([
  [
    'an answer that is expected',
    '/ok',
    { body: { contains: 'ready', matches: '"state":"r', jmespath: "state == 'ready'" } },
    undefined,
  ],
  ['another status', '/503', {}, 'status 503, not 200-299'],
  ['a status of a list', '/404', { status: [200, '400-410'] }, undefined],
  [
    'a body without what is looked for',
    '/ok',
    { body: { jmespath: "state == 'starting'" } },
    'does not hold',
  ],
  ['a redirect on the same host', '/hop', {}, undefined],
  ['a redirect to another host', '/away', {}, 'sends to http://other.invalid, which is another host'],
])('%s', async (_what, path, expected, why) => {
  const result = await call({ url: url + path, expect: expected })
    .apply(null)
    .catch((error) => error);
  if (why === undefined) expect(result.text).toContain('answered');
  else expect(result).toMatchObject({ code: 'HTTP_UNEXPECTED', message: expect.stringContaining(why) });
});

test('a server that is away, or silent, is named with why, and no password', async () => {
  // A port that nobody listens on, and that fetch does not refuse by itself.
  await expect(call({ url: 'http://ann:pw1@127.0.0.1:2/' }).apply(null)).rejects.toMatchObject({
    code: 'HTTP_UNREACHABLE',
    message: expect.stringMatching(/^GET http:\/\/ann:\*\*\*@127\.0\.0\.1:2\/: nothing listens there/),
  });
  await expect(call({ url: `${url}/slow`, timeout: '50ms' }).apply(null)).rejects.toMatchObject({
    code: 'HTTP_TIMEOUT',
  });
});

test('what is given by the environment or a file shows nowhere, whatever the server does', async () => {
  const folder = await scratch();
  await writeFile(join(folder, 'body'), 'body-secret\n');
  const env = {
    AWAY: 'http://127.0.0.1:2/services/secretpath',
    SLOW: `${url}/slow/secretpath`,
    ECHO: `${url}/echo/secretpath`,
    KEY: 'key-secret',
  };
  const given = { host: { env } };
  const to = (name: string, more = {}) =>
    call({ url: { env: name }, method: 'POST', timeout: '50ms', ...more }, given).apply(null);
  await expect(to('AWAY')).rejects.toThrow(/^POST the URL of AWAY: nothing listens there/);
  await expect(to('SLOW')).rejects.toThrow(/^POST the URL of SLOW: no answer within 50 ms/);
  const more = { headers: { 'X-Key': { env: 'KEY' } }, body: { file: join(folder, 'body') }, timeout: '5s' };
  expect(await to('ECHO', more)).toMatchObject({
    text: 'POST the URL of ECHO answered 200',
    tail: 'Cannot POST ***: *** ***',
  });
  const long = await to('ECHO', { body: 'y'.repeat(2040), headers: more.headers, timeout: '5s' });
  expect(long.tail).toMatch(/^\*\*\* y{2040}$/);
});

test('a rehearsal calls nothing that would change anything', async () => {
  expect(await call({ url: `${url}/hook`, method: 'POST' }).rehearse()).toEqual({
    text: `would POST ${url}/hook`,
  });
  expect(seen).toEqual([]);
  expect((await call({ url: `${url}/ok` }).rehearse()).text).toContain('answered 200');
});

test('what is no URL, no pattern and no status is refused with the plan', () => {
  for (const wrong of [
    { url: 'ftp://x' },
    { url, expect: { status: 99 } },
    { url, expect: { body: { matches: '(' } } },
    { url, expect: { body: { jmespath: 'a[' } } },
  ])
    expect(http.schema.safeParse(wrong).success).toBe(false);
});

test('a message is told with run, step and reason filled in', async () => {
  const variables = { QCTL_STATE: 'rollingBack', QCTL_WHY: 'lag' };
  const world = filesWorld('/nowhere', { variables });
  await step(
    notify,
    { url: `${url}/w`, text: '{{plan}} {{step}} {{ state }}: {{why}} {{other}}' },
    world,
  ).apply(null);
  expect(JSON.parse(seen[0]!.body)).toMatchObject({
    text: 'orders flip rollingBack: lag {{other}}',
    run: 'run-1',
    why: 'lag',
  });
  await step(notify, { url: `${url}/w`, format: 'slack', text: 'x' }, world).apply(null);
  expect(JSON.parse(seen[1]!.body)).toEqual({ text: 'x' });
});

test('nobody who hears it is no failure, unless the plan says so, and the URL stays secret', async () => {
  const world = filesWorld('/nowhere', { host: { env: { HOOK: `${url}/500/secretpath` } } });
  const written = { url: { env: 'HOOK' }, text: 'x' };
  expect(await step(notify, written, world).apply(null)).toMatchObject({
    left: [expect.stringContaining('status 500')],
  });
  expect(world.seen.notes.join()).toContain('nobody was told');
  await expect(step(notify, { ...written, required: true }, world).apply(null)).rejects.toMatchObject({
    code: 'NOTIFY_FAILED',
  });
  const away = await step(notify, { url: 'http://127.0.0.1:1/secretpath', text: 'x' }, world).apply(null);
  expect(JSON.stringify([away, world.seen])).not.toContain('secretpath');
});
