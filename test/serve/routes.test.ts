import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { operateBreaker } from '../../src/breaker/index.ts';
import type { Snapshot } from '../../src/overview/index.ts';
import { readAssets } from '../../src/serve/index.ts';
import { useOwnRedis } from '../commands/own-redis.ts';
import { connected, doorsTo, nextLook, opened, until } from '../overview/driver.ts';
import { FULL } from '../overview/full-snapshot.ts';
import { ask, fakeOverview, served, servedOver } from './driver.ts';

const redis = useOwnRedis();
const name = encodeURIComponent;

describe('what is seen', () => {
  test('is answered under its own path, with when it was seen', async () => {
    const server = await served(fakeOverview(FULL));
    const paths: [string, (keyof Snapshot)[]][] = [
      ['/api/streams', ['streams', 'streamsLeftOut']],
      ['/api/metrics', ['redis']],
      ['/api/dlq', ['deadLetters']],
      ['/api/breakers', ['breakers']],
      ['/api/runs', ['runs']],
      ['/api/cutovers', ['cutovers']],
      ['/api/routes', ['routes']],
      ['/api/moves', ['moves']],
      ['/api/stages', ['stages']],
    ];
    for (const [path, fields] of paths) {
      const { status, json, headers } = await ask(server, path);
      const { epoch, seq, at, intervalMs } = FULL;
      const missing = path === '/api/moves' ? 'no rights' : null;
      const parts = JSON.parse(
        JSON.stringify(Object.fromEntries(fields.map((field) => [field, FULL[field]]))),
      );
      expect([path, status, json]).toEqual([
        path,
        200,
        { epoch, seq, at, intervalMs, away: null, missing, ...parts },
      ]);
      expect(headers['content-type']).toContain('application/json');
    }
    expect((await ask(server, '/api/snapshot')).json).toEqual({
      snapshot: JSON.parse(JSON.stringify(FULL)),
      away: null,
    });
  });

  test('is documented, each field with what it may be', async () => {
    const server = await served(fakeOverview(FULL));
    const { json } = await ask(server, '/api/openapi.json');
    for (const path of [
      '/api/streams',
      '/api/metrics',
      '/api/dlq',
      '/api/breakers',
      '/api/routes',
      '/api/moves',
      '/api/stages',
    ]) {
      const schema = json.paths[path].get.responses[200].content['application/json'].schema;
      expect([path, undocumented((await ask(server, path)).json, schema)]).toEqual([path, []]);
    }
    const all = Object.keys(json.paths);
    for (const path of [
      '/health',
      '/health/circuit-breakers',
      '/api/stream/{stream}',
      '/api/pending/{stream}/{group}',
    ])
      expect(all).toContain(path);
    expect(all).toContain('/api/actions/breakers/{object}/{verb}');
  });

  test('comes once: who has it already is told so, and who takes gzip gets it', async () => {
    const overview = fakeOverview(FULL);
    const server = await served(overview);
    const first = await ask(server, '/api/snapshot');
    const etag = first.headers.etag!;
    const same = await ask(server, '/api/snapshot', { headers: { 'if-none-match': `"x", ${etag}` } });
    expect([same.status, same.text]).toEqual([304, '']);
    overview.show({ snapshot: { ...FULL, seq: FULL.seq + 1 } });
    const next = await ask(server, '/api/snapshot', { headers: { 'if-none-match': etag } });
    expect([next.status, next.json.snapshot.seq]).toEqual([200, FULL.seq + 1]);
    const response = await fetch(`${server.url}/api/snapshot`, { headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.json()).toEqual(next.json);
    const none = await ask(server, '/api/snapshot', { headers: { 'accept-encoding': 'gzip;q=0' } });
    expect(none.headers['content-encoding']).toBeUndefined();
  });

  test('stays when Redis goes away, and says since when it is old; before the first look there is nothing', async () => {
    const overview = fakeOverview();
    const server = await served(overview);
    const away = { since: FULL.at, why: 'nothing listens there (ECONNREFUSED)' };
    overview.show({ away });
    const { status, json } = await ask(server, '/api/streams');
    expect([status, json]).toMatchObject([
      503,
      { code: 'NOTHING_SEEN', message: expect.stringContaining(away.why) },
    ]);
    overview.show({ snapshot: FULL });
    overview.show({ away });
    expect((await ask(server, '/api/streams')).json).toMatchObject({ away, seq: FULL.seq });
    expect((await ask(server, '/metrics')).text).toMatch(/^qctl_up\S* 0$/m);
  });
});

describe('health', () => {
  const health = async (overview: ReturnType<typeof fakeOverview>, path: string) => {
    const { status, json } = await ask(await served(overview), path);
    return { ...json, http: status };
  };
  const breakersOf = (more: Partial<Snapshot['breakers'][number]>[]) =>
    fakeOverview({
      ...FULL,
      breakers: more.map((one, n) => ({
        ...{ ...FULL.breakers[0]!, state: 'closed', verdict: 'pass', override: null, breaker: `b${n}` },
        ...one,
      })) as Snapshot['breakers'],
    });
  const breakers = '/health/circuit-breakers';

  test('is ok while Redis answers, and says why where it does not', async () => {
    expect(await health(fakeOverview(FULL), '/health')).toMatchObject({
      http: 200,
      status: 'ok',
      version: '1.2.3',
    });
    const overview = fakeOverview(FULL);
    overview.show({ away: { since: FULL.at, why: 'connection lost' } });
    expect(await health(overview, '/health')).toMatchObject({
      http: 503,
      status: 'down',
      why: 'connection lost',
    });
    expect(await health(fakeOverview(), '/health')).toMatchObject({
      http: 503,
      status: 'down',
      seenAt: null,
    });
  });

  test('of circuit breakers is bad where one lets no calls through, also of one of them alone', async () => {
    const half = { state: 'half-open', verdict: 'probe' } as const;
    const open = { state: 'open', verdict: 'probe' } as const;
    expect(await health(breakersOf([]), breakers)).toEqual({
      http: 200,
      status: 'ok',
      why: null,
      circuitBreakers: {},
    });
    expect(await health(breakersOf([{}, half]), breakers)).toMatchObject({ http: 200, status: 'degraded' });
    const bad = breakersOf([{}, half, open]);
    expect(await health(bad, breakers)).toMatchObject({
      ...{ http: 503, status: 'open', circuitBreakers: { b0: { state: 'closed' }, b2: open } },
    });
    const held = (mode: 'open' | 'observe') => ({
      override: { ...FULL.breakers.find((one) => one.override)!.override!, mode },
    });
    expect(await health(breakersOf([held('open')]), breakers)).toMatchObject({ http: 503, status: 'open' });
    expect(await health(breakersOf([{ ...open, ...held('observe') }]), breakers)).toMatchObject({
      http: 200,
      status: 'degraded',
    });
    expect(await health(bad, `${breakers}?breaker=b0`)).toMatchObject({ http: 200, status: 'ok' });
    expect(await health(bad, `${breakers}?breaker=b9`)).toMatchObject({ http: 404, type: 'error' });
  });

  test('of circuit breakers that nobody can see is not taken for good', async () => {
    const missing = fakeOverview({
      ...FULL,
      breakers: [],
      missing: [{ part: 'breakers', why: 'no rights' }],
    });
    expect(await health(missing, breakers)).toMatchObject({ http: 503, status: 'unknown', why: 'no rights' });
    const away = fakeOverview(FULL);
    away.show({ away: { since: FULL.at, why: 'connection lost' } });
    expect(await health(away, breakers)).toMatchObject({
      http: 503,
      status: 'unknown',
      why: 'connection lost',
    });
  });
});

describe('details from Redis', () => {
  const STRANGE = `a/b:{c} ?#&%2F é\u{1f40c}\n"${'-long'.repeat(100)}`;

  test('of a stream of whatever name: groups, pending entries, history, as the commands show them', async () => {
    const { client } = redis;
    for (let n = 0; n < 3; n += 1) await client.xadd(STRANGE, '*', 'n', String(n));
    await client.xgroup('CREATE', STRANGE, 'work/ers', '0');
    await client.xreadgroup('GROUP', 'work/ers', 'c1', 'COUNT', 2, 'STREAMS', STRANGE, '>');
    const { server, overview } = await servedOver(redis.server.url);
    await nextLook(overview);
    const stream = await ask(server, `/api/stream/${name(STRANGE)}`);
    expect(stream.json).toMatchObject([
      {
        stream: STRANGE,
        length: 3,
        groups: [{ group: 'work/ers', pending: 2, members: [{ consumer: 'c1' }] }],
      },
    ]);
    expect(stream.json).toEqual(JSON.parse(JSON.stringify(await overview.stream(STRANGE))).map(withAnyAge));
    const pending = await ask(server, `/api/pending/${name(STRANGE)}/${name('work/ers')}`);
    expect(pending.json).toMatchObject({ stream: STRANGE, group: 'work/ers', pending: 2 });
    const direct = JSON.parse(JSON.stringify(await overview.pending(STRANGE, 'work/ers')));
    expect(Object.keys(pending.json).sort()).toEqual(Object.keys(direct).sort());
    expect(Object.keys(pending.json.entries[0]).sort()).toEqual(Object.keys(direct.entries[0]).sort());
    const history = await ask(server, `/api/history/${name(STRANGE)}`);
    expect(history.json.values.length.at(-1)).toBe(3);
    expect((await ask(server, '/api/history')).json.values.clients.at(-1)).toBeGreaterThan(0);
    for (const path of [
      'stream/none',
      'pending/none/x',
      `pending/${name(STRANGE)}/none`,
      'history/none',
      'dlq/none/1-1',
    ])
      expect([path, (await ask(server, `/api/${path}`)).status]).toEqual([path, 404]);
  });

  test('of dead letters: the newest, and one with its body, text or bytes', async () => {
    await redis.client.xadd('orders', '*', 'n', '1');
    const id = await redis.client.xadd(
      'orders:dead',
      '*',
      'body',
      Buffer.from([255, 0]),
      'reason',
      'bad json',
    );
    const { server } = await servedOver(redis.server.url);
    const { json } = await ask(server, '/api/dlq?stream=orders&count=5');
    expect(json).toMatchObject({ stream: 'orders', letters: [{ id, reason: 'bad json', base64: ['body'] }] });
    const letter = await ask(server, `/api/dlq/${name('orders:dead')}/${id}`);
    expect(letter.json).toMatchObject({ id, fields: { body: '/wA=' }, payloadBytes: expect.any(Number) });
    for (const bad of ['nonsense', '1-1', '*'])
      expect([bad, (await ask(server, `/api/dlq/orders/${bad}`)).status]).toEqual([bad, 404]);
  });

  test('and while Redis is away: that, and nothing that was asked for by others', async () => {
    await redis.client.xadd('orders', '*', 'n', '1');
    const { server, overview } = await servedOver(redis.server.url);
    await redis.server.kill9();
    await until(overview, (seen) => seen.away);
    const { status, json } = await ask(server, '/api/stream/orders');
    expect([status, json.type]).toEqual([503, 'error']);
    expect((await ask(server, '/health')).status).toBe(503);
    await redis.server.restart();
    await until(overview, (seen) => !seen.away);
    expect((await ask(server, '/health')).status).toBe(200);
  });

  test('a breaker that is tripped shows at once as unhealthy', async () => {
    const connection = await connected(redis.server.url);
    const overview = opened(doorsTo(connection));
    const server = await served(overview);
    await operateBreaker(connection, 'llm', { verb: 'trip' }, { by: 'anna', host: 'desk', reason: 'quota' });
    await until(overview, ({ snapshot }) => snapshot?.breakers.length);
    const { status, json } = await ask(server, '/health/circuit-breakers');
    expect([status, json.circuitBreakers.llm]).toMatchObject([
      503,
      { state: 'open', by: 'anna', reason: 'quota' },
    ]);
  });
});

test('the page comes from a folder that was read once, with its types, and is kept by name or by what it holds', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-page-'));
  await mkdir(join(folder, 'fonts'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>qctl</title>');
  await writeFile(join(folder, 'app.js'), 'app()');
  await writeFile(join(folder, 'app.js.map'), '{}');
  await writeFile(join(folder, 'fonts', 'mono-Ab12Cd34.woff2'), 'font');
  const server = await served(fakeOverview(FULL), {}, { assets: await readAssets(folder) });
  await writeFile(join(folder, 'app.js'), 'changed()');
  const page = await ask(server, '/');
  expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([
    ...[200, 'text/html; charset=utf-8', 'private, no-cache'],
  ]);
  const script = await ask(server, '/app.js');
  expect([script.text, script.headers['content-type']]).toEqual(['app()', 'text/javascript; charset=utf-8']);
  const again = await ask(server, '/app.js', { headers: { 'if-none-match': script.headers.etag } });
  expect(again.status).toBe(304);
  expect((await ask(server, '/fonts/mono-Ab12Cd34.woff2')).headers['cache-control']).toContain('immutable');
  expect((await ask(server, '/app.js.map')).status).toBe(404);
  const bare = await served(fakeOverview(FULL), {}, { assets: await readAssets(join(folder, 'none')) });
  expect((await ask(bare, '/')).json).toMatchObject({ code: 'NO_PAGE' });
});

/** Ages go on between two looks. */
function withAnyAge(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withAnyAge);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      /(Age|idle|inactive)Ms$|^(idle|age|inactive)Ms$/i.test(key) && typeof one === 'number'
        ? expect.any(Number)
        : withAnyAge(one),
    ]),
  );
}

interface Documented {
  type?: string | string[];
  properties?: Record<string, Documented>;
  items?: Documented;
}

/** What of a value its schema does not name, or calls something else. */
function undocumented(value: unknown, schema: Documented | undefined, at = ''): string[] {
  if (!schema) return [at];
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return [];
  const is = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  if (!types.includes(is) && !(is === 'number' && types.includes('integer'))) return [`${at} is ${is}`];
  if (Array.isArray(value)) return value.flatMap((one) => undocumented(one, schema.items, `${at}[]`));
  if (is !== 'object' || !schema.properties || at.match(/\.(runs|cutovers)\[\]$/)) return [];
  return Object.entries(value as object).flatMap(([key, one]) =>
    undocumented(one, schema.properties![key], `${at}.${key}`),
  );
}
