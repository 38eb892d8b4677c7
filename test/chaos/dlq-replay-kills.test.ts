import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startTcpProxy } from '../support/proxy.ts';
import { type QctlProcess, spawnQctl } from '../support/qctl.ts';
import { seededRandom } from '../support/random.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { expectExactlyOnce, hasEnded, KILLS, lookInto, readStream, tell } from './harness.ts';

const LETTERS = 5000;
const target = lookInto(sharedRedisUrl());
afterAll(() => target.disconnect());

/** Dead letters of a stream that is empty otherwise; they tell who they are in a field `id`. */
interface Graveyard {
  stream: string;
  dead: string;
  ids: string[];
}

async function fillGraveyard(letters = LETTERS): Promise<Graveyard> {
  const stream = uniqueName('orders');
  const dead = `${stream}:dead`;
  await target.xgroup('CREATE', stream, 'workers', '$', 'MKSTREAM');
  const ids = Array.from({ length: letters }, (_, n) => `m${n}`);
  for (let at = 0; at < letters; at += 2000) {
    const pipeline = target.pipeline();
    for (const id of ids.slice(at, at + 2000)) pipeline.xadd(dead, '*', ...letterFields(stream, id));
    await pipeline.exec();
  }
  return { stream, dead, ids };
}

function letterFields(stream: string, id: string): string[] {
  return ['dlq.fields', '3', 'dlq.reason', 'max-deliveries', 'dlq.stream', stream, 'id', id, 'body', 'x'];
}

function startReplay({ stream }: Graveyard, flags: string[] = [], url = sharedRedisUrl()): QctlProcess {
  return spawnQctl(['dlq', 'replay', stream, '--all', '--yes', '-o', 'ndjson', '--redis-url', url, ...flags]);
}

async function untilMore(stream: string, process: QctlProcess): Promise<void> {
  const before = await target.xlen(stream);
  const moved = async () => hasEnded(process) || (await target.xlen(stream)) > before;
  await waitFor(moved, { what: 'progress', everyMs: 3, timeoutMs: 30_000 });
}

const entriesIn = (stream: string) => readStream({ target, stream, command: [], connection: [] });

interface Report {
  chosen: number;
  replayed: number;
  gone: number;
  left: number;
}

async function reportOf(process: QctlProcess): Promise<Report> {
  const { code, stdout, stderr } = await process.done;
  expect(code, `${stderr}\n${stdout}`).toBe(0);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Report;
}

/** Each is back exactly once and has been tried once, and nothing is left to replay. */
async function expectAllBack({ stream, dead, ids }: Graveyard, what: string): Promise<void> {
  expectExactlyOnce(await entriesIn(stream), ids, what);
  const counters = new Set<string>();
  for (const [, fields] of await target.xrange(stream, '-', '+')) counters.add(fields.slice(2).join(' '));
  expect([...counters], what).toEqual(['body x attempts 1']);
  expect(await target.xlen(dead), what).toBe(0);
}

test('a replay killed 25 times with kill -9 loses nothing and doubles nothing', async () => {
  const graveyard = await fillGraveyard(10_000);
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  let landed = 0;
  for (let life = 0; life < KILLS; life += 1) {
    const process = startReplay(graveyard, ['--rate', '2500/s']);
    await untilMore(graveyard.stream, process);
    await new Promise((resolve) => setTimeout(resolve, random() * 60));
    process.child.kill('SIGKILL');
    const { signal } = await process.done;
    if (signal === 'SIGKILL') landed += 1;
  }
  const left = await target.xlen(graveyard.dead);
  const report = await reportOf(startReplay(graveyard));
  tell('dead letters, replay', { kills: landed, 'left for the last': left, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThanOrEqual(25);
  expect(report, `seed ${seed}`).toMatchObject({ chosen: left, replayed: left, gone: 0, left: 0 });
  await expectAllBack(graveyard, `seed ${seed}`);
});

test('two replays at once put everything back once, and each says what it has done', async () => {
  const graveyard = await fillGraveyard();
  const both = [startReplay(graveyard, ['--rate', '4000/s']), startReplay(graveyard, ['--rate', '3000/s'])];
  const reports = await Promise.all(both.map(reportOf));
  const sum = (of: (report: Report) => number) => reports.reduce((all, report) => all + of(report), 0);
  expect(sum(({ replayed }) => replayed)).toBe(LETTERS);
  for (const { chosen, replayed, gone, left } of reports)
    expect([replayed + gone, left]).toEqual([chosen, 0]);
  tell('dead letters, two at once', { replayed: reports.map(({ replayed }) => replayed).join('+') });
  await expectAllBack(graveyard, 'two at once');
});

test('a replay whose connections are cut again and again counts right', async () => {
  const graveyard = await fillGraveyard();
  const proxy = await startTcpProxy(Number(new URL(sharedRedisUrl()).port));
  const seed = Date.now() % 1_000_000;
  const process = startReplay(graveyard, ['--rate', '3000/s'], `redis://127.0.0.1:${proxy.port}`);
  await untilMore(graveyard.stream, process);
  const stop = proxy.cutRandomly({ everyMs: [20, 200], seed });
  const report = await reportOf(process);
  stop();
  tell('dead letters, cut', { connections: proxy.accepted, seed });
  expect(proxy.accepted, `seed ${seed}`).toBeGreaterThan(5);
  expect(report, `seed ${seed}`).toMatchObject({ chosen: LETTERS, replayed: LETTERS, gone: 0, left: 0 });
  await expectAllBack(graveyard, `seed ${seed}`);
  await proxy.stop();
});

test('an import killed with kill -9 goes on where it was and adds nothing twice', async () => {
  const [stream, lines] = [uniqueName('orders'), 16_000];
  const dead = `${stream}:dead`;
  const ids = Array.from({ length: lines }, (_, n) => `m${n}`);
  const file = join(mkdtempSync(join(tmpdir(), 'qctl-import-')), 'x.ndjson');
  const lineOf = (id: string) => JSON.stringify({ type: 'dead-letter', stream: dead, fields: { id } });
  writeFileSync(file, `${ids.map(lineOf).join('\n')}\n`);
  const start = () => spawnQctl(['dlq', 'import', file, '-o', 'json', '--redis-url', sharedRedisUrl()]);
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  let landed = 0;
  for (let life = 0; life < 4; life += 1) {
    const process = start();
    await untilMore(dead, process);
    await new Promise((resolve) => setTimeout(resolve, random() * 30));
    process.child.kill('SIGKILL');
    if ((await process.done).signal === 'SIGKILL') landed += 1;
  }
  const before = await target.xlen(dead);
  const { code, stdout } = await start().done;
  tell('dead letters, import', { kills: landed, 'there before the last': before, seed });
  expect(landed, `seed ${seed}`).toBeGreaterThan(2);
  expect([code, JSON.parse(stdout)], `seed ${seed}`).toMatchObject([
    0,
    { entries: lines, appended: lines - before, importedBefore: before },
  ]);
  expectExactlyOnce(await entriesIn(dead), ids, `seed ${seed}`);
});
