import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { release, tieToThisProcess } from '../test/support/orphans.ts';
import { cleanEnvironment } from '../test/support/qctl.ts';
import { bundle, runNode } from './child.ts';
import { median, type Tell } from './result.ts';
import type { Rig } from './rig.ts';

const BINARY = fileURLToPath(new URL('../bin/qctl.js', import.meta.url));
const STREAMS = 1000;
const VIEWERS = 200;
const REQUESTS_PER_SECOND = 20;
const QUIET_SECONDS = 10;
const SLOWEST_MS = 200;
const LARGEST_GROWTH = 1.25;
/** Entries a second that come to the streams while they are looked at. */
const ADDED_PER_SECOND = 500;
const LOOK_MS = 5000;

/** What the viewers' process prints. */
interface Viewed {
  requests: number;
  failed: number;
  bytes: number;
  p50: number;
  p99: number;
  most: number;
  messages: number;
  sentBytes: number;
  snapshots: number;
  closed: number;
}

/** A thousand streams under `qctl serve`, first with nobody looking, then with 200 browsers for as long as asked. */
export async function benchServe(rig: Rig, minutes: number, tell: Tell): Promise<void> {
  await rig.flush();
  await fill(rig);
  const adding = keepAdding(rig);
  const serve = await startServe(rig);
  try {
    await sleep(QUIET_SECONDS * 500);
    const alone = await commandsDuring(rig, () => sleep(QUIET_SECONDS * 1000));
    const memory = watchMemory(serve.process.pid!);
    let viewed: Viewed | undefined;
    const beside = await commandsDuring(rig, async () => {
      viewed = await look(serve.url, minutes * 60);
    });
    tellAll(tell, { alone, beside, viewed: viewed!, rssBytes: memory.stop(), minutes });
  } finally {
    adding.stop();
    serve.process.kill('SIGTERM');
    release(serve.process.pid);
  }
}

async function fill({ client }: Rig): Promise<void> {
  const pipeline = client.pipeline();
  for (let n = 0; n < STREAMS; n += 1) {
    const stream = `bench:${n}`;
    for (let entry = 0; entry < 20; entry += 1) pipeline.xadd(stream, '*', 'id', `${entry}`, 'body', 'x');
    pipeline.xgroup('CREATE', stream, 'workers', '0');
    pipeline.xreadgroup('GROUP', 'workers', 'a', 'COUNT', 5, 'STREAMS', stream, '>');
  }
  await pipeline.exec();
}

function keepAdding({ client }: Rig): { stop(): void } {
  const timer = setInterval(() => {
    const pipeline = client.pipeline();
    for (let n = 0; n < ADDED_PER_SECOND / 10; n += 1)
      pipeline.xadd(`bench:${Math.floor(Math.random() * STREAMS)}`, 'MAXLEN', '~', 1000, '*', 'id', 'more');
    void pipeline.exec();
  }, 100);
  return { stop: () => clearInterval(timer) };
}

async function startServe(rig: Rig): Promise<{ process: ChildProcess; url: string }> {
  const env = { ...cleanEnvironment(), ...rig.env };
  const child = spawn(process.execPath, [BINARY, 'serve', '--listen', '127.0.0.1:0'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  tieToThisProcess(child.pid);
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr!.on('data', (chunk) => {
      said += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found) resolve(found[0]);
    });
    child.once('exit', () => reject(new Error(`serve has ended: ${said}`)));
  });
  return { process: child, url };
}

/** Commands a second that Redis has carried out, without those that fill the streams. */
async function commandsDuring({ client }: Rig, work: () => Promise<unknown>): Promise<number> {
  await client.call('CONFIG', 'RESETSTAT');
  const from = performance.now();
  await work();
  const stats = await client.info('commandstats');
  const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)]
    .filter(([, name]) => name !== 'xadd' && !name!.startsWith('config'))
    .reduce((sum, [, , count]) => sum + Number(count), 0);
  return (calls / (performance.now() - from)) * 1000;
}

function watchMemory(pid: number): { stop(): number[] } {
  const rss: number[] = [];
  const timer = setInterval(() => {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    rss.push(Number(kilobytes) * 1024);
  }, LOOK_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return rss;
    },
  };
}

async function look(url: string, seconds: number): Promise<Viewed> {
  const program = await bundle('viewers');
  const args = [program, url, `${VIEWERS}`, `${REQUESTS_PER_SECOND}`, `${seconds}`];
  return JSON.parse((await runNode(args, {})).stdout) as Viewed;
}

function tellAll(
  tell: Tell,
  seen: { alone: number; beside: number; viewed: Viewed; rssBytes: number[]; minutes: number },
): void {
  const { alone, beside, viewed, rssBytes, minutes } = seen;
  const name = `serve: ${STREAMS} streams, ${VIEWERS} browsers`;
  tell({
    name: `${name}, GET /api/streams`,
    ours: `p99 ${viewed.p99.toFixed(0)} ms`,
    baseline: `${SLOWEST_MS} ms`,
    ratio: viewed.p99 / SLOWEST_MS,
    goal: { atMost: 1 },
    note: `p50 ${viewed.p50.toFixed(0)} ms, most ${viewed.most.toFixed(0)} ms of ${viewed.requests} requests (${viewed.failed} failed) of ${viewed.bytes} bytes; ${viewed.messages} messages (${(viewed.sentBytes / 1e6).toFixed(0)} MB) to ${VIEWERS} sockets, ${viewed.snapshots} of them whole, ${viewed.closed} sockets closed`,
  });
  tell({
    name: `${name}, commands at Redis`,
    ours: `${beside.toFixed(0)}/s`,
    baseline: `${alone.toFixed(0)}/s with no browser`,
    ratio: beside / alone,
    goal: { atMost: 1.05 },
  });
  // The first minute fills what is remembered, and warms up.
  const settled = rssBytes.slice(Math.min(12, Math.floor(rssBytes.length / 4)));
  const third = Math.max(1, Math.floor(settled.length / 3));
  const [first, last] = [median(settled.slice(0, third)), median(settled.slice(-third))];
  tell({
    name: `${name}, memory over ${minutes} min`,
    ours: `${(last / 1e6).toFixed(0)} MB`,
    baseline: `${(first / 1e6).toFixed(0)} MB`,
    ratio: last / first,
    goal: { atMost: LARGEST_GROWTH },
    note: 'the last third of the time against the first',
  });
}
