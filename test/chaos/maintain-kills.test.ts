import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MAINTAIN_LOCK } from '../../src/model/keys.ts';
import { putAside } from '../support/delayed.ts';
import { entriesOf, fillPending, pendingOf } from '../support/pending.ts';
import { type QctlProcess, spawnQctl } from '../support/qctl.ts';
import { seededRandom } from '../support/random.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { hasEnded, lookInto } from './harness.ts';

let server: TestRedis;
let look: Redis;
let file: string;
beforeAll(async () => {
  server = await startRedis();
  look = lookInto(server.url);
  const parts = 'trim: true, claim: true, deadLetter: true, reap: true, expire: true';
  const settings = 'group: workers, maxLen: 100, maxDeliveries: 3, minIdle: 1m';
  file = join(mkdtempSync(join(tmpdir(), 'qctl-maintain-')), 'qctl.yaml');
  writeFileSync(
    file,
    `profiles: { test: { streams: { 'orders:*': { ${settings} } }, maintain: { ${parts} } } }\n`,
  );
});
beforeEach(() => look.flushall());
afterAll(async () => {
  look.disconnect();
  await server.stop();
});

const maintain = (...flags: string[]): QctlProcess =>
  spawnQctl(['maintain', '--yes', '--config', file, ...flags], { env: { REDIS_URL: server.url } });

const STREAMS = ['orders:a', 'orders:b', 'orders:c'];
const EACH = 3000;

/** A third was delivered too often, a third is stuck, a third was never given to anybody. */
async function fill(): Promise<void> {
  for (const stream of STREAMS) {
    const rows = Array.from({ length: (EACH / 3) * 2 }, (_, at) => ({
      id: `${at + 1}-0`,
      consumer: 'dead',
      deliveries: at % 2 === 0 ? 3 : 1,
      fields: ['body', `${stream} ${at + 1}`],
    }));
    await fillPending(look, stream, 'workers', rows);
    await look.call('XREADGROUP', 'GROUP', 'workers', 'alive', 'COUNT', '1', 'STREAMS', stream, '0');
    const more = look.pipeline();
    for (let n = rows.length + 1; n <= EACH; n += 1) more.xadd(stream, `${n}-0`, 'body', `${stream} ${n}`);
    await more.exec();
  }
  await putAside(
    look,
    'orders:later',
    Array.from({ length: 2000 }, (_, at) => ({ id: `${at}`, dueMs: 1000, body: `later ${at}` })),
  );
}

async function bodiesOf(stream: string): Promise<string[]> {
  const entries = await entriesOf(look, stream);
  return entries.map(({ fields }) => String(fields[fields.findIndex((name) => String(name) === 'body') + 1]));
}

test('killed again and again, it loses nothing and doubles nothing, and a later run brings it to its end', async () => {
  await fill();
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  let landed = 0;
  for (let lives = 0; lives < 6; lives += 1) {
    const fence = Number(await look.hget(MAINTAIN_LOCK, 'fence'));
    const process = maintain();
    await waitFor(async () => hasEnded(process) || Number(await look.hget(MAINTAIN_LOCK, 'fence')) > fence, {
      everyMs: 1,
      timeoutMs: 30_000,
      what: 'the lock',
    });
    await new Promise((resolve) => setTimeout(resolve, random() * 25));
    process.child.kill('SIGKILL');
    const { signal, code, stderr } = await process.done;
    // The one before is seen to be gone: nobody waits for its lease.
    if (signal === null) expect(code, `seed ${seed}: ${stderr}`).toBe(0);
    else landed += 1;
  }
  expect(landed).toBeGreaterThan(0);
  const { code, stderr } = await maintain().done;
  expect(code, stderr).toBe(0);
  for (const stream of STREAMS) {
    const pending = await pendingOf(look, stream, 'workers');
    expect(pending.map(({ id }) => Number(id.split('-')[0]))).toEqual(
      Array.from({ length: EACH / 3 }, (_, at) => 2 * at + 2),
    );
    expect(new Set(pending.map(({ consumer }) => consumer))).toEqual(new Set(['alive']));
    const dead = await bodiesOf(`${stream}:dead`);
    const died = Array.from({ length: EACH / 3 }, (_, at) => `${stream} ${2 * at + 1}`);
    expect([...dead].sort()).toEqual(died.sort());
    // What is pending or was never given to anybody stays, however long the stream is.
    const bodies = new Set(await bodiesOf(stream));
    for (let n = 2; n <= EACH; n += n < (EACH / 3) * 2 ? 2 : 1) expect(bodies).toContain(`${stream} ${n}`);
  }
  const later = await bodiesOf('orders:later');
  expect(later.sort()).toEqual(Array.from({ length: 2000 }, (_, at) => `later ${at}`).sort());
});

test('of five at once one works, and the others say who does and end with 10', async () => {
  await fill();
  const five = Array.from({ length: 5 }, () => maintain());
  const pid = await waitFor(
    async () => JSON.parse((await look.hget(MAINTAIN_LOCK, 'process')) ?? '{}').pid as number | undefined,
    { everyMs: 1, timeoutMs: 30_000, what: 'one that holds the lock' },
  );
  // Held in the middle, so that the others come while it is at work however fast it is.
  process.kill(pid, 'SIGSTOP');
  const [working] = five.filter(({ child }) => child.pid === pid);
  const others = await Promise.all(five.filter((one) => one !== working).map(({ done }) => done));
  process.kill(pid, 'SIGCONT');
  for (const { code, stdout, stderr } of others) {
    expect({ code, stdout }).toEqual({ code: 10, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(
        `^qctl: maintenance is under way: \\S+@\\S+ \\(pid ${pid}, maintain scheduled, .*\\) since \\d{4}-`,
      ),
    );
  }
  const { code, stdout } = await working!.done;
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^maintain: 2,000 moved, 3,000 dead-lettered, 3,000 claimed, .*, 0 left, 1 warning in/m,
  );
});
