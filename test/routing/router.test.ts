import { chmod, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  changeRoute,
  editRules,
  FileRouteStore,
  RedisRouteStore,
  type RouteEdit,
  Router,
  type RouterOptions,
} from '../../src/routing/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';

const BY = { by: 'ann@desk', reason: null };
let server: TestRedis;
let redis: RedisConnection;
let store: RedisRouteStore;
const open: Router[] = [];

beforeAll(async () => {
  server = await startRedis({ aof: 'always' });
  redis = await connectRedis({ url: server.url });
  store = new RedisRouteStore(redis);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((router) => router.close()));
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});

const set = (name: string, edit: RouteEdit) =>
  changeRoute(store, name, (prior) => editRules(prior, edit), BY);

async function openRouter(options: RouterOptions): Promise<Router> {
  const router = await Router.open({ pollIntervalMs: 100, ...options });
  open.push(router);
  return router;
}

function troublesOf(router: Router): (string | null)[] {
  const troubles: (string | null)[] = [];
  router.on('trouble', (reason) => troubles.push(reason));
  return troubles;
}

describe('a router on Redis', () => {
  test('answers by itself, and learns of a change at once although it hardly ever looks', async () => {
    const route = uniqueName();
    await set(route, { percent: 0, keys: { vip: 'new' } });
    const router = await openRouter({ redis: server.url, route, pollIntervalMs: 60_000 });
    expect([router.side({ key: '1' }), router.side({ key: 'vip' })]).toEqual(['old', 'new']);
    await waitFor(async () => {
      const listening = await redis.client.pubsub('NUMSUB', 'qctl:routes:changed');
      return Number(listening[1]) > 0;
    });
    await set(route, { percent: 100 });
    await waitFor(() => router.side({ key: '1' }) === 'new');
    expect(router.status).toMatchObject({ version: 2, percent: 100, trouble: null });
  });

  test('that may not listen keeps no connection for it, and goes on looking', async () => {
    const route = uniqueName();
    await redis.client.acl('SETUSER', 'mute', 'on', '>pw', '~*', '+@all', 'resetchannels');
    const router = await openRouter({ redis: server.url.replace('//', '//mute:pw@'), route });
    for (const percent of [1, 2, 3]) {
      await set(route, { percent });
      await waitFor(() => router.status.percent === percent);
    }
    const clients = (await redis.client.client('LIST')) as string;
    expect(clients.split('\n').filter((line) => line.includes('user=mute'))).toHaveLength(1);
  });

  test('gives the last known answer while Redis is away, and sees a change once it is back', async () => {
    const route = uniqueName();
    await set(route, { percent: 100 });
    const router = await openRouter({ redis: server.url, route });
    const troubles = troublesOf(router);
    await server.kill9();
    await waitFor(() => router.status.trouble !== null);
    expect([router.side({ key: '1' }), router.status.percent]).toEqual(['new', 100]);
    expect(router.status.ageMs).toBeGreaterThanOrEqual(0);
    const late = await openRouter({ redis: server.url, route: 'other', fallback: 'new' });
    expect([late.side({ key: '1' }), late.status.seenAt, late.decide({}).why]).toEqual([
      'new',
      null,
      'nothing is known of route other: the fallback is new',
    ]);
    await server.restart();
    await waitFor(async () => (await set(route, { percent: 0 })).next);
    await waitFor(() => router.side({ key: '1' }) === 'old');
    expect(troubles.at(-1)).toBeNull();
  });

  test('keeps a route that Redis has lost, and lets go of one that was removed', async () => {
    const route = uniqueName();
    await set(route, { percent: 100 });
    const router = await openRouter({ redis: server.url, route });
    await redis.client.del(`qctl:{route:${route}}`);
    await waitFor(() => router.status.trouble?.endsWith('any more: the last known one stays in force'));
    expect(router.side({})).toBe('new');
    await set(route, { percent: 50 });
    await waitFor(() => router.status.percent === 50);
    await changeRoute(store, route, () => null, BY);
    await waitFor(() => router.status.version === null);
    expect([router.side({}), router.status.trouble]).toEqual(['old', null]);
  });

  test('keeps the last good route where something else has written there', async () => {
    const route = uniqueName();
    await set(route, { percent: 100 });
    const router = await openRouter({ redis: server.url, route });
    await redis.client.hset(`qctl:{route:${route}}`, 'percent', 'lots');
    await waitFor(() => router.status.trouble?.includes('percent: expected a percentage'));
    expect(router.side({})).toBe('new');
  });

  test('takes a client of the program and leaves it open', async () => {
    const client = new Redis(server.url);
    const route = uniqueName();
    await set(route, { percent: 100, load: { stream: route, above: 1, to: 'old' } });
    const router = await openRouter({ redis: client, route });
    expect(router.side({ key: '1' })).toBe('new');
    await client.xadd(route, '*', 'a', '1');
    await client.xadd(route, '*', 'a', '1');
    await waitFor(() => router.side({ key: '1' }) === 'old');
    expect([router.decide({ key: '1' }).why, router.status.load]).toEqual(['load 2 is above 1: old', 2]);
    await router.close();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  test('measures the lag of a group, and a number that somebody publishes', async () => {
    const [group, published] = [uniqueName(), uniqueName()];
    await redis.client.xgroup('CREATE', group, 'workers', '0', 'MKSTREAM');
    await set(group, { percent: 0, load: { stream: group, group: 'workers', above: 0, to: 'new' } });
    await set(published, { percent: 0, load: { published: `${published}:n`, above: 5, to: 'new' } });
    const byLag = await openRouter({ redis: server.url, route: group });
    const byNumber = await openRouter({ redis: server.url, route: published });
    expect([byLag.side({}), byNumber.side({}), byNumber.status.load]).toEqual(['old', 'old', null]);
    await redis.client.xadd(group, '*', 'a', '1');
    await redis.client.set(`${published}:n`, '6');
    await waitFor(() => byLag.side({}) === 'new' && byNumber.side({}) === 'new');
  });

  test('never throws, whatever it is asked', async () => {
    const route = uniqueName();
    await set(route, { percent: 50, load: { stream: 's', above: 1, to: 'new' } });
    const load = () => {
      throw new Error('no number');
    };
    const router = await openRouter({ redis: server.url, route, load });
    for (const key of [Symbol('k'), { toString: 1 }, null, undefined, 5, 5n, '\ud800'])
      expect(['old', 'new']).toContain(router.side({ key: key as string }));
    expect(router.side({ key: 5 })).toBe(router.side({ key: '5' }));
  });

  test.each([
    [{ route: 'a b', redis: 'redis://x' }, 'cannot be the name of a route'],
    [{ route: 'a' }, 'give either redis or file'],
    [{ route: 'a', file: 'x', pollIntervalMs: 1 }, 'pollIntervalMs: expected ms from 100 to 60000'],
    [{ route: 'a', file: 'x', fallback: 'both' as 'old' }, 'fallback: expected old or new'],
  ])('%j is refused', async (options, text) => {
    await expect(Router.open(options)).rejects.toThrow(text);
  });
});

describe('a router on a file', () => {
  const folder = () => mkdtemp(join(tmpdir(), 'qctl-route-'));
  const flags = (percent: number) =>
    `# flags\nroutes:\n  orders:\n    percent: ${percent} # so far\nother: [1, 2]\n`;

  test('sees the file replaced by another one, also behind a link', async () => {
    const at = await folder();
    await writeFile(join(at, 'one.yaml'), flags(0));
    await writeFile(join(at, 'two.yaml'), flags(100));
    await symlink('one.yaml', join(at, 'flags.yaml'));
    const router = await openRouter({ file: join(at, 'flags.yaml'), route: 'orders' });
    expect(router.side({})).toBe('old');
    await symlink('two.yaml', join(at, 'next'));
    await rename(join(at, 'next'), join(at, 'flags.yaml'));
    await waitFor(() => router.side({}) === 'new');
    await writeFile(join(at, 'new.yaml'), flags(0));
    await rename(join(at, 'new.yaml'), join(at, 'two.yaml'));
    await waitFor(() => router.side({}) === 'old');
    await rm(at, { recursive: true });
  });

  test('keeps the last good route while the file is broken, empty or gone, and says so once', async () => {
    const at = await folder();
    const file = join(at, 'flags.yaml');
    await writeFile(file, flags(100));
    const router = await openRouter({ file, route: 'orders' });
    const troubles = troublesOf(router);
    await writeFile(file, 'routes:\n  orders:\n    percent: [');
    await waitFor(() => troubles.length > 0);
    await router.refresh();
    await router.refresh();
    expect(troubles).toEqual([expect.stringMatching(/flags\.yaml:\d+: /)]);
    await writeFile(file, '');
    await waitFor(() => troubles.length === 2);
    expect(troubles[1]).toContain('it has no mapping routes:');
    await rm(file);
    await waitFor(() => troubles.length === 3);
    expect([router.side({}), troubles[2]]).toEqual(['new', expect.stringContaining('ENOENT')]);
    await writeFile(file, flags(0));
    await waitFor(() => router.side({}) === 'old');
    expect(troubles.at(-1)).toBeNull();
    await rm(at, { recursive: true });
  });

  test('sees what qctl writes, which leaves all else in the file as it was', async () => {
    const at = await folder();
    const file = join(at, 'flags.yaml');
    await writeFile(file, flags(0).replaceAll('\n', '\r\n'));
    await chmod(file, 0o640);
    const router = await openRouter({ file, route: 'orders' });
    const files = new FileRouteStore(file);
    const edit = { percent: 100, keys: { '042': 'old' as const } };
    await changeRoute(files, 'orders', (prior) => editRules(prior, edit), BY);
    await waitFor(() => router.side({}) === 'new');
    expect([router.side({ key: '042' }), router.side({ key: '34' })]).toEqual(['old', 'new']);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    await rm(at, { recursive: true });
  });
});
