import { expect, test } from 'vitest';
import { CircuitBreaker, recordStage } from '../../src/index.ts';
import type { MetricDefinition } from '../../src/model/series/definition.ts';
import { SERVED } from '../../src/model/series/index.ts';
import { metricsText, type Seen } from '../../src/overview/index.ts';
import { readStages } from '../../src/streams/index.ts';
import { runCommand } from '../commands/run-command.ts';
import { NO_PROMTOOL, promtool } from '../support/promtool.ts';
import { startRedis } from '../support/redis.ts';
import { connected, doorsTo, nextLook, opened, until } from './driver.ts';
import { AT, CONSUMERS, FULL } from './full-snapshot.ts';

const ABOUT = { version: '1.2.3', viewers: 2 };
const seen = (snapshot: Seen['snapshot'], away: Seen['away'] = null): Seen => ({ snapshot, away });
const linesOf = (text: string) => text.trimEnd().split('\n');
const samplesOf = (text: string) => linesOf(text).filter((line) => !line.startsWith('#'));
const FULL_TEXT = metricsText(seen(FULL), { ...ABOUT, consumers: CONSUMERS });

/** By what the TYPE lines say. */
function typesIn(text: string): Record<string, string> {
  return Object.fromEntries(
    linesOf(text).flatMap((line) => {
      const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      return name ? [[name, type!]] : [];
    }),
  );
}

const DEFINITIONS: readonly MetricDefinition[] = SERVED.flatMap(({ metrics }) => metrics);

test('every metric of the table has a sample where everything is known, and there is no other', () => {
  expect(typesIn(FULL_TEXT)).toEqual(Object.fromEntries(DEFINITIONS.map(({ name, type }) => [name, type])));
});

test.skipIf(NO_PROMTOOL)('promtool has nothing to say against names, types and units', async () => {
  expect(await promtool(['check', 'metrics'], { input: FULL_TEXT })).toEqual({ code: 0, output: '' });
});

test('a series has no label that the table does not name, and comes once', () => {
  const samples = samplesOf(FULL_TEXT);
  expect(new Set(samples.map((line) => line.slice(0, line.lastIndexOf(' ')))).size).toBe(samples.length);
  for (const line of samples) {
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line)!;
    const definition = DEFINITIONS.find(
      (one) => one.name === name!.replace(/_(bucket|sum|count)$/, '') || one.name === name,
    );
    const named = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label);
    expect([...definition!.labels, 'le'], line).toEqual(expect.arrayContaining(named));
  }
});

test('numbers are in seconds, bytes and parts of one; a state is 1 and the others are 0', () => {
  const at = Date.parse(AT) / 1000;
  for (const line of [
    'qctl_up 1',
    `qctl_last_look_timestamp_seconds ${at}`,
    'qctl_look_duration_seconds 0.012',
    'qctl_part_missing{part="moves"} 1',
    'qctl_part_missing{part="redis"} 0',
    'qctl_build_info{version="1.2.3"} 1',
    'qctl_viewers 2',
    'qctl_redis_memory_used_bytes{server="redis://localhost:6379/0"} 1500000',
    'qctl_stream_entries_added_total{stream="orders"} 9000',
    'qctl_stream_oldest_undelivered_age_seconds{stream="orders",group="workers"} 45',
    'qctl_stream_consumer_idle_seconds{stream="orders",group="workers",consumer="c1"} 4',
    'qctl_dead_letters_newest_age_seconds{stream="orders:dead"} 1',
    'qctl_stage_duration_seconds_bucket{stream="orders",group="workers",stage="render",engine="new",le="0.25"} 3',
    'qctl_stage_duration_seconds_bucket{stream="orders",group="workers",stage="render",engine="new",le="+Inf"} 4',
    'qctl_stage_duration_seconds_sum{stream="orders",group="workers",stage="render",engine="new"} 1.25',
    'qctl_stage_duration_seconds_count{stream="orders",group="workers",stage="parse"} 0',
    'qctl_breaker_state{breaker="wazuh-api",state="half-open"} 1',
    'qctl_breaker_state{breaker="wazuh-api",state="open"} 0',
    'qctl_breaker_override{breaker="wazuh-api",override="open"} 1',
    'qctl_breaker_rejects{breaker="wazuh-api"} 1',
    'qctl_breaker_override_remaining_seconds{breaker="wazuh-api"} 3600',
    'qctl_cutover_state{plan="webhooks",run="webhooks-1",rehearsal="false",state="waiting"} 1',
    'qctl_cutover_step_index{plan="webhooks",run="webhooks-1",rehearsal="false"} 3',
    'qctl_cutover_waiting_seconds{plan="webhooks",run="webhooks-1",rehearsal="false"} 120',
    'qctl_route_share_ratio{route="webhooks"} 0.25',
    'qctl_source_ready{source="alerts",stream="orders"} 900',
    'qctl_target_unfinished{source="alerts",stream="orders"} 108',
  ])
    expect(linesOf(FULL_TEXT)).toContain(line);
});

test('a lag that is not known is absent, with its bounds instead; one that is known has no bounds', () => {
  const lags = samplesOf(FULL_TEXT).filter((line) => line.startsWith('qctl_stream_lag'));
  expect(lags).toEqual([
    'qctl_stream_lag{stream="orders",group="workers"} 100',
    'qctl_stream_lag_at_least{stream="orders",group="mailers"} 1000',
    'qctl_stream_lag_at_most{stream="orders",group="mailers"} 5000',
  ]);
  expect(FULL_TEXT).not.toContain('undelivered_age_seconds{stream="orders",group="mailers"}');
});

test('while Redis is away nothing of what was seen before is told, but that it is away', () => {
  const away = { since: AT, why: 'nothing listens there' };
  const names = (text: string) => samplesOf(text).map((line) => line.split(' ')[0]!.replace(/\{.*/, ''));
  const known = metricsText(seen(FULL, away), ABOUT);
  expect(linesOf(known)).toContain('qctl_up 0');
  expect(names(known)).toEqual([
    'qctl_up',
    'qctl_build_info',
    'qctl_viewers',
    'qctl_looks_total',
    'qctl_last_look_timestamp_seconds',
  ]);
  const never = metricsText(seen(null, away), { version: '1', viewers: null });
  expect(names(never)).toEqual(['qctl_up', 'qctl_build_info', 'qctl_looks_total']);
});

test('consumers are told of on demand alone, and no more than 5000 of them', () => {
  expect(metricsText(seen(FULL), ABOUT)).not.toContain('consumer=');
  const many = Array.from({ length: 5002 }, (_, at) => ({ ...CONSUMERS[0]!, consumer: `c${at}` }));
  const lines = samplesOf(metricsText(seen(FULL), { ...ABOUT, consumers: many }));
  expect(lines.filter((line) => line.startsWith('qctl_stream_consumer_pending'))).toHaveLength(5000);
  expect(lines).toContain('qctl_consumers_left_out 2');
});

/** What a series is called, without what goes on with time. */
const series = (text: string, prefix: string) =>
  samplesOf(text)
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
    .sort();

test('of a real server: what breakers and checks print has the same names and labels', async () => {
  const server = await startRedis();
  try {
    const redis = await connected(server.url);
    const of = { stream: 'orders', group: 'workers' };
    for (let n = 0; n < 5; n += 1) await redis.client.xadd('orders', '*', 'n', String(n));
    await redis.client.xgroup('CREATE', 'orders', 'workers', '0');
    await redis.client.xreadgroup('GROUP', 'workers', 'c1', 'COUNT', 2, 'STREAMS', 'orders', '>');
    await recordStage(redis.client, { ...of, stage: 'total', ms: 20, outcome: 'finished' });
    const breaker = new CircuitBreaker('api', { redis: server.url });
    await breaker.execute(async () => 'ok');
    await breaker.close();
    const overview = opened(doorsTo(redis), { intervalMs: 50 });
    const looked = await nextLook(overview);
    const text = metricsText(seen({ ...looked, stages: await readStages(redis, [of]) }), ABOUT);
    expect(samplesOf(text)).toEqual(
      expect.arrayContaining([
        'qctl_stream_length{stream="orders"} 5',
        'qctl_stream_lag{stream="orders",group="workers"} 3',
        'qctl_stream_pending{stream="orders",group="workers"} 2',
        'qctl_stage_duration_seconds_count{stream="orders",group="workers",stage="total"} 1',
      ]),
    );
    if (!NO_PROMTOOL)
      expect(await promtool(['check', 'metrics'], { input: text })).toEqual({ code: 0, output: '' });
    const run = async (...argv: string[]) =>
      (await runCommand([...argv, '-o', 'prometheus'], { url: server.url })).stdout;
    const listed = series(await run('breaker', 'list'), 'qctl_breaker');
    expect(series(text, 'qctl_breaker')).toEqual(expect.arrayContaining(listed));
    const lag = series(await run('check', 'lag', 'orders', 'workers', '-w', '1'), 'qctl_stream');
    expect(lag.length).toBeGreaterThan(0);
    expect(series(text, 'qctl_stream')).toEqual(expect.arrayContaining(lag));
    const used = series(await run('check', 'redis'), 'qctl_redis_memory_used_bytes');
    expect(series(text, 'qctl_redis_memory_used_bytes')).toEqual(used);
    await server.kill9();
    const lost = await until(overview, ({ away }) => away);
    expect(linesOf(metricsText(lost, ABOUT))).toContain('qctl_up 0');
  } finally {
    await server.stop();
  }
});
