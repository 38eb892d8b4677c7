import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { openPostgresTarget } from '../../../src/load/targets/postgres/target.ts';
import type { LoadTarget } from '../../../src/load/targets/target.ts';
import { doors } from '../../metrics/measuring.ts';
import { startTcpProxy, type TcpProxy } from '../../support/proxy.ts';
import { sharedPostgres } from '../../support/shared.ts';
import { inTime, waitFor } from '../../support/wait.ts';
import { awkwardBody, contents, outgoing, profile, runId, Told, takeAll, withTarget } from './driving.ts';

const server = sharedPostgres();

interface Asked {
  run?: string;
  raw?: Record<string, unknown>;
  url?: string;
}

/** A target as a profile asks for it. */
function open({ run = runId(), raw = {}, url = server.url() }: Asked = {}): Promise<LoadTarget> {
  const asked = profile({
    consumers: { claimAfter: '300ms' },
    ...raw,
    target: { kind: 'postgres', poll: '20ms', ...(raw.target as object) },
  });
  if (asked.target.kind !== 'postgres') throw new Error('another target');
  return openPostgresTarget(asked, asked.target, run, doors({ postgres: async () => ({ url }) }));
}

async function tablesOf(run: string): Promise<{ relname: string; told: string }[]> {
  return server.query(
    "SELECT relname, obj_description(oid) AS told FROM pg_class WHERE relkind = 'r' AND relname LIKE $1",
    [`%${run}`],
  );
}

/** With a proxy before the server, whose connections can be held. */
async function behindProxy<T>(work: (proxy: TcpProxy, url: string) => Promise<T>): Promise<T> {
  const at = new URL(server.url());
  const proxy = await startTcpProxy(Number(at.port));
  try {
    at.port = String(proxy.port);
    return await work(proxy, at.href);
  } finally {
    await proxy.stop();
  }
}

describe('PostgreSQL under load', () => {
  test('two hundred messages of all kinds arrive byte for byte and in order, and nothing is left', async () => {
    const run = runId();
    await withTarget(open({ run, raw: { producers: { batch: 30 } } }), async (target) => {
      expect(target).toMatchObject({ own: true, ordered: true, name: `public.qctl_load_${run}` });
      expect(target.version).toMatch(/^postgres \d+/);
      expect(target.label).not.toContain('public');
      const told = new Told();
      const producer = await target.producer(0, told);
      const messages = outgoing(200, { body: awkwardBody, key: (seq) => (seq % 3 ? `k${seq % 3}` : null) });
      producer.send(messages.slice(0, 120));
      producer.send(messages.slice(120));
      await told.ended(200);
      expect(told.good).toEqual(messages.map(({ seq }) => seq));
      expect(told.begun).toEqual(told.good);
      expect(await target.sample()).toMatchObject({ length: 200, lag: 200, pending: 0, memoryBytes: null });
      const consumer = await target.consumer(0, 'one');
      const first = await consumer.take(50, 1000);
      expect(await target.sample()).toMatchObject({ length: 200, lag: 150, pending: 50 });
      const taken = [...first, ...(await takeAll(consumer, 150))];
      expect(taken.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
      expect(contents(taken)).toEqual(contents(messages));
      expect(new Set(taken.map(({ attempt }) => attempt))).toEqual(new Set([1]));
      await consumer.done(taken);
      expect(await target.sample()).toMatchObject({ length: 0, lag: 0, pending: 0 });
      const [table] = await tablesOf(run);
      expect(table!.told).toMatch(/^qctl load run .*, begun 20\d\d-.*Z/);
      await producer.close();
      await consumer.close();
    });
    expect(await tablesOf(run)).toEqual([]);
  });

  test('what a killed consumer held comes back to another one, and its wait ends at once', async () => {
    await withTarget(open(), async (target) => {
      const producer = await target.producer(0, new Told());
      producer.send(outgoing(5));
      const dying = await target.consumer(0, 'dying');
      await takeAll(dying, 5);
      const waiting = dying.take(10, 60_000);
      dying.kill();
      await expect(inTime(waiting, 'the end of its wait')).rejects.toThrow(/has ended/);
      const other = await target.consumer(0, 'other');
      const again = await takeAll(other, 5);
      expect(again.map(({ id, attempt }) => [id, attempt])).toEqual(outgoing(5).map(({ id }) => [id, 2]));
      await expect(dying.done(again)).rejects.toThrow(/has ended/);
      await producer.close();
      await other.close();
    });
  });

  test('several consumers share the messages, each one going to one of them', async () => {
    await withTarget(open({ raw: { consumers: { claimAfter: '1m', count: 4 } } }), async (target) => {
      expect(target.ordered).toBe(false);
      const producer = await target.producer(0, new Told());
      producer.send(outgoing(300));
      const consumers = await Promise.all([0, 1, 2, 3].map((n) => target.consumer(0, String(n))));
      const taken: string[] = [];
      const work = async (consumer: (typeof consumers)[number]) => {
        while (taken.length < 300) {
          const some = await consumer.take(7, 100);
          taken.push(...some.map(({ id }) => id));
          if (some.length > 0) await consumer.done(some);
        }
      };
      await inTime(Promise.all(consumers.map(work)), 'all messages');
      expect(taken.toSorted()).toEqual(
        outgoing(300)
          .map(({ id }) => id)
          .toSorted(),
      );
      for (const one of [producer, ...consumers]) await one.close();
    });
  });

  test('a message that somebody else is just claiming is passed over, and not waited for', async () => {
    await withTarget(open({ raw: { producers: { batch: 5 } } }), async (target) => {
      const told = new Told();
      const producer = await target.producer(0, told);
      producer.send(outgoing(5));
      await told.ended(5);
      const consumer = await target.consumer(0, 'one');
      const other = new pg.Client({ connectionString: server.url() });
      await other.connect();
      try {
        const table = target.name.replace('.', '."') + '"';
        await other.query(`BEGIN; SELECT FROM ${table} WHERE message_id IN ('run-0', 'run-3') FOR UPDATE`);
        const taken = await inTime(consumer.take(10, 0), 'a claim beside another one');
        expect(taken.map(({ id }) => id)).toEqual(['run-1', 'run-2', 'run-4']);
      } finally {
        await other.end();
      }
      await producer.close();
      await consumer.close();
    });
  });

  test('what is buried stays in the table, and nobody gets it again', async () => {
    await withTarget(open({ raw: { producers: { batch: 3 } } }), async (target) => {
      const producer = await target.producer(0, new Told());
      producer.send(outgoing(3));
      const consumer = await target.consumer(0, 'one');
      await consumer.bury((await takeAll(consumer, 3)).slice(0, 2));
      expect(await takeAll(consumer, 1)).toMatchObject([{ id: 'run-2', attempt: 2 }]);
      expect(await target.sample()).toMatchObject({ length: 3 });
      await producer.close();
      await consumer.close();
    });
  });

  test('a consumer that is woken by NOTIFY does not wait for its next poll', async () => {
    const raw = { target: { notify: true, poll: '1h' } };
    await withTarget(open({ raw }), async (target) => {
      const producer = await target.producer(0, new Told());
      const consumer = await target.consumer(0, 'one');
      const waiting = consumer.take(10, 3_600_000);
      producer.send(outgoing(1));
      expect(await inTime(waiting, 'its wake')).toMatchObject([{ id: 'run-0' }]);
      const idle = expect(consumer.take(10, 3_600_000)).rejects.toThrow(/has ended/);
      // Its claim has found nothing once a statement after it is done.
      await consumer.done([]);
      await consumer.close();
      await inTime(idle, 'the end of its wait');
      await producer.close();
    });
  });

  test('more rows than are worth counting are told as well, claimed ones among them', async () => {
    await withTarget(open({ raw: { consumers: { claimAfter: '1m' } } }), async (target) => {
      const table = target.name.replace('.', '."') + '"';
      await server.query(
        `INSERT INTO ${table} (message_id, body) SELECT n, 'x' FROM generate_series(1, 12000) AS n`,
      );
      const consumer = await target.consumer(0, 'one');
      await consumer.done(await consumer.take(1000, 0));
      await consumer.take(500, 0);
      expect(await target.sample()).toMatchObject({ length: 11_000, lag: 10_500, pending: 500 });
      expect((await target.sample()).queueBytes).toBeGreaterThan(12_000 * 30);
      await consumer.close();
    });
  });

  test('a schema that is not there is named, and a run of any name has its table', async () => {
    const missing = await open({ raw: { target: { schema: 'nobodys' } } });
    await expect(missing.prepare()).rejects.toThrow(
      /make table nobodys\.qctl_load_.*"nobodys" does not exist/,
    );
    await missing.close();
    const run = `Orders.v"2'-${runId()}`;
    await withTarget(open({ run, raw: { target: { notify: true } } }), async (target) => {
      const producer = await target.producer(0, new Told());
      producer.send(outgoing(1));
      const consumer = await target.consumer(0, 'one');
      await takeAll(consumer, 1);
      expect((await target.sample()).length).toBe(1);
      await producer.close();
      await consumer.close();
    });
    expect(await tablesOf(run.slice(-33))).toEqual([]);
  });

  test('two runs at once have a table each', async () => {
    await withTarget(open(), async (one) => {
      await withTarget(open(), async (other) => {
        const producer = await one.producer(0, new Told());
        producer.send(outgoing(1));
        await waitFor(async () => (await one.sample()).length === 1);
        expect((await other.sample()).length).toBe(0);
        await producer.close();
      });
      expect((await one.sample()).length).toBe(1);
    });
  });

  test('a table of that name that is there already is neither used nor dropped', async () => {
    const run = runId();
    await withTarget(open({ run }), async () => {
      const second = await open({ run });
      await expect(second.prepare()).rejects.toMatchObject({
        kind: 'target',
        message: expect.stringContaining(`make table public.qctl_load_${run}`),
      });
      await second.close();
      expect(await tablesOf(run)).toHaveLength(1);
    });
  });

  test('after a cut both sides go on by themselves; what was on its way has failed', async () => {
    await behindProxy(async (proxy, url) => {
      await withTarget(open({ url, raw: { producers: { batch: 2 } } }), async (target) => {
        const told = new Told();
        const producer = await target.producer(0, told);
        const consumer = await target.consumer(0, 'one');
        proxy.setBlocked('hold');
        const claim = consumer.take(10, 60_000);
        producer.send(outgoing(20));
        await waitFor(() => told.begun.length === 2);
        producer.cut();
        consumer.cut();
        await expect(claim).rejects.toMatchObject({ kind: 'target' });
        await told.ended(2);
        expect(told.lost).toEqual([0, 1]);
        proxy.setBlocked(false);
        await told.ended(20);
        expect(told.good.length).toBe(18);
        const taken = await takeAll(consumer, 18);
        await consumer.done(taken);
        await producer.close();
        await consumer.close();
      });
    });
  });

  test('a server that is away fails all messages soon, and those that come when it is back arrive', async () => {
    await behindProxy(async (proxy, url) => {
      await withTarget(open({ url, raw: { producers: { batch: 2 } } }), async (target) => {
        const told = new Told();
        const producer = await target.producer(0, told);
        const consumer = await target.consumer(0, 'one');
        proxy.setBlocked('refuse');
        producer.send(outgoing(50));
        await told.ended(50);
        expect(told.lost).toEqual(outgoing(50).map(({ seq }) => seq));
        expect(proxy.accepted).toBeLessThan(20);
        await expect(consumer.take(1, 100)).rejects.toMatchObject({ kind: 'target' });
        await expect(target.sample()).rejects.toMatchObject({ kind: 'target' });
        proxy.setBlocked(false);
        producer.send(outgoing(5, { from: 50 }));
        await told.ended(55);
        expect(told.good).toEqual([50, 51, 52, 53, 54]);
        expect(contents(await takeAll(consumer, 5))).toEqual(contents(outgoing(5, { from: 50 })));
        await producer.close();
        await consumer.close();
      });
    });
  });

  test('what is open when a producer is closed fails, and nothing is told afterwards', async () => {
    await behindProxy(async (proxy, url) => {
      await withTarget(open({ url, raw: { producers: { batch: 2 } } }), async (target) => {
        const told = new Told();
        const producer = await target.producer(0, told);
        proxy.setBlocked('hold');
        producer.send(outgoing(10));
        await waitFor(() => told.begun.length === 2);
        await producer.close();
        expect(told.lost).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        producer.send(outgoing(1, { from: 10 }));
        expect(producer.open).toBe(0);
        expect(told.log).toHaveLength(2);
        proxy.setBlocked(false);
      });
    });
  });
});
