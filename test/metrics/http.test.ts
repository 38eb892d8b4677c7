import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { METRICS } from '../../src/metrics/index.ts';
import { freePort } from '../support/server-process.ts';
import { measuring } from './measuring.ts';

let server: Server;
let base: string;
let folder: string;
let seen: IncomingMessage;
let hanging = 0;

const PAGES: Record<string, [status: number, body: string]> = {
  '/health': [200, ' 42\n'],
  '/moved': [302, ''],
  '/down': [503, 'closed for the night'],
  '/json': [200, JSON.stringify({ queue: { depth: 7, mode: 'live', ok: true, list: [1] } })],
  '/long': [200, 'x'.repeat(1_100_000)],
};

/** What Prometheus answers, by the query. */
const SERIES: Record<string, object> = {
  one: vector('3.5'),
  nan: vector('NaN'),
  inf: vector('+Inf'),
  none: vector(),
  many: vector('1', '2'),
  scalar: { status: 'success', data: { resultType: 'scalar', result: [1, '9'] } },
  range: { status: 'success', data: { resultType: 'matrix', result: [] } },
  bad: { status: 'error', errorType: 'bad_data', error: 'parse error: unexpected end of input' },
};

function vector(...values: string[]) {
  const result = values.map((value) => ({ metric: {}, value: [1_700_000_000, value] }));
  return { status: 'success', data: { resultType: 'vector', result } };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  seen = request;
  const { pathname, searchParams } = new URL(request.url!, 'http://x');
  if (pathname === '/hang') {
    hanging += 1;
    response.on('close', () => {
      hanging -= 1;
    });
    return;
  }
  if (pathname === '/prom/api/v1/query') {
    const reply = SERIES[searchParams.get('query')!]!;
    response.statusCode = reply === SERIES.bad ? 400 : 200;
    response.end(JSON.stringify(reply));
    return;
  }
  if (pathname === '/moved') response.setHeader('location', searchParams.get('to')!);
  const [status, body] = PAGES[pathname] ?? [404, ''];
  response.statusCode = status;
  response.end(body);
}

beforeAll(async () => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), 'qctl-http-'));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const measure = measuring({ env: { TOKEN: 's3cret', BROKEN: 'a\nb' } });

test('status, latency and body', async () => {
  expect(await measure('http', { url: `${base}/health` })).toBe(200);
  expect(await measure('http', { url: `${base}/down` })).toBe(503);
  expect(await measure('http', { url: `${base}/health`, method: 'HEAD' })).toBe(200);
  expect(seen.method).toBe('HEAD');
  expect(await measure('http', { url: `${base}/health`, measure: 'latency' })).toBeGreaterThan(0);
  expect(await measure('http', { url: `${base}/health`, measure: 'body' })).toBe(42);
});

test.each([
  ['queue.depth', 7],
  ['queue.mode', 'live'],
  ['queue.ok', true],
  ['queue.nothing', null],
  ['length(queue.list)', 1],
])('of JSON what %s finds: %j', async (jmespath, value) => {
  expect(await measure('http', { url: `${base}/json`, measure: 'body', jmespath })).toBe(value);
});

test('an answer that is none is an error, however fast it came', async () => {
  const latency = measure('http', { url: `${base}/down`, measure: 'latency' });
  await expect(latency).rejects.toThrow('/down: it answers with status 503');
  const list = measure('http', { url: `${base}/json`, measure: 'body', jmespath: 'queue.list' });
  await expect(list).rejects.toThrow('gives a list');
  const text = measure('http', { url: `${base}/health`, measure: 'body', jmespath: 'a' });
  expect(await text).toBeNull();
  await expect(measure('http', { url: `${base}/long`, measure: 'body' })).rejects.toThrow(
    'longer than 1 MiB',
  );
});

test('headers come from the environment and from files', async () => {
  const file = join(folder, 'key');
  await writeFile(file, 'from-a-file\n');
  const headers = { authorization: { env: 'TOKEN' }, 'x-api-key': { file }, accept: 'text/plain' };
  await measure('http', { url: `${base}/health`, headers });
  expect(seen.headers).toMatchObject({
    authorization: 's3cret',
    'x-api-key': 'from-a-file',
    accept: 'text/plain',
  });
});

test('a redirect is followed on the same host, and no header goes to another one', async () => {
  const moved = (to: string) => `${base}/moved?to=${encodeURIComponent(to)}`;
  expect(await measure('http', { url: moved('/down') })).toBe(503);
  const elsewhere: string[] = [];
  const other = createServer((request, response) => {
    elsewhere.push(request.url!);
    response.end();
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const url = moved(`http://127.0.0.1:${(other.address() as AddressInfo).port}/login`);
  expect(await measure('http', { url, headers: { 'x-api-key': { env: 'TOKEN' } } })).toBe(302);
  await expect(measure('http', { url, measure: 'latency' })).rejects.toThrow('answers with status 302');
  other.close();
  expect(elsewhere).toEqual([]);
});

test('a secret that is not there, or that no header can carry, is named and not shown', async () => {
  const of = (env: string) => measure('http', { url: base, headers: { authorization: { env } } });
  await expect(of('NOBODY')).rejects.toThrow('headers.authorization: NOBODY is not set');
  const broken = await of('BROKEN').catch((error) => error);
  expect(broken.message).toBe('headers.authorization: it holds what no header can carry');
});

test('no answer names the address without its secrets', async () => {
  const at = `http://127.0.0.1:${await freePort()}/x?token=`;
  const error = await measure('http', { url: `${at}hush` }).catch((thrown) => thrown);
  expect(error.message).toBe(`${at}***: nothing listens there (ECONNREFUSED)`);
});

test('a server that hangs is let go of', async () => {
  const stop = new AbortController();
  const asked = measure('http', { url: `${base}/hang` }, stop.signal);
  await expect.poll(() => hanging).toBe(1);
  stop.abort();
  await expect(asked).rejects.toThrow();
  await expect.poll(() => hanging).toBe(0);
});

test.each([
  [{ url: 'ftp://x' }, 'http://'],
  [{ url: 'http://ada:hush@x' }, 'without a password'],
  [{ url: 'http://x', headers: { authorization: 'Bearer hush' } }, 'expected { env: NAME }'],
  [{ url: 'http://x', jmespath: 'a' }, 'measure: body'],
  [{ url: 'http://x', measure: 'body', jmespath: 'a[' }, 'JMESPath'],
])('%j is refused beforehand', (given, message) => {
  const parsed = METRICS.http!.schema.safeParse(given);
  expect(parsed.error?.issues[0]?.message).toContain(message);
});

test.each([
  ['one', 3.5],
  ['scalar', 9],
  ['none', null],
  ['nan', null],
  ['inf', null],
])('a query that finds %s: %j', async (query, value) => {
  expect(await measure('prometheus', { url: `${base}/prom`, query, token: { env: 'TOKEN' } })).toBe(value);
  expect(seen.headers.authorization).toBe('Bearer s3cret');
});

test.each([
  ['many', 'finds 2 series'],
  ['range', 'gives a matrix'],
  ['bad', 'refuses the query: parse error'],
])('a query that finds %s is an error', async (query, message) => {
  await expect(measure('prometheus', { url: `${base}/prom/`, query })).rejects.toThrow(message);
});

test('what is no Prometheus is told', async () => {
  await expect(measure('prometheus', { url: `${base}/other`, query: 'up' })).rejects.toThrow('status 404');
});
