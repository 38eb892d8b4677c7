import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadResult, LoadResults } from '../src/load/index.ts';
import { ownFolder } from '../test/support/server-process.ts';
import { bundle, runNode, timeShell } from './child.ts';
import { median, type Tell } from './result.ts';
import type { Rig } from './rig.ts';

const BINARY = fileURLToPath(new URL('../bin/qctl.js', import.meta.url));
const PAYLOAD_BYTES = 256;
const CALLS = 600_000;
const AWAITED_CALLS = 50_000;
const SCHEDULE = 20_000;
/** One per cent off is 1. */
const OFF = 0.01;

/** How fast the generator of `load run` is while it measures every message, and whether it keeps its schedule. */
export async function benchLoad(rig: Rig, rounds: number, tell: Tell): Promise<void> {
  const prototype = await bundle('load-awaited');
  const turns: { ours: number; awaited: number; native: number | null }[] = [];
  for (let round = 0; round < rounds; round += 1)
    turns.push({
      ours: (await pushed(rig)).rates.reached!,
      native: await redisBenchmark(rig),
      awaited: await awaited(rig, prototype),
    });
  const ours = perSecond(median(turns.map((turn) => turn.ours)));
  tellNative(tell, ours, turns);
  tell({
    name: 'load: XADD vs one awaited call after the other',
    ours,
    baseline: perSecond(median(turns.map((turn) => turn.awaited))),
    ratio: median(turns.map((turn) => turn.ours / turn.awaited)),
    goal: { atLeast: 8 },
  });
  await benchSchedule(rig, rounds, tell);
  await benchField(rig, tell);
}

function tellNative(tell: Tell, ours: string, turns: { ours: number; native: number | null }[]): void {
  const name = 'load: XADD vs redis-benchmark -P 100 xadd';
  const goal = { atLeast: 0.25 };
  const known = turns.flatMap((turn) => (turn.native === null ? [] : [turn.ours / turn.native]));
  if (known.length === 0) {
    tell({ name, ours, baseline: '-', ratio: null, goal, note: 'redis-benchmark is not installed' });
    return;
  }
  const baseline = perSecond(median(turns.flatMap(({ native }) => native ?? [])));
  const note = 'one process of Node that measures every message, against 50 clients that measure a share';
  tell({ name, ours, baseline, ratio: median(known), goal, note });
}

/** 20,000 messages a second through a group that acknowledges them, on the cores that Redis uses, too. */
async function benchSchedule(rig: Rig, rounds: number, tell: Tell): Promise<void> {
  const off: number[] = [];
  const said: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { rates, latency, generator, verdict } = await load(
      rig,
      ...['--rate', `${SCHEDULE}/s`, '--duration', '10s', '--warmup', '2s', '--payload', `${PAYLOAD_BYTES}`],
    );
    off.push(Math.abs(1 - rates.sent! / SCHEDULE));
    said.push(
      `${verdict}, ${rates.reached!.toFixed(0)}/s, p99 ${latency.endToEnd!.p99} ms, ${Math.round(generator.behindMs)} ms behind at most`,
    );
  }
  tell({
    name: 'load: schedule of 20,000/s',
    ours: `${(median(off) * 100).toFixed(3)} % off`,
    baseline: '1 %',
    ratio: median(off) / OFF,
    goal: { atMost: 1 },
    note: said.join('; '),
  });
}

/** The worked profile of the field: 10 groups of 50 consumers, 1,000 messages a second. */
async function benchField(rig: Rig, tell: Tell): Promise<void> {
  const { latency, counts, backend, verdict, rates } = await load(
    rig,
    ...['--rate', '1000/s', '--count', '10000', '--warmup', '2s', '--groups', '10', '--consumers', '50'],
  );
  const name = 'load: 10 groups of 50 consumers, 1,000/s';
  const state = `${verdict}: ${rates.reached!.toFixed(0)}/s, ${counts.processed} processed, ${counts.lost} lost`;
  const mean = latency.endToEnd!.mean;
  tell({
    name,
    ours: `${mean.toFixed(2)} ms mean end to end`,
    baseline: '10 ms',
    ratio: mean / 10,
    goal: null,
    note: state,
  });
  const megabytes = backend.memoryGrowthBytes! / 1_000_000;
  tell({
    name,
    ours: `${megabytes.toFixed(1)} MB for 10,000 messages`,
    baseline: '100 MB',
    ratio: megabytes / 100,
    goal: { atMost: 1 },
  });
}

function pushed(rig: Rig): Promise<LoadResult> {
  return load(
    rig,
    ...['--rate', 'max', '--count', `${CALLS}`, '--warmup', '200ms', '--groups', '0'],
    ...['--payload', `${PAYLOAD_BYTES}`],
  );
}

/** What it ends with is no matter: at full speed its own process is the limit, and it says so. */
async function load(rig: Rig, ...args: string[]): Promise<LoadResult> {
  await rig.flush();
  const file = join(ownFolder('bench-load'), 'results.json');
  const line = [process.execPath, BINARY, 'load', 'run', ...args, '--quiet', '--save', file];
  await timeShell(`${line.map((word) => `'${word}'`).join(' ')} >/dev/null 2>&1 || true`, rig.env);
  const { runs } = JSON.parse(readFileSync(file, 'utf8')) as LoadResults;
  rmSync(file);
  return runs[0]!;
}

/** Null where it is not installed. */
async function redisBenchmark(rig: Rig): Promise<number | null> {
  await rig.flush();
  const out = join(ownFolder('bench-load'), 'native.csv');
  const { host, port } = rig.redis;
  const call = `XADD bench '*' id load-20261122-120000-abcd-100000 body ${'x'.repeat(PAYLOAD_BYTES)}`;
  const line = `redis-benchmark -h ${host} -p ${port} -P 100 -n ${CALLS} --csv ${call} > "$OUT"`;
  try {
    await timeShell(line, { OUT: out });
  } catch {
    return null;
  }
  const last = readFileSync(out, 'utf8').trim().split('\n').at(-1)!;
  return Number(/","([\d.]+)"/.exec(last)?.[1]);
}

async function awaited(rig: Rig, script: string): Promise<number> {
  await rig.flush();
  const { stdout } = await runNode([script, rig.redis.url, `${AWAITED_CALLS}`, `${PAYLOAD_BYTES}`], rig.env);
  return Number(stdout);
}

function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en-GB')}/s`;
}
