import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { FOLLOWED_TABLE, startConsumer, startProducer } from '../support/follow-load.ts';
import { startPostgres } from '../support/postgres.ts';
import { type QctlProcess, runQctl, spawnQctl } from '../support/qctl.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { tell } from './harness.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const PER_SECOND = 500;
const MAX_LAG = 400;
const LISTENERS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'qctl/%/listen' AND datname = current_database()`;

/** What the process has said last. */
function lastEvent(process: QctlProcess): { run: string; state: string; read: number } | undefined {
  const lines = process.stdout().trimEnd().split('\n');
  return lines.at(-1) ? JSON.parse(lines.at(-1)!) : undefined;
}

interface Status {
  state: string;
  brakes: { brake: string; reason: string; limit: number; value: number }[];
}

async function statusOf(run: string): Promise<Status> {
  const { stdout } = await runQctl(['drain', 'status', run, '--redis-url', sharedRedisUrl(), '-o', 'json']);
  return JSON.parse(stdout) as Status;
}

test('a follow under a brake, with its producer at work, survives restarts, deaf ears and kills', async () => {
  const postgres = await startPostgres();
  ends.push(() => postgres.stop());
  const url = await postgres.createDatabase();
  const database = new URL(url).pathname.slice(1);
  const sql = (text: string) => postgres.query(text, [], database);
  for (const statement of FOLLOWED_TABLE.split(/;\n/)) await sql(statement);
  const [stream, redis] = [uniqueName('alerts'), new Redis(sharedRedisUrl())];
  ends.push(() => redis.disconnect());
  const consumer = await startConsumer(sharedRedisUrl(), stream, 100_000);
  ends.push(() => consumer.stop());
  const producer = startProducer(url, PER_SECOND);
  ends.push(() => producer.stop());

  const command = [
    'drain',
    'postgres',
    '--table',
    'alerts',
    '--enqueued-at',
    'created_at',
    '--stream',
    stream,
  ];
  const flags = [
    '--follow',
    '--notify',
    'new_alert',
    '--max-lag',
    String(MAX_LAG),
    '--workers',
    '3',
    '--yes',
    '-o',
    'ndjson',
  ];
  const start = () =>
    spawnQctl([...command, ...flags, '--redis-url', sharedRedisUrl(), '--postgres-url', url], {
      timeoutMs: 90_000,
    });
  let process = start();
  const reads = (more: number) => {
    const from = consumer.seen().ids;
    return waitFor(() => consumer.seen().ids >= from + more, {
      what: `${more} more\n${process.stderr()}`,
      timeoutMs: 30_000,
    });
  };
  await reads(300);
  const { run } = (await waitFor(() => lastEvent(process)))!;

  // The consumer stands still: the brake holds, says so everywhere, and the lag stays below its limit.
  consumer.pause(true);
  const braked = await waitFor(
    async () => {
      const status = await statusOf(run);
      return status.brakes.length > 0 ? status : undefined;
    },
    { what: 'braked', timeoutMs: 20_000 },
  );
  expect(braked).toMatchObject({ state: 'braked', brakes: [{ brake: 'max-lag', limit: MAX_LAG }] });
  expect(await redis.xlen(stream)).toBeLessThanOrEqual(MAX_LAG);
  consumer.pause(false);
  await reads(500);

  await postgres.restart();
  await reads(300);
  let kills = 0;
  for (const moment of [0, 90, 400]) {
    await sql(LISTENERS);
    await reads(200);
    await new Promise((resolve) => setTimeout(resolve, moment));
    process.child.kill('SIGKILL');
    await process.done;
    kills += 1;
    process = start();
    await reads(100);
  }
  await producer.stop();
  const sent = producer.sent();
  await waitFor(() => consumer.seen().ids >= sent, {
    what: `all ${sent} read\n${process.stderr()}`,
    timeoutMs: 20_000,
  });
  await waitFor(() => lastEvent(process)?.state === 'following', { what: 'following' });
  const stop = await runQctl(['drain', 'stop', run, '--reason', 'over', '--redis-url', sharedRedisUrl()]);
  expect(stop.code, stop.stderr).toBe(0);
  const { code, stdout, stderr } = await process.done;
  expect(code, stderr).toBe(0);
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
  expect(report).toMatchObject({
    run,
    ending: 'stopped',
    appended: sent,
    open: 0,
    remaining: 0,
    converged: true,
  });
  expect(consumer.seen()).toEqual({ ids: sent, doubled: 0, highest: sent });
  tell('follow', { kills, messages: sent, suppressed: report.duplicatesSuppressed });
});
