import { createConnection } from 'node:net';
import { describe, expect, test } from 'vitest';
import { applyChanges, type Snapshot } from '../../src/overview/index.ts';
import { credentialsOf, type RunningServer, startServer } from '../../src/serve/index.ts';
import { useOwnRedis } from '../commands/own-redis.ts';
import { connected, doorsTo, nextLook, opened } from '../overview/driver.ts';
import { FULL } from '../overview/full-snapshot.ts';
import { inTime, waitFor } from '../support/wait.ts';
import { ask, fakeOverview, post, served, servedOver, TOKEN, type Watcher, watch } from './driver.ts';

const redis = useOwnRedis();

/** What a page would show that has followed all it was told. */
function shown({ heard }: Watcher): Snapshot {
  let snapshot: Snapshot | undefined;
  for (const message of heard) {
    if (message.type === 'snapshot') snapshot = message.snapshot;
    if (message.type !== 'changes') continue;
    expect(message.since).toBe(snapshot!.seq);
    snapshot = applyChanges(snapshot!, message);
  }
  return snapshot!;
}

const next = (seq: number, more: Partial<Snapshot> = {}): Snapshot => ({ ...FULL, seq, ...more });

describe('a viewer', () => {
  test('is greeted, sees all there is, then what changes, as one who asks sees it', async () => {
    await redis.client.xadd('orders', '*', 'n', '1');
    const { server, overview } = await servedOver(redis.server.url);
    const watcher = await watch(server);
    const hello = await watcher.until('hello');
    expect(hello).toMatchObject({ version: '1.2.3', actions: { csrfToken: expect.any(String) } });
    expect(watcher.heard[1]).toMatchObject({
      type: 'snapshot',
      snapshot: { streams: [{ stream: 'orders' }] },
    });
    await redis.client.xadd('alerts', '*', 'n', '1');
    await redis.client.del('orders');
    const gone = await watcher.until('changes', ({ gone }) => gone.includes('orders'));
    expect(gone.parts).not.toHaveProperty('routes');
    await watcher.until('changes', ({ streams }) => streams.some(({ stream }) => stream === 'alerts'));
    await nextLook(overview);
    const { seq } = overview.seen().snapshot!;
    await watcher.until('changes', (changes) => changes.seq === seq);
    const asked = (await ask(server, '/api/snapshot')).json.snapshot;
    await watcher.until('changes', (changes) => changes.seq === asked.seq);
    watcher.socket.terminate();
    const upToThen = watcher.heard.filter((one) => !('seq' in one) || one.seq <= asked.seq);
    expect(shown({ ...watcher, heard: upToThen })).toEqual(asked);
  });

  test('is told that Redis is away, and goes on from a whole look when it comes back to a new server', async () => {
    const overview = fakeOverview(next(1));
    const server = await served(overview);
    const watcher = await watch(server);
    await watcher.until('snapshot');
    overview.show({ away: { since: FULL.at, why: 'connection lost' } });
    expect(await watcher.until('away')).toEqual({
      type: 'away',
      away: { since: FULL.at, why: 'connection lost' },
    });
    const late = await watch(server);
    await late.until('away');
    expect(late.heard.map(({ type }) => type)).toEqual(['hello', 'snapshot', 'away']);
    overview.show({ snapshot: next(2, { runs: [] }) });
    const changes = await watcher.until('changes');
    expect(changes).toMatchObject({ since: 1, seq: 2, parts: { runs: [] } });
    overview.show({ snapshot: next(1, { epoch: 'other' }) });
    await watcher.until('snapshot', ({ snapshot }) => snapshot.epoch === 'other');
  });

  test('who comes before anything was seen is told when it is', async () => {
    const overview = fakeOverview();
    const server = await served(overview);
    const watcher = await watch(server);
    await watcher.until('hello');
    overview.show({ away: { since: FULL.at, why: 'nothing listens there' } });
    await watcher.until('away');
    overview.show({ snapshot: next(1) });
    await watcher.until('snapshot');
  });

  test('hears that the server stops, and the port is free at once', async () => {
    const server = await startServer(
      { overview: fakeOverview(FULL), version: '1', metrics: () => '', assets: new Map() },
      { listen: { host: '127.0.0.1', port: 0 } },
    );
    const watcher = await watch(server);
    await watcher.until('snapshot');
    await Promise.all([server.close(), server.close()]);
    expect(await inTime(watcher.closed, 'its end')).toBe(1001);
    const port = Number(new URL(server.url).port);
    await served(fakeOverview(FULL), { listen: { host: '127.0.0.1', port } });
  });

  test('whose session ends is let go of', async () => {
    const server = await served(fakeOverview(FULL), {
      credentials: credentialsOf(TOKEN, new Map()),
      pingMs: 20,
    });
    const { headers } = await post(server, '/login', { token: TOKEN });
    const cookie = String(headers['set-cookie']).split(';')[0]!;
    const watcher = await watch(server, { cookie });
    await watcher.until('snapshot');
    expect((await post(server, '/logout', {}, { cookie })).status).toBe(204);
    expect(await inTime(watcher.closed, 'its end')).toBe(4401);
    await expect(watch(server, { cookie })).rejects.toThrow('refused with 401');
  });
});

describe('many viewers', () => {
  test('200 cost Redis no more than one', async () => {
    for (let n = 0; n < 20; n += 1) await redis.client.xadd(`orders-${n}`, '*', 'n', '1');
    const connection = await connected(redis.server.url);
    const overview = opened(doorsTo(connection), { intervalMs: 200 });
    const server = await served(overview);
    const first = await watch(server);
    await first.until('snapshot');
    const commandsEachLook = async (): Promise<number> => {
      const [before, from] = [await commands(), (await nextLook(overview)).seq];
      let to = from;
      while (to < from + 5) to = (await nextLook(overview)).seq;
      return ((await commands()) - before) / (to - from + 1);
    };
    const alone = await commandsEachLook();
    const others = await Promise.all(Array.from({ length: 199 }, () => watch(server)));
    await Promise.all(others.map((one) => one.until('changes')));
    for (const path of ['/api/streams', '/api/snapshot', '/metrics', '/api/breakers'])
      await Promise.all(Array.from({ length: 25 }, () => ask(server, path)));
    const together = await commandsEachLook();
    expect(alone).toBeGreaterThan(0);
    expect(together).toBeLessThan(alone * 1.5);
    await Promise.all(
      others.map((one) => one.until('changes', ({ seq }) => seq >= overview.seen().snapshot!.seq)),
    );
    for (const one of others) expect(shown(one).streams).toHaveLength(20);
  });

  async function commands(): Promise<number> {
    const info = await redis.client.info('stats');
    return Number(/total_commands_processed:(\d+)/.exec(info)![1]);
  }

  test('one too many is told to come later', async () => {
    const server = await served(fakeOverview(FULL), { maxViewers: 2 });
    const [one] = [await watch(server), await watch(server)];
    await expect(watch(server)).rejects.toThrow('refused with 503');
    one.socket.close();
    await waitFor(() => watch(server), { what: 'a free place' });
  });
});

describe('a viewer that does not read', () => {
  test('has one message waiting and no more, gets a whole look once it reads, and others are told meanwhile', async () => {
    const overview = fakeOverview(large(1));
    const server = await served(overview);
    const [slow, quick] = [await watch(server), await watch(server)];
    await Promise.all([slow.until('snapshot'), quick.until('snapshot')]);
    let pongs = 0;
    slow.socket.on('pong', () => {
      pongs += 1;
    });
    slow.socket.pause();
    const looks = 60;
    for (let seq = 2; seq <= looks; seq += 1) {
      // Answers to these would wait in the server, too.
      if (seq === looks / 2) for (let n = 0; n < 50; n += 1) slow.socket.ping();
      overview.show({ snapshot: large(seq) });
      await quick.until('changes', (changes) => changes.seq === seq);
    }
    slow.socket.resume();
    await waitFor(() => {
      overview.show({ snapshot: large(overview.seen().snapshot!.seq + 1) });
      return slow.heard.filter(({ type }) => type === 'snapshot').length > 1;
    });
    // What the network holds by itself came as well: far from all.
    expect(slow.heard.filter(({ type }) => type === 'changes').length).toBeLessThan(looks / 2);
    expect(pongs).toBe(0);
    slow.socket.ping();
    await waitFor(() => pongs === 1);
    shown(quick);
  });

  test('is cut off once it has been silent for three pings; who only listens is greeted again', async () => {
    const overview = fakeOverview(FULL);
    const server = await served(overview, { pingMs: 30 });
    const dead = upgradeAndKeepSilent(server);
    const alive = await watch(server);
    await waitFor(() => alive.heard.filter(({ type }) => type === 'hello').length > 3);
    await inTime(dead, 'its end');
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
  });
});

/** A look of about 700 KB, which differs from the one before in every row. */
function large(seq: number): Snapshot {
  const row = FULL.streams[0]!;
  const streams = Array.from({ length: 1000 }, (_, n) => ({
    ...row,
    stream: `orders-${String(n).padStart(4, '0')}`,
    length: seq,
  }));
  return next(seq, { streams });
}

/** Resolves when the server has cut it off. */
function upgradeAndKeepSilent({ url }: RunningServer): Promise<void> {
  const { host, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = createConnection(Number(port), '127.0.0.1', () =>
      socket.write(
        `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
      ),
    );
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });
}
