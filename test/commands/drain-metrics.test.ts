import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobsDatabase } from '../drain/jobs.ts';
import { endAll, running } from '../drain/running.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { runCommand } from './run-command.ts';

let jobs: Awaited<ReturnType<typeof jobsDatabase>>;
let redis: Redis;
beforeAll(async () => {
  jobs = await jobsDatabase();
  redis = new Redis(sharedRedisUrl());
});
afterAll(() => redis.disconnect());
afterAll(endAll);

const qctl = (...argv: string[]) => runCommand(argv, { url: sharedRedisUrl() });

/** What a scrape gives, by series; every line has to be one that Prometheus reads. */
async function scrape(...argv: string[]): Promise<Map<string, number>> {
  const { code, stdout } = await qctl(...argv, '-o', 'prometheus');
  expect(code).toBe(0);
  const series = new Map<string, number>();
  for (const line of stdout.trimEnd().split('\n')) {
    if (/^# (HELP|TYPE) qctl_drain_\w+ ./.test(line)) continue;
    const [, name, value] = /^(qctl_drain_\w+\{(?:\w+="(?:[^"\\\n]|\\.)*",?)+\}) ([\d.]+)$/.exec(line) ?? [];
    expect(name, line).toBeDefined();
    expect(series.has(name!), line).toBe(false);
    series.set(name!, Number(value));
  }
  return series;
}

test('a run that a brake holds tells Prometheus which one, and a pause as well', async () => {
  const [table, stream] = [await jobs.tableOf(40), uniqueName('metrics')];
  await redis.xgroup('CREATE', stream, 'slow', '0', 'MKSTREAM');
  const drain = await running({
    spec: { table },
    database: jobs.url,
    target: { stream },
    settings: { brake: { maxLag: 10 } },
  });
  await drain.until('braked', ({ brakes }) => brakes.length > 0);
  await qctl('drain', 'pause', drain.run);
  const { source } = JSON.parse((await qctl('drain', 'status', drain.run, '-o', 'json')).stdout);
  const labels = `run="${drain.run}",mode="move",source="${source}",stream="${stream}"`;
  const held = (series: Map<string, number>) =>
    [...series].filter(([name, value]) => value === 1 && name.startsWith('qctl_drain_held'));
  const braked = await waitFor(async () => {
    const series = await scrape('drain', 'status', drain.run);
    const isPaused = series.has(`qctl_drain_state{${labels},state="paused"}`);
    return isPaused && held(series).length === 2 ? series : undefined;
  });
  expect(held(braked).map(([name]) => name)).toEqual([
    `qctl_drain_held{${labels},reason="max-lag"}`,
    `qctl_drain_held{${labels},reason="paused"}`,
  ]);
  expect(braked.get(`qctl_drain_messages_appended_total{${labels}}`)).toBe(10);
  expect(braked.get(`qctl_drain_processes{${labels}}`)).toBe(1);

  await qctl('drain', 'set', drain.run, 'max-lag=off');
  await qctl('drain', 'resume', drain.run);
  expect(await drain.report).toMatchObject({ converged: true, appended: 40 });
  const listed = await scrape('drain', 'list', '--limit', '1000');
  expect(listed.get(`qctl_drain_messages_appended_total{${labels}}`)).toBe(40);
  expect(listed.get(`qctl_drain_state{${labels},state="done"}`)).toBe(1);
  expect(held(listed).filter(([name]) => name.includes(drain.run))).toEqual([]);
  // What is not known any more is no 0.
  expect(
    [...listed.keys()].filter((name) => name.startsWith(`qctl_drain_remaining_messages{${labels}`)),
  ).toEqual([]);
});
