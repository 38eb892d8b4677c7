import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { operateBreaker } from '../../src/breaker/index.ts';
import { changeRoute, DEFAULT_RULES, RedisRouteStore } from '../../src/routing/index.ts';
import { recordStage } from '../../src/streams/index.ts';
import { fillOrders } from '../support/orders.ts';
import { type QctlProcess, spawnQctl } from '../support/qctl.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { freePort, removeFolder } from '../support/server-process.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';

/** What would do harm if it were not taken for text. */
export const HOSTILE = '<img src=x onerror=alert(1)>';
/** Dead letters, the last one binary. */
export const LETTERS = ['1700000000000-0', '1700000001000-0'] as const;
export const TOKEN = 'a-token-that-nobody-guesses';
/** A breaker that is held open. */
export const HELD = 'search';

/** Everything that the page can show, on real servers. */
export interface PageWorld {
  server: TestRedis;
  redis: RedisConnection;
  url: string;
  /** Names of the runs. */
  drain: string;
  cutover: string;
  /** Starts `qctl serve`, at the same port each time, and waits until it listens. */
  serve(...more: string[]): Promise<QctlProcess>;
  close(): Promise<void>;
}

/** Streams, dead letters, breakers, a route, a drain that follows a queue, a cutover that waits for approval. */
export async function openPageWorld(): Promise<PageWorld> {
  const server = await startRedis();
  const redis = await connectRedis({ url: server.url });
  const folder = await mkdtemp(join(tmpdir(), 'qctl-page-'));
  const at = (name: string): string => join(folder, name);
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('webhooks'));
  await sqs.send(queueUrl, ['a', 'b', 'c']);
  await writeFile(at('token'), TOKEN, { mode: 0o600 });
  await writeFile(
    at('qctl.yaml'),
    `profiles:
  night:
    redis: { url: "${server.url}" }
    sources:
      webhooks: { kind: sqs, queueUrl: "${queueUrl}", endpoint: "${sqs.endpoint}", region: eu-west-1, stream: webhook-events }
      away: { kind: postgres, url: "postgres://127.0.0.1:1/none", table: jobs, stream: jobs }
`,
  );
  await writeFile(
    at('plan.yaml'),
    'apiVersion: qctl/v1\nname: night-move\nsteps:\n' +
      '  - { name: mark, redis: { command: [SET, mark, new], undo: [DEL, mark] } }\n' +
      '  - { name: gate, approve: { text: the flip } }\n' +
      '  - { name: flip, redis: { command: [SET, mark, flipped], undo: [SET, mark, new] } }\n',
  );
  await mkdir(at('state'));
  await fill(server.url, redis);
  const started: QctlProcess[] = [];
  const env = { XDG_STATE_HOME: at('state') };
  const start = (...argv: string[]): QctlProcess => {
    const process = spawnQctl(argv, { cwd: folder, env, timeoutMs: 0 });
    started.push(process);
    return process;
  };
  start('drain', 'sqs', 'webhooks', '--follow', '--wait', '1s', '--yes');
  start('cutover', 'run', at('plan.yaml'), '--yes');
  const firstOf = (index: string): Promise<string> =>
    waitFor(async () => (await redis.client.zrange(index, '0', '0'))[0], { what: `a run in ${index}` });
  const port = await freePort();
  return {
    server,
    redis,
    drain: await firstOf('qctl:runs'),
    cutover: await firstOf('qctl:cutovers'),
    url: `http://127.0.0.1:${port}/`,
    async serve(...more) {
      const process = start('serve', '--listen', String(port), '--interval', '250ms', ...more);
      await waitFor(() => process.stderr().includes('serving at'), { what: `serving: ${process.stderr()}` });
      return process;
    },
    async close() {
      for (const { child } of started) child.kill('SIGTERM');
      await Promise.all(started.map(({ done }) => done));
      await redis.close();
      await server.stop();
      await removeFolder(folder);
    },
  };
}

async function fill(url: string, redis: RedisConnection): Promise<void> {
  const { client } = redis;
  await fillOrders(url);
  await client.xadd(HOSTILE, '*', HOSTILE, HOSTILE);
  await client.xgroup('CREATE', HOSTILE, HOSTILE, '0');
  const body = JSON.stringify({ note: HOSTILE, id: 1 });
  const own = ['dlq.reason', `TypeError: ${HOSTILE}`, 'dlq.stream', 'orders', 'dlq.deliveries', '3'];
  await client.xadd('orders:dead', LETTERS[0], ...own, 'body', body, 'type', 'order.created');
  await client.xadd('orders:dead', LETTERS[1], 'body', Buffer.from([0, 0xff, 0xfe, 0x41]));
  const by = { by: 'ann', host: 'desk', reason: 'the index is rebuilt' };
  await operateBreaker(redis, HELD, { verb: 'hold', mode: 'open' }, by);
  await operateBreaker(redis, 'payments', { verb: 'reset' }, by);
  const rules = { ...DEFAULT_RULES, percent: 25 };
  await changeRoute(new RedisRouteStore(redis), 'orders', () => rules, {
    ...{ by: 'ann@desk', reason: 'first quarter', dryRun: false },
  });
  for (const [engine, ms] of [
    ['old', 320],
    ['new', 45],
  ] as const)
    await recordStage(client, {
      stream: 'orders',
      group: 'workers',
      stage: 'render',
      engine,
      ms,
      outcome: 'finished',
    });
}
