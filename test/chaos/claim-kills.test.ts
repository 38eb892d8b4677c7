import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entriesOf, fillPending, type PendingRow, pendingOf } from '../support/pending.ts';
import { type QctlProcess, spawnQctl } from '../support/qctl.ts';
import { seededRandom } from '../support/random.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { hasEnded, lookInto, tell } from './harness.ts';

const KILLS = 25;
/** So many are stuck whenever a claim begins: some pages more than one gets done before it is killed. */
const STUCK = 4000;
const MOST_DELIVERIES = 5;

let server: TestRedis;
let look: Redis;
beforeAll(async () => {
  server = await startRedis();
  look = lookInto(server.url);
});
afterAll(async () => {
  look.disconnect();
  await server.stop();
});

/** Entry number n: each third failed often, each hundredth was deleted. */
function rowOf(n: number): PendingRow {
  return {
    id: `${n}-0`,
    consumer: 'dead',
    deliveries: n % 3 === 0 ? MOST_DELIVERIES : 1 + (n % 2),
    gone: n % 100 === 0,
    fields: ['body', `message ${n}`, 'bytes', Buffer.from([0, 255, n % 256]), 'more', 'x'.repeat(1200)],
  };
}

/** How many are still with the dead consumer. */
async function stuck(): Promise<number> {
  const rows = (await look.call('XINFO', 'CONSUMERS', 'orders', 'workers')) as unknown[][];
  const row = rows.find(([, name]) => name === 'dead');
  return row ? Number(row[row.indexOf('pending') + 1]) : 0;
}

function claim(): QctlProcess {
  const flags = [
    '--to',
    'worker',
    '--create-consumer',
    '--min-idle',
    '1m',
    '--max-deliveries',
    MOST_DELIVERIES,
  ];
  const argv = ['claim', 'orders', 'workers', ...flags.map(String), '--yes', '--quiet', '-o', 'json'];
  return spawnQctl(argv, { env: { REDIS_URL: server.url } });
}

test('a claim that is killed 25 times loses nothing and doubles nothing', async () => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  let added = 0;
  let landed = 0;
  let lives = 0;
  for (; landed < KILLS && lives < 2 * KILLS; lives += 1) {
    const before = added === 0 ? 0 : await stuck();
    const more = Array.from({ length: STUCK - before }, (_, at) => rowOf(added + at + 1));
    await fillPending(look, 'orders', 'workers', more);
    added += more.length;
    const process = claim();
    await waitFor(async () => hasEnded(process) || (await stuck()) < STUCK, {
      everyMs: 1,
      what: 'a first page',
    });
    await new Promise((resolve) => setTimeout(resolve, random() * 12));
    process.child.kill('SIGKILL');
    const { signal, code, stderr } = await process.done;
    if (signal === null) expect(code, `seed ${seed}, life ${lives}: ${stderr}`).toBe(0);
    // One that had nothing left to do was only printing its report.
    if (signal === 'SIGKILL' && (await stuck()) > 0) landed += 1;
  }
  expect(landed, `seed ${seed}`).toBe(KILLS);

  const last = await claim().done;
  expect(last.code, `seed ${seed}: ${last.stderr}`).toBe(0);
  tell('claim', { kills: landed, of: lives, entries: added, seed });
  await expectEachOnce(added, `seed ${seed}`);
});

/** Each entry is with the new consumer, or is a dead letter with all its fields, or was gone: one of the three. */
async function expectEachOnce(added: number, what: string): Promise<void> {
  const rows = Array.from({ length: added }, (_, at) => rowOf(at + 1)).filter(({ gone }) => !gone);
  const dead = rows.filter(({ deliveries }) => deliveries === MOST_DELIVERIES);
  const alive = rows.filter(({ deliveries }) => deliveries !== MOST_DELIVERIES);
  const pending = await pendingOf(look, 'orders', 'workers');
  expect(
    pending.map(({ id, consumer, deliveries }) => `${id} ${consumer} ${deliveries}`),
    what,
  ).toEqual(alive.map(({ id, deliveries }) => `${id} worker ${deliveries}`));
  const letters = await entriesOf(look, 'orders:dead');
  const originals = letters.map(({ fields }) =>
    fields
      .slice(-6)
      .map((field) => field.toString('latin1'))
      .join('|'),
  );
  const wanted = dead.map(({ fields }) => fields!.map((field) => field.toString('latin1')).join('|'));
  expect(originals.sort(), what).toEqual(wanted.sort());
  expect((await look.keys('qctl:*')).length, 'notes of pages').toBeLessThanOrEqual(2 * KILLS);
  for (const key of await look.keys('qctl:*')) expect(await look.ttl(key)).toBeGreaterThan(0);
}
