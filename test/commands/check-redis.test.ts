import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startCluster } from '../support/redis-topologies.ts';
import { waitFor } from '../support/wait.ts';
import { drive, normalise } from './check-driver.ts';

/** What differs from server to server and from run to run made equal; the version, the latency, the memory. */
function still(text: string): string {
  return normalise(text)
    .replace(/(Redis|Valkey) \d+\.\d+\.\d+/g, 'Redis VERSION')
    .replace(/latency [\d.]+m?s/g, 'latency TIME')
    .replace(/'latency'=[\d.]+s/g, "'latency'=TIME")
    .replace(/used memory [\d.]+ [KM]iB/g, 'used memory BYTES')
    .replace(/'used memory'=\d+B/g, "'used memory'=BYTES")
    .replace(/memory [\d.]+%/g, 'memory PERCENT')
    .replace(/'memory'=[\d.]+%/g, "'memory'=PERCENT");
}

const COUNTERS = "'evicted keys'=0c;;;0 'rejected connections'=0c;;;0";
const NUMBERS = 'latency TIME, used memory BYTES, evicted keys 0, rejected connections 0';

describe('a server without limits', () => {
  let server: TestRedis;
  let admin: Redis;
  let env: Record<string, string>;
  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
    env = { REDIS_URL: server.url };
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  test.each([
    ['a terminal', { columns: 100 }],
    ['a pipe', {}],
  ])('is OK on %s, its percentage unknown', async (_, how) => {
    const outcome = await drive('check redis', { env, ...how });
    expect({ ...outcome, stdout: still(outcome.stdout) }).toEqual({
      code: 0,
      stdout: `REDIS OK - redis://HOST/0: Redis VERSION, primary, no maxmemory, so the percentage used is unknown, noeviction, ${NUMBERS} | 'latency'=TIME;;;0 'used memory'=BYTES;;;0 ${COUNTERS}\n`,
      stderr: '',
    });
  });

  test('without persistence it is a WARNING where persistence is asked for', async () => {
    const { code, stdout } = await drive('check redis --require-persistence', { env });
    expect(code).toBe(1);
    expect(still(stdout).split(' | ')[0]).toBe(
      `REDIS WARNING - redis://HOST/0: nothing is kept on disk: a restart loses all messages, Redis VERSION, primary, no maxmemory, so the percentage used is unknown, noeviction, ${NUMBERS}`,
    );
    await admin.config('SET', 'save', '3600 1');
    expect((await drive('check redis --require-persistence', { env })).stdout).toContain(
      ', noeviction, snapshots, ',
    );
    await admin.config('SET', 'save', '');
    await admin.config('SET', 'appendonly', 'yes');
    expect((await drive('check redis --require-persistence', { env })).code).toBe(0);
    await admin.config('SET', 'appendonly', 'no');
  });

  test('a slow PING breaches a threshold of latency', async () => {
    const { code, stdout } = await drive('check redis --warning-latency 0 --critical-latency 1h', { env });
    expect(code).toBe(1);
    expect(still(stdout).split(', ')[0]).toBe(
      'REDIS WARNING - redis://HOST/0: latency TIME (warning above 0s)',
    );
    expect(still(stdout)).toContain("'latency'=TIME;0;3600;0 ");
  });

  test('a policy that evicts streams is a WARNING, one that spares them is not', async () => {
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const { code, stdout } = await drive('check redis', { env });
    expect(code).toBe(1);
    expect(still(stdout)).toContain(
      'REDIS WARNING - redis://HOST/0: maxmemory-policy allkeys-lru may delete queued messages once maxmemory is set, ',
    );
    await admin.config('SET', 'maxmemory-policy', 'volatile-lru');
    expect((await drive('check redis', { env })).code).toBe(0);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
  });

  test('memory is judged in percent of maxmemory: 80 warns and 90 is critical by itself', async () => {
    const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
    for (const [percent, code] of [
      [50, 0],
      [85, 1],
      [95, 2],
    ] as const) {
      await admin.config('SET', 'maxmemory', Math.round((used * 100) / percent));
      expect((await drive('check redis', { env })).code, `${percent}% used`).toBe(code);
    }
    await admin.config('SET', 'maxmemory', used * 2);
    const { code, stdout } = await drive('check redis -w 20:99.9 -c 100', { env });
    expect(code).toBe(0);
    expect(still(stdout)).toContain(" 'memory'=PERCENT;20:99.9;100;0;100 ");
    await admin.config('SET', 'maxmemory', 0);
  });

  test('json', async () => {
    await admin.config('SET', 'maxmemory', '1gb');
    const { code, stdout, stderr } = await drive('check redis -o json', { env });
    await admin.config('SET', 'maxmemory', 0);
    const shown = JSON.parse(still(stdout));
    const { latencyMs, memoryPercent, usedMemoryBytes } = shown.items[0].metrics;
    expect(latencyMs.value).toBeGreaterThan(0);
    expect(memoryPercent.value).toBeGreaterThan(0);
    expect(memoryPercent.value).toBeLessThan(5);
    expect(usedMemoryBytes.value).toBeGreaterThan(500_000);
    const ok = { status: 'ok', note: null };
    const free = { ...ok, warning: null, critical: null };
    const all = (value: number, rest: object) => ({ value, atLeast: value, atMost: value, ...rest });
    expect({ code, stderr, shown }).toEqual({
      code: 0,
      stderr: '',
      shown: {
        ...{ type: 'check', check: 'redis', target: 'redis://HOST/0', status: 'ok', exit: 0 },
        summary:
          'redis://HOST/0: Redis VERSION, primary, noeviction, latency TIME, memory PERCENT, used memory BYTES, evicted keys 0, rejected connections 0',
        items: [
          {
            ...{ name: 'redis://HOST/0', server: 'redis://HOST/0', status: 'ok' },
            metrics: {
              latencyMs: all(latencyMs.value, free),
              memoryPercent: all(memoryPercent.value, { ...ok, warning: '80', critical: '90' }),
              usedMemoryBytes: all(usedMemoryBytes.value, free),
              evictedKeys: all(0, free),
              rejectedConnections: all(0, free),
            },
            findings: [
              { code: 'VERSION', status: 'ok', text: 'Redis VERSION' },
              { code: 'ROLE', status: 'ok', text: 'primary' },
              { code: 'EVICTION', status: 'ok', text: 'noeviction' },
            ],
          },
        ],
      },
    });
  });

  test('a user who may not read INFO gets UNKNOWN, not OK', async () => {
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '+@all', '-info', '-config', '-ping');
    const { code, stdout } = await drive('check redis', {
      env: { ...env, REDIS_USERNAME: 'app', REDIS_PASSWORD: 'pw' },
    });
    expect({ code, stdout: normalise(stdout) }).toEqual({
      code: 3,
      stdout:
        "REDIS UNKNOWN - redis://app@HOST/0: the role may not be read, maxmemory-policy may not be read, memory unknown (INFO may not be read), latency unknown (PING is not allowed) | 'latency'=U;;;0 'memory'=U;80;90;0;100\n",
    });
  });

  test('a replica where a primary is expected is CRITICAL', async () => {
    const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(server.port)] });
    const replicaEnv = { REDIS_URL: replica.url };
    const asPrimary = await drive('check redis', { env: replicaEnv });
    const asReplica = await drive('check redis --role replica', { env: replicaEnv });
    const asAny = await drive('check redis --role any', { env: replicaEnv });
    await replica.stop();
    expect(asPrimary.code).toBe(2);
    expect(still(asPrimary.stdout)).toContain(
      'REDIS CRITICAL - redis://HOST/0: it is a replica, expected a primary, Redis VERSION, ',
    );
    expect([asReplica.code, asAny.code]).toEqual([0, 0]);
    expect((await drive('check redis --role replica', { env })).code).toBe(2);
  });
});

test('a server that cannot be reached is CRITICAL: that is what is checked', async () => {
  const env = { REDIS_URL: 'redis://127.0.0.1:1' };
  const text = 'cannot connect to redis (redis://HOST/0): nothing listens there (ECONNREFUSED)';
  const table = await drive('check redis', { env });
  expect({ ...table, stdout: normalise(table.stdout) }).toEqual({
    code: 2,
    stdout: `REDIS CRITICAL - redis://HOST/0: ${text}\n`,
    stderr: '  hint: check the host and the port, and that the server is running\n',
  });
  const metrics = await drive('check redis -o prometheus', { env });
  expect(metrics.code).toBe(2);
  expect(
    normalise(metrics.stdout)
      .split('\n')
      .filter((line) => !line.startsWith('#')),
  ).toEqual([
    'qctl_check_item_status{check="redis",server="redis://HOST/0"} 2',
    'qctl_check_status{check="redis",target="redis://HOST/0"} 2',
    '',
  ]);
});

test('a server that keeps silent is CRITICAL', async () => {
  const server = await startRedis();
  server.pause();
  const { code, stdout } = await drive('check redis --timeout 500ms', { env: { REDIS_URL: server.url } });
  server.resume();
  await server.stop();
  expect(code).toBe(2);
  expect(normalise(stdout)).toMatch(
    /^REDIS CRITICAL - redis:\/\/HOST\/0: cannot connect to redis .*: no answer in time/,
  );
});

test('a wrong password is UNKNOWN: it says nothing about the server', async () => {
  const server = await startRedis({ password: 'right' });
  const env = { REDIS_URL: server.url.replace('right', 'wrong') };
  const { code, stdout } = await drive('check redis', { env });
  await server.stop();
  expect({ code, stdout: normalise(stdout) }).toEqual({
    code: 3,
    stdout:
      'REDIS UNKNOWN - redis://HOST/0: cannot connect to redis (redis://HOST/0): wrong user name or password, or the user is disabled\n',
  });
});

test('no Redis at all is a matter of the configuration', async () => {
  const { code, stdout } = await drive('check redis');
  expect({ code, stdout }).toEqual({ code: 3, stdout: 'UNKNOWN - no Redis is named\n' });
});

test('a cluster is as good as its worst master, and CRITICAL where it serves only a part of its slots', async () => {
  const cluster = await startCluster();
  const nodes = cluster.seeds.map(({ host, port }) => `${host}:${port}`).join(',');
  const env = { REDIS_CLUSTER_NODES: nodes };
  const good = await drive('check redis', { env });
  const second = new Redis(cluster.nodes[1]!.url);
  await second.config('SET', 'maxmemory-policy', 'allkeys-lfu');
  const evicting = await drive('check redis', { env });
  await second.quit();
  const first = new Redis(cluster.nodes[0]!.url);
  await first.call('CLUSTER', 'DELSLOTS', 0);
  await waitFor(async () => String(await first.call('CLUSTER', 'INFO')).includes('cluster_state:fail'));
  const partial = await drive('check redis', { env });
  await first.quit();
  await cluster.stop();
  expect(good.code).toBe(0);
  expect(still(good.stdout).split(' | ')[0]).toMatch(
    /^REDIS OK - cluster:\/\/HOST,HOST,HOST: cluster ok, Redis VERSION, primary, no maxmemory, .*, evicted keys 0, rejected connections 0$/,
  );
  expect(evicting.code).toBe(1);
  expect(partial.code).toBe(2);
  expect(partial.stdout).toContain('the state of the cluster is fail');
});
