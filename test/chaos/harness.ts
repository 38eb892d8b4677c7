import { Cluster, Redis } from 'ioredis';
import { expect } from 'vitest';
import { partitionKeys } from '../../src/model/keys.ts';
import { drive } from '../commands/check-driver.ts';
import { type QctlProcess, type QctlResult, spawnQctl } from '../support/qctl.ts';
import { seededRandom } from '../support/random.ts';
import { waitFor } from '../support/wait.ts';

export const MESSAGES = 20_000;
/** One more than the kills that a drain has to survive, should one hit a process that was just ending. */
export const KILLS = 26;

/** One drain under test: the very same command again and again. */
export interface Scenario {
  /** All words of `qctl drain …`, connection flags included. */
  command: string[];
  /** What `qctl verify RUN` needs to find both sides. */
  connection: string[];
  env?: Record<string, string>;
  stream: string;
  partitions?: number;
  /** Looks into the target. */
  target: Redis | Cluster;
}

export interface Report {
  run: string;
  state: string;
  converged: boolean;
  problems: string[];
  appended: number;
  duplicatesSuppressed: number;
  settled: number;
  open: number;
  remaining: number | null;
}

export interface StreamEntry {
  entry: string;
  id: string;
  key: string | undefined;
  body: string;
  partition: number;
}

/** A client for looking and nothing else; it comes back by itself after a restart. */
export function lookInto(url: string): Redis {
  const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => {});
  return client;
}

export function lookIntoCluster(seeds: { host: string; port: number }[]): Cluster {
  const client = new Cluster(seeds);
  client.on('error', () => {});
  return client;
}

/** Starts the command; it tells its progress on stdout, one event a line. */
export function start({ command, env }: Scenario, timeoutMs = 180_000): QctlProcess {
  return spawnQctl(['drain', ...command, '--yes', '-o', 'ndjson'], { env, timeoutMs });
}

/** Waits until the process has said that it waits, and why. */
export async function untilWaiting(process: QctlProcess, why: RegExp): Promise<void> {
  const said = () =>
    [...process.stdout().matchAll(/"waitingFor":"([^"]*)"/g)].some(([, text]) => why.test(text!));
  await waitFor(() => said() || hasEnded(process), { what: `waiting for ${why}`, timeoutMs: 20_000 });
  expect(hasEnded(process), `${process.stderr()}\n${process.stdout()}`).toBe(false);
}

/** Entries in the target so far. */
export async function entriesIn({ target, stream, partitions = 1 }: Scenario): Promise<number> {
  const lengths = await Promise.all(partitionKeys(stream, partitions).map((key) => target.xlen(key)));
  return lengths.reduce((a, b) => a + b, 0);
}

/** Waits until the process has appended more than what stood there, or has ended. */
export async function untilAppended(
  scenario: Scenario,
  process: QctlProcess,
  moreThan: number,
): Promise<void> {
  await waitFor(async () => hasEnded(process) || (await entriesIn(scenario)) > moreThan, {
    what: `more than ${moreThan} entries`,
    timeoutMs: 60_000,
    everyMs: 8,
  }).catch((cause) => {
    throw new Error(`no progress:\n${process.stderr()}`, { cause });
  });
}

export function hasEnded({ child }: QctlProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

export interface Kills {
  kills: number;
  /** Random instants repeat with it. */
  seed?: number;
  /** A kill comes at most so long after the first progress. */
  withinMs?: number;
  /** Between a kill and the next start; the kills count from 1. */
  afterKill?(kill: number): Promise<void>;
}

/** Kills the drain again and again while it appends, then lets the same command finish, as fast as it can. */
export async function drainThroughKills(
  scenario: Scenario,
  { kills, seed = Date.now() % 1_000_000, withinMs = 120, afterKill }: Kills,
): Promise<{ report: Report; landed: number; seed: number }> {
  const random = seededRandom(seed);
  let landed = 0;
  for (let life = 0; life < kills; life += 1) {
    const before = await entriesIn(scenario);
    const process = start(scenario);
    await untilAppended(scenario, process, before);
    await new Promise((resolve) => setTimeout(resolve, random() * withinMs));
    process.child.kill('SIGKILL');
    const { signal, code, stderr } = await process.done;
    if (signal === 'SIGKILL') landed += 1;
    else expect(code, `seed ${seed}, life ${life}: ${stderr}`).toBe(0);
    await afterKill?.(life + 1);
  }
  const report = await finish(start(unbraked(scenario)), `seed ${seed}`);
  return { report, landed, seed };
}

/** The same command without the rate that only makes kills fall in its middle. */
export function unbraked<S extends Pick<Scenario, 'command'>>(scenario: S): S {
  const at = scenario.command.indexOf('--rate');
  return at < 0 ? scenario : { ...scenario, command: scenario.command.toSpliced(at, 2) };
}

/** Lifts the rate of a drain that its flags have held back until now. */
export async function hurry(
  { env, connection = [] }: Partial<Pick<Scenario, 'env' | 'connection'>>,
  process: QctlProcess,
): Promise<void> {
  const run = /^run +(\S+)/m.exec(process.stderr())![1]!;
  const at = connection.indexOf('--redis-url');
  const redis = at < 0 ? [] : connection.slice(at, at + 2);
  const { code, stderr } = await drive(['drain', 'set', run, 'rate=10000/s', ...redis], { env });
  expect(code, stderr).toBe(0);
}

/** Waits for the end of a drain, which has to be a good one. */
export async function finish(process: QctlProcess, what = ''): Promise<Report> {
  return goodReport(await process.done, what);
}

export function goodReport({ code, stdout, stderr }: QctlResult, what = ''): Report {
  expect(code, `${what}\n${stderr}\n${stdout}`).toBe(0);
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Report;
  expect(report.problems, what).toEqual([]);
  expect(report.converged, what).toBe(true);
  return report;
}

/** Every entry of the target, each partition in its own order. */
export async function readStream({ target, stream, partitions = 1 }: Scenario): Promise<StreamEntry[]> {
  const all: StreamEntry[] = [];
  for (const [partition, key] of partitionKeys(stream, partitions).entries())
    all.push(...(await readOne(target, key, partition)));
  return all;
}

async function readOne(target: Redis | Cluster, key: string, partition: number): Promise<StreamEntry[]> {
  const entries: StreamEntry[] = [];
  for (let from = '-'; ; from = `(${entries.at(-1)!.entry}`) {
    const page = await target.xrange(key, from, '+', 'COUNT', 5000);
    entries.push(...page.map(([entry, fields]) => toEntry(entry, fields, partition)));
    if (page.length < 5000) return entries;
  }
}

function toEntry(entry: string, fields: string[], partition: number): StreamEntry {
  const field = (name: string) => {
    const at = fields.findIndex((value, i) => i % 2 === 0 && value === name);
    return at < 0 ? undefined : fields[at + 1];
  };
  return { entry, id: field('id')!, body: field('body') ?? '', key: field('key'), partition };
}

/** Each expected id stands there exactly once, and nothing else does. */
export function expectExactlyOnce(entries: StreamEntry[], ids: string[], what = ''): void {
  const times = new Map<string, number>();
  for (const { id } of entries) times.set(id, (times.get(id) ?? 0) + 1);
  const doubled = [...times].filter(([, count]) => count > 1).map(([id]) => id);
  const lost = ids.filter((id) => !times.has(id));
  const sides = { lost: lost.length, doubled: doubled.length, entries: entries.length };
  expect(sides, `${what} lost ${lost.slice(0, 5)} doubled ${doubled.slice(0, 5)}`).toEqual({
    lost: 0,
    doubled: 0,
    entries: ids.length,
  });
}

/** Inside a key, positions rise; and a key never stands in two partitions. */
export function expectOrderInsideKeys(
  entries: StreamEntry[],
  position: (entry: StreamEntry) => number,
  what = '',
): void {
  const last = new Map<string, { at: number; partition: number }>();
  const wrong: string[] = [];
  for (const entry of entries) {
    const before = last.get(entry.key!);
    const at = position(entry);
    if (before && (before.at > at || before.partition !== entry.partition))
      wrong.push(`${entry.key}: ${before.at} before ${at}`);
    last.set(entry.key!, { at, partition: entry.partition });
  }
  expect(wrong.slice(0, 5), what).toEqual([]);
}

/** Nothing lost, nothing doubled, and `qctl verify` agrees. */
export async function expectConverged(
  scenario: Scenario,
  ids: string[],
  report: Report,
  what = '',
): Promise<StreamEntry[]> {
  const entries = await readStream(scenario);
  expectExactlyOnce(entries, ids, what);
  await expectVerified(scenario, report.run);
  return entries;
}

/** `qctl verify RUN` says that both sides agree; in this process, one start fewer. */
export async function expectVerified(
  { connection, env }: Pick<Scenario, 'connection' | 'env'>,
  run: string,
): Promise<void> {
  const { code, stdout, stderr } = await withCredentials(() =>
    drive(['verify', run, ...connection, '-o', 'json'], { env }),
  );
  expect(code, `${stderr}\n${stdout}`).toBe(0);
}

/** The SDK looks for them in the environment of the process itself. */
async function withCredentials<T>(work: () => Promise<T>): Promise<T> {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  try {
    return await work();
  } finally {
    restore('AWS_ACCESS_KEY_ID', id);
    restore('AWS_SECRET_ACCESS_KEY', secret);
  }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** Says on the test's own output what the scenario went through. */
export function tell(name: string, facts: Record<string, unknown>): void {
  const text = Object.entries(facts).map(([key, value]) => `${key} ${value}`);
  process.stdout.write(`chaos: ${name}: ${text.join(', ')}\n`);
}
