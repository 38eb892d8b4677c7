import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../commands/run-command.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';

/** Consumers as most programs are that read a stream: here with node-redis, another client than qctl's own. */
const open = (url: string) => createClient({ url }).connect();
type Client = Awaited<ReturnType<typeof open>>;

let server: TestRedis;
let client: Client;
const consumers: Consumer[] = [];

beforeAll(async () => {
  server = await startRedis();
  client = await open(server.url);
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});
beforeEach(async () => {
  await client.flushAll();
  await client.xGroupCreate('orders', 'workers', '0', { MKSTREAM: true });
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
});

/** Reads what is new and, every time it finds nothing, its own entries: there lies what was claimed for it. */
class Consumer {
  readonly name: string;
  /** How often each message was processed, by its number. */
  readonly processed = new Map<number, number>();
  readonly #client: Client;
  readonly #done: Promise<void>;
  #stopping = false;

  private constructor(name: string, own: Client) {
    this.name = name;
    this.#client = own;
    this.#done = this.#work();
    this.#done.catch(() => {});
  }

  static async start(name: string): Promise<Consumer> {
    const consumer = new Consumer(name, await open(server.url));
    consumers.push(consumer);
    return consumer;
  }

  /** Throws what the loop has met. May be called twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
    if (this.#client.isOpen) this.#client.destroy();
  }

  async #work(): Promise<void> {
    while (!this.#stopping) {
      const some = (await this.#process('>')) + (await this.#process('0'));
      if (some === 0) await new Promise(setImmediate);
    }
  }

  async #process(id: '>' | '0'): Promise<number> {
    const options = { COUNT: 20, ...(id === '>' && { BLOCK: 10 }) };
    const reply = await this.#client.xReadGroup('workers', this.name, { key: 'orders', id }, options);
    const [stream] = (reply ?? []) as { messages: { id: string; message: Record<string, string> }[] }[];
    for (const one of stream?.messages ?? []) {
      const n = Number(one.message.n);
      this.processed.set(n, (this.processed.get(n) ?? 0) + 1);
      await this.#client.xAck('orders', 'workers', one.id);
    }
    return stream?.messages.length ?? 0;
  }
}

async function add(from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1)
    await client.xAdd('orders', '*', { n: String(n), body: `message ${n}` });
}

/** A consumer that reads so many and dies before it has acknowledged one. */
async function crash(name: string, count: number): Promise<void> {
  const own = await open(server.url);
  await own.xReadGroup('workers', name, { key: 'orders', id: '>' }, { COUNT: count });
  own.destroy();
}

const pending = async () => (await client.xPending('orders', 'workers')).pending;

/** How often each of the messages was processed, by whomever. */
function times(count: number): number[] {
  return Array.from({ length: count }, (_, at) =>
    consumers.reduce((sum, { processed }) => sum + (processed.get(at + 1) ?? 0), 0),
  );
}

/** Waits until all were processed and nothing is pending; a loop that failed fails the test. */
async function untilDone(count: number): Promise<void> {
  await waitFor(async () => times(count).every((n) => n > 0) && (await pending()) === 0, {
    what: 'the last message',
  });
  await Promise.all(consumers.map((consumer) => consumer.stop()));
}

async function qctl(...argv: string[]): Promise<Record<string, unknown>> {
  const line = [...argv, '--yes', '--quiet', '-o', 'json'];
  const { code, stdout, stderr } = await runCommand(line, { url: server.url });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

const once = (count: number) => Array.from({ length: count }, () => 1);

test('claim: what a crashed consumer held is processed by the one that it was claimed for', async () => {
  await add(1, 400);
  await crash('crashed', 300);
  const worker = await Consumer.start('worker');
  const adding = add(401, 800);
  await waitFor(() => worker.processed.size > 150);
  const report = await qctl(
    'claim',
    'orders',
    'workers',
    '--from',
    'crashed',
    '--to',
    'worker',
    '--min-idle',
    '1ms',
  );
  expect(report).toMatchObject({ claimed: 300, deadLettered: 0 });
  await adding;
  await untilDone(800);
  expect(times(800)).toEqual(once(800));
});

test('claim with dead letters, then dlq replay: what failed often is set aside and comes again on demand', async () => {
  await add(1, 200);
  await crash('crashed', 60);
  // Delivered twice more to nobody's avail.
  const held = await client.xPendingRange('orders', 'workers', '-', '+', 20);
  for (const _ of [1, 2])
    await client.xClaim(
      'orders',
      'workers',
      'crashed',
      0,
      held.map(({ id }) => id),
    );
  const worker = await Consumer.start('worker');
  const adding = add(201, 500);
  await waitFor(() => worker.processed.size > 100);
  const flags = ['--from', 'crashed', '--to', 'worker', '--min-idle', '1ms', '--max-deliveries', '3'];
  expect(await qctl('claim', 'orders', 'workers', ...flags)).toMatchObject({ claimed: 40, deadLettered: 20 });
  await adding;
  await waitFor(() => worker.processed.size === 480);
  expect(await client.xLen('orders:dead')).toBe(20);
  expect(await qctl('dlq', 'replay', 'orders', '--all')).toMatchObject({ replayed: 20 });
  await untilDone(500);
  expect(times(500)).toEqual(once(500));
});

test('consumer reap: a crashed consumer goes, its messages are processed, and the one that works stays', async () => {
  await add(1, 300);
  await crash('crashed', 200);
  const worker = await Consumer.start('worker');
  let n = 300;
  // The worker has to be seen all along, on every version of Redis: it gets new messages until the reap is over.
  let reaping = true;
  const adding = (async () => {
    while (reaping) {
      n += 1;
      await add(n, n);
    }
  })();
  const idleMs = async () =>
    (await client.xInfoConsumers('orders', 'workers')).find(({ name }) => name === 'crashed')!.idle;
  await waitFor(async () => (await idleMs()) > 500);
  const report = await qctl('consumer', 'reap', 'orders', 'workers', '--min-idle', '500ms');
  reaping = false;
  await adding;
  expect(report.items).toMatchObject([
    { consumer: 'crashed', outcome: 'deleted', claimed: 200, to: 'worker' },
  ]);
  await untilDone(n);
  expect(times(n)).toEqual(once(n));
  expect((await client.xInfoConsumers('orders', 'workers')).map(({ name }) => name)).toEqual(['worker']);
  expect(worker.processed.size).toBe(n);
});

test('group reset: what lies behind the new position comes again, once, and nothing is left out', async () => {
  await add(1, 300);
  const [a, b] = [await Consumer.start('a'), await Consumer.start('b')];
  await waitFor(async () => a.processed.size + b.processed.size === 300 && (await pending()) === 0);
  const [, behind] = await client.xRange('orders', '-', '+', { COUNT: 100 }).then((all) => [all[0], all[99]]);
  expect(await qctl('group', 'reset', 'orders', 'workers', '--to', behind!.id)).toMatchObject({
    again: 200,
    skipped: 0,
  });
  await add(301, 500);
  const expected = Array.from({ length: 500 }, (_, at) => (at >= 100 && at < 300 ? 2 : 1));
  await waitFor(() => times(500).every((n, at) => n >= expected[at]!));
  await untilDone(500);
  expect(times(500)).toEqual(expected);
  const [group] = await client.xInfoGroups('orders');
  expect(group).toMatchObject({ pending: 0 });
  // Before Redis 7.0 there is none.
  expect([0, undefined]).toContain((group as { lag?: number }).lag);
});

test('stream trim --acknowledged, again and again while it is filled: each message is processed once', async () => {
  const [a, b] = [await Consumer.start('a'), await Consumer.start('b')];
  const adding = add(1, 1500);
  let cut = 0;
  while (a.processed.size + b.processed.size < 1500) {
    const report = (await qctl('stream', 'trim', 'orders', '--acknowledged')) as {
      items: { trimmed: number }[];
    };
    cut += report.items[0]!.trimmed;
  }
  await adding;
  await untilDone(1500);
  expect(times(1500)).toEqual(once(1500));
  expect(cut).toBeGreaterThan(0);
  expect(await client.xLen('orders')).toBe(1500 - cut);
});
