import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Consumer, FOLLOWED_TABLE, startConsumer, startProducer } from '../test/support/follow-load.ts';
import { release, tieToThisProcess } from '../test/support/orphans.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { cleanEnvironment, runQctl } from '../test/support/qctl.ts';
import { startRedis } from '../test/support/redis.ts';
import type { Tell } from './result.ts';

const BINARY = fileURLToPath(new URL('../bin/qctl.js', import.meta.url));
const PER_SECOND = 500;
const MAX_LAG = 1000;
/** The consumer stands still for a part of every round, for long enough that the brake has to hold. */
const ROUND_MS = 30_000;
const STILL_MS = 10_000;
const LOOK_MS = 5000;
const LARGEST_GROWTH = 1.25;

/** What was seen of the drain while it ran. */
interface Seen {
  rssBytes: number[];
  states: Map<string, number>;
  reasons: Set<string>;
  highestLag: number;
}

/** A producer at 500/s, a consumer that stands still now and then, and between them a follow under a brake. */
export async function benchFollow(minutes: number, tell: Tell): Promise<void> {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres({ fsync: true })]);
  try {
    const url = await postgres.createDatabase();
    const database = new URL(url).pathname.slice(1);
    for (const statement of FOLLOWED_TABLE.split(/;\n/)) await postgres.query(statement, [], database);
    const consumer = await startConsumer(redis.url, 'alerts', minutes * 60 * PER_SECOND * 2 + 100_000);
    const drain = startDrain(redis.url, url);
    const producer = startProducer(url, PER_SECOND);
    const seen = await lookOn(minutes * 60_000, drain, consumer, redis.url);
    await producer.stop();
    const until = performance.now() + 60_000;
    while (consumer.seen().ids < producer.sent() && performance.now() < until) await sleep(100);
    await runQctl(['drain', 'stop', drain.run(), '--redis-url', redis.url]);
    const { code, report } = await drain.done;
    await consumer.stop();
    tellAll(tell, { sent: producer.sent(), consumer, code, report, seen, minutes });
  } finally {
    await Promise.all([redis.stop(), postgres.stop()]);
  }
}

interface Drain {
  pid: number;
  run(): string;
  done: Promise<{ code: number | null; report: Record<string, unknown> }>;
}

function startDrain(redisUrl: string, postgresUrl: string): Drain {
  const what = [
    'drain',
    'postgres',
    '--table',
    'alerts',
    '--enqueued-at',
    'created_at',
    '--stream',
    'alerts',
  ];
  const how = ['--follow', '--notify', 'new_alert', '--max-lag', String(MAX_LAG), '--yes', '-o', 'ndjson'];
  const child = spawn(process.execPath, [BINARY, ...what, ...how], {
    env: { ...cleanEnvironment(), REDIS_URL: redisUrl, DATABASE_URL: postgresUrl },
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  tieToThisProcess(child.pid);
  let last = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    last = (last + text).trimEnd().split('\n').at(-1)!;
    if (text.endsWith('\n')) last += '\n';
  });
  const event = (): Record<string, unknown> => JSON.parse(last || '{}') as Record<string, unknown>;
  const done = new Promise<{ code: number | null; report: Record<string, unknown> }>((resolve) => {
    child.once('close', (code) => {
      release(child.pid);
      resolve({ code, report: event() });
    });
  });
  return { pid: child.pid!, run: () => String(event().run), done };
}

async function lookOn(ms: number, drain: Drain, consumer: Consumer, redisUrl: string): Promise<Seen> {
  const seen: Seen = { rssBytes: [], states: new Map(), reasons: new Set(), highestLag: 0 };
  const from = performance.now();
  for (let at = LOOK_MS; at <= ms; at += LOOK_MS) {
    await sleep(Math.max(0, from + at - performance.now()));
    consumer.pause(at % ROUND_MS >= ROUND_MS - STILL_MS && at < ms - LOOK_MS);
    const { stdout } = await runQctl(['drain', 'status', drain.run(), '--redis-url', redisUrl, '-o', 'json']);
    const { state, brakes } = JSON.parse(stdout) as {
      state: string;
      brakes: { brake: string; reason: string; value: number | null }[];
    };
    seen.states.set(state, (seen.states.get(state) ?? 0) + 1);
    for (const { brake, reason, value } of brakes) {
      seen.reasons.add(`${brake}: ${reason}`);
      seen.highestLag = Math.max(seen.highestLag, value ?? 0);
    }
    seen.rssBytes.push(rssOf(drain.pid));
    if (at % 60_000 === 0)
      process.stderr.write(
        `follow: ${at / 60_000} min, ${consumer.seen().ids} read, ${megabytes(seen.rssBytes.at(-1)!)}, ${state}\n`,
      );
  }
  consumer.pause(false);
  return seen;
}

function rssOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

interface Outcome {
  sent: number;
  consumer: Consumer;
  code: number | null;
  report: Record<string, unknown>;
  seen: Seen;
  minutes: number;
}

function tellAll(tell: Tell, { sent, consumer, code, report, seen, minutes }: Outcome): void {
  const { ids, doubled } = consumer.seen();
  tell({
    name: `follow ${minutes} min at ${PER_SECOND}/s, consumed exactly once`,
    ours: `${ids}, ${doubled} doubled`,
    baseline: `${sent} sent`,
    ratio: doubled === 0 && report.converged === true && code === 0 ? ids / sent : 0,
    goal: { atLeast: 1 },
  });
  // The first quarter is warming up.
  const quarter = Math.ceil(seen.rssBytes.length / 4);
  const early = Math.max(...seen.rssBytes.slice(quarter, 2 * quarter));
  const late = Math.max(...seen.rssBytes.slice(-quarter));
  tell({
    name: 'follow: memory of the last quarter vs the second',
    ours: megabytes(late),
    baseline: megabytes(early),
    ratio: late / early,
    goal: { atMost: LARGEST_GROWTH },
  });
  const states = [...seen.states].map(([state, times]) => `${state} ${times}`).join(', ');
  tell({
    name: 'follow: states in drain status',
    ours: states,
    baseline: `${seen.reasons.size} reasons`,
    ratio: null,
    goal: null,
    note: `such as "${[...seen.reasons][0] ?? 'none'}"`,
  });
  tell({
    name: 'follow: highest lag vs --max-lag',
    ours: String(seen.highestLag),
    baseline: String(MAX_LAG),
    ratio: seen.highestLag / MAX_LAG,
    goal: { atMost: 1 },
  });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
