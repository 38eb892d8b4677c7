import { fileURLToPath } from 'node:url';
import { connectRedis } from '../src/backends/redis/index.ts';
import { claimPending } from '../src/streams/index.ts';
import { claimPages } from './bare-claim.ts';
import { bundle, runNode } from './child.ts';
import { median, paired, rate, type Tell } from './result.ts';
import type { Rig } from './rig.ts';

const BINARY = fileURLToPath(new URL('../bin/qctl.js', import.meta.url));
const ENTRIES = 200_000;
const STREAMS = 1000;
const PIPELINE = 5000;

/** Claims and lists against the bare commands. */
export async function benchStreams(rig: Rig, rounds: number, tell: Tell): Promise<void> {
  const prototype = await bundle('streams-prototype');
  await benchClaim(rig, prototype, rounds, tell);
  await benchDeadLetters(rig, tell);
  await benchList(rig, prototype, rounds, tell);
}

async function fillPending(rig: Rig): Promise<void> {
  await rig.flush();
  for (let at = 0; at < ENTRIES; at += PIPELINE) {
    const pipeline = rig.client.pipeline();
    for (let n = at + 1; n <= at + PIPELINE; n += 1)
      pipeline.xadd('claims', `${n}-0`, 'id', String(n), 'body', 'x'.repeat(300));
    await pipeline.exec();
  }
  await rig.client.xgroup('CREATE', 'claims', 'workers', '0');
  for (let at = 0; at < ENTRIES; at += PIPELINE)
    await rig.client.xreadgroup('GROUP', 'workers', 'dead', 'COUNT', PIPELINE, 'STREAMS', 'claims', '>');
}

/** Every claim finds all entries idle for long enough, and all of them with another consumer. */
async function benchClaim(rig: Rig, prototype: string, rounds: number, tell: Tell): Promise<void> {
  await fillPending(rig);
  const inside = await paired(
    rounds,
    () => claimInProcess(rig, 'ours'),
    () => claimBare(rig, 'bare'),
  );
  tellClaim(tell, 'the claiming alone', inside);
  let peakBytes = 0;
  const outside = await paired(
    rounds,
    async () => {
      const flags = [
        '--to',
        'ours',
        '--create-consumer',
        '--min-idle',
        '0ms',
        '--yes',
        '--quiet',
        '-o',
        'json',
      ];
      const run = await runNode([BINARY, 'claim', 'claims', 'workers', ...flags], rig.env);
      expectCount((JSON.parse(run.stdout) as { claimed: number }).claimed);
      peakBytes = Math.max(peakBytes, run.peakBytes);
      return run.wallMs;
    },
    async () => {
      const run = await runNode([prototype, 'claim', rig.redis.url, String(ENTRIES)], {});
      expectCount((JSON.parse(run.stdout) as { done: number }).done);
      return run.wallMs;
    },
  );
  tellClaim(tell, 'whole processes', outside, `peak memory ${Math.round(peakBytes / 2 ** 20)} MiB`);
}

function tellClaim(tell: Tell, what: string, pairs: [number, number][], note?: string): void {
  tell({
    name: `claim ${ENTRIES.toLocaleString('en-GB')} pending vs pipelined XAUTOCLAIM pages, ${what}`,
    ours: rate(ENTRIES, median(pairs.map(([ours]) => ours))),
    baseline: rate(ENTRIES, median(pairs.map(([, bare]) => bare))),
    ratio: median(pairs.map(([ours, bare]) => ours / bare)),
    goal: { atMost: 1.3 },
    note,
  });
}

async function claimBare(rig: Rig, to: string): Promise<number> {
  const redis = await connectRedis({ url: rig.redis.url });
  const started = performance.now();
  expectCount(await claimPages(redis.client, to, ENTRIES));
  const elapsedMs = performance.now() - started;
  await redis.close();
  return elapsedMs;
}

async function claimInProcess(rig: Rig, to: string): Promise<number> {
  const redis = await connectRedis({ url: rig.redis.url });
  const started = performance.now();
  const report = await claimPending(
    redis,
    {
      stream: 'claims',
      group: 'workers',
      to,
      minIdleMs: 0,
      deadLetter: 'claims:dead',
      reason: '',
      legacy: false,
    },
    { signal: new AbortController().signal, waiting: () => undefined },
  );
  const elapsedMs = performance.now() - started;
  await redis.close();
  expectCount(report.claimed);
  return elapsedMs;
}

async function benchDeadLetters(rig: Rig, tell: Tell): Promise<void> {
  await fillPending(rig);
  const args = [
    'claim',
    'claims',
    'workers',
    '--to',
    'dead',
    '--min-idle',
    '0ms',
    '--max-deliveries',
    '1',
    '--yes',
    '--quiet',
  ];
  const run = await runNode([BINARY, ...args, '-o', 'json'], rig.env);
  expectCount((JSON.parse(run.stdout) as { deadLettered: number }).deadLettered);
  const replay = await runNode(
    [BINARY, 'dlq', 'replay', 'claims', '--all', '--yes', '--quiet', '-o', 'json'],
    rig.env,
  );
  expectCount((JSON.parse(replay.stdout) as { replayed: number }).replayed);
  for (const [name, { wallMs }] of [
    ['dead letters made of pending entries, whole process', run],
    ['dead letters replayed, whole process', replay],
  ] as const)
    tell({ name, ours: rate(ENTRIES, wallMs), baseline: '-', ratio: null, goal: null });
}

function expectCount(count: number): void {
  if (count !== ENTRIES) throw new Error(`expected ${ENTRIES} entries, got ${count}`);
}

async function fillStreams(rig: Rig): Promise<void> {
  await rig.flush();
  for (let n = 0; n < STREAMS; n += 1) {
    const [stream, pipeline] = [`streams:${n}`, rig.client.pipeline()];
    for (let entry = 0; entry < 20; entry += 1)
      pipeline.xadd(stream, '*', 'id', String(entry), 'body', 'x'.repeat(300));
    for (const group of ['workers', 'audit']) pipeline.xgroup('CREATE', stream, group, '0');
    pipeline.xreadgroup('GROUP', 'workers', 'one', 'COUNT', 10, 'STREAMS', stream, '>');
    await pipeline.exec();
  }
}

async function benchList(rig: Rig, prototype: string, rounds: number, tell: Tell): Promise<void> {
  await fillStreams(rig);
  const pairs = await paired(
    rounds,
    async () => {
      const run = await runNode([BINARY, 'stream', 'ls', 'streams:*', '-o', 'json'], rig.env);
      if ((JSON.parse(run.stdout) as { items: unknown[] }).items.length !== STREAMS)
        throw new Error('streams are missing');
      return run.wallMs;
    },
    async () => (await runNode([prototype, 'look', rig.redis.url, String(STREAMS)], {})).wallMs,
  );
  const ours = median(pairs.map(([wallMs]) => wallMs));
  const bare = median(pairs.map(([, wallMs]) => wallMs));
  const text = (ms: number): string => `${Math.round(ms)} ms`;
  tell({
    name: 'stream ls of 1,000 streams vs pipelined XINFO, whole processes',
    ours: text(ours),
    baseline: text(bare),
    ratio: median(pairs.map(([a, b]) => a / b)),
    goal: { atMost: 2 },
  });
  tell({
    name: 'stream ls of 1,000 streams against 1 s',
    ours: text(ours),
    baseline: '1 s',
    ratio: ours / 1000,
    goal: { atMost: 1 },
  });
}
